// The interpreter against central differences of its own values: of first order, and of second where a program asks for gradients of gradients.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as saccade from '../../src/all.ts';
import { direction } from './choices.ts';
import { Draw } from './draw.ts';
import { genes } from './fuzz.ts';
import { constant, erf, gradients, type Node } from './interpreter.ts';
import { code } from './print.ts';
import type { Program, Round, Slot } from './program.ts';
import { weighted } from './table.ts';

/** Where value and derivative belong together: nothing is cut off, stands for something else, or changes on the way. */
const cutting = ['noGrad', 'scope', 'detach', 'ctcAlignment', 'ctcPosterior', 'straightThrough', 'optimiser', 'backward'];
const smooth = weighted.filter(({ op }) => !cutting.includes(op));

const STEP = 1e-6;

/** A program whose leaves moved by `moved` along their direction; numbers nearer to a kink than 4e-6 count as at it, and are left out. */
const at = (rounds: readonly Round[], moved: number) => new Draw(smooth, saccade, { moved, error: STEP }).program(rounds, []);

const outputs = ({ rounds }: Program): Slot[] =>
  rounds
    .flat()
    .flatMap((step) => ('outs' in step ? step.outs : 'out' in step ? [step.out] : []))
    .filter((x) => x.dtype === 'float32' && !x.poisoned);

/** All that a program computes, weighed and added up. */
const weights = (xs: readonly Node[]) => xs.map((_, i) => constant(((i * 7) % 11) / 4 - 1));
const total = (program: Program) => {
  const xs = outputs(program).flatMap(({ nodes }) => nodes);
  return xs.reduce((sum, x, i) => sum + x.value * (((i * 7) % 11) / 4 - 1), 0);
};

/** Its derivative along the leaves' direction, and the sum of its terms without signs. */
function slope(program: Program): { exact: number; size: number } {
  const ys = outputs(program).flatMap(({ nodes }) => nodes);
  const terms = program.leaves
    .filter(({ trainable }) => trainable)
    .flatMap(({ slot }) => {
      const place = program.leaves.findIndex((leaf) => leaf.slot === slot);
      return gradients(ys, weights(ys), slot.nodes).map((g, i) => g.value * direction(place, i));
    });
  return { exact: terms.reduce((a, b) => a + b, 0), size: terms.reduce((a, b) => a + Math.abs(b), 1) };
}

describe('the interpreter', () => {
  it('differentiates as its values change, in every equation, also of gradients', () => {
    const seen = new Map<string, number>();
    let [same, other] = [0, 0];
    const property = fc.property(genes, (rounds) => {
      const program = at(rounds, 0);
      if (program.rounds.flat().some((step) => step.kind === 'grad' && !step.createGraph)) return; // a gradient that is cut off
      const [before, after] = [at(rounds, -STEP), at(rounds, STEP)];
      if (code(before) !== code(program) || code(after) !== code(program)) {
        other++;
        return;
      }
      same++;
      for (const step of program.rounds.flat()) {
        const op = step.kind === 'call' ? step.op : step.kind;
        seen.set(op, (seen.get(op) ?? 0) + 1);
      }
      const { exact, size } = slope(program);
      const numeric = (total(after) - total(before)) / (2 * STEP);
      expect(Math.abs(numeric - exact), `${numeric} for ${exact}\n${code(program)}`).toBeLessThan(1e-5 * (size + Math.abs(total(program))));
    });
    fc.assert(property, { numRuns: 600, seed: 13 });
    expect(other / same).toBeLessThan(0.1);
    const rare = smooth.map(({ op }) => op).filter((op) => op !== 'checkpoint' && (seen.get(op) ?? 0) < 2);
    expect(rare, 'equations that hardly came up').toEqual([]);
  });

  it('knows erf', () => {
    // Abramowitz and Stegun, table 7.1.
    for (const [x, y] of [
      [0, 0],
      [0.5, 0.5204998778],
      [1, 0.8427007929],
      [2, 0.995322265],
      [-1, -0.8427007929],
    ] as const)
      expect(erf(constant(x)).value).toBeCloseTo(y, 9);
  });
});
