// Draws programs with fast-check, runs them, and shrinks a failing one to the smallest that still fails.
import fc from 'fast-check';
import type * as Package from '../../src/all.ts';
import { large, type Options, small } from './choices.ts';
import { Draw } from './draw.ts';
import { Execution, judge, type Observe } from './execute.ts';
import { code } from './print.ts';
import type { Program, Round } from './program.ts';
import { endings } from './rows/structure.ts';
import { weighted } from './table.ts';

const choices = fc.array(fc.nat(4095), { minLength: 0, maxLength: 16, size: 'max' });
const gene = fc.record({ row: fc.nat(weighted.length - 1), choices }, { noNullPrototype: true });
const round = fc.record({ genes: fc.array(gene, { maxLength: 14, size: 'max' }), ending: choices }, { noNullPrototype: true });
/** Genes of programs of one to three rounds. */
export const genes: fc.Arbitrary<Round[]> = fc.array(round, { minLength: 1, maxLength: 3, size: 'max' });

export const drawn = (from: typeof Package, rounds: readonly Round[], options: Options = {}): Program =>
  new Draw(weighted, from, options).program(rounds, endings);

/** Genes of some programs. */
export const sample = (count: number, seed: number): Round[][] => fc.sample(genes, { numRuns: count, seed });

export const sizesOf = { small, large };

/** Runs a program on both backends: the first is judged, and the second must have its bits. */
export function compare(from: typeof Package, one: Package.Backend, several: Package.Backend): (program: Program) => void {
  return (program) => {
    const wanted: [string, ArrayLike<number>][] = [];
    const keep: Observe = (name, tensor, slot) => {
      judge(name, tensor, slot);
      wanted.push([name, tensor.toArray()]);
    };
    const same: Observe = (name, tensor) => {
      const [called, values] = wanted.shift() ?? ['nothing', []];
      const at = tensor.toArray().findIndex((value, i) => !Object.is(value, values[i]));
      if (called !== name || at >= 0)
        throw new Error(`${name}[${at}] must have the bits of one thread, ${values[at]}, got ${tensor.toArray()[at]}`);
    };
    from.withBackend(one, () => new Execution(from, keep).run(program));
    from.withBackend(several, () => new Execution(from, same, false).run(program));
  };
}

/** The number of attempts to find a smaller failing program. */
const SHRINKING = 1500;

/** The result of a run. */
export interface Report {
  programs: number;
  failure?: { message: string; seed: number; path: string };
}

/** Runs `programs` programs; `path` repeats an earlier failure alone. */
export function fuzz(
  from: typeof Package,
  {
    programs,
    seed,
    path,
    options,
    shrink = true,
    run = (program) => new Execution(from, judge).run(program),
  }: {
    programs: number;
    seed: number;
    path?: string | undefined;
    options?: Options;
    /** Whether to look for the smallest failing program. */
    shrink?: boolean;
    run?: (program: Program) => void;
  },
): Report {
  let left = SHRINKING;
  const property = fc.property(genes, (rounds) => {
    if (left < 0) return;
    try {
      if (left < SHRINKING) left--;
      run(drawn(from, rounds, options));
    } catch (error) {
      if (left === SHRINKING) left--;
      throw error;
    }
  });
  const result = fc.check(property, { numRuns: programs, seed, endOnFailure: !shrink, ...(path ? { path } : {}) });
  if (!result.failed) return { programs: result.numRuns };
  const [rounds] = result.counterexample ?? [[]];
  const error = result.errorInstance instanceof Error ? (result.errorInstance.stack ?? '') : String(result.errorInstance);
  const where = { seed: result.seed, path: result.counterexamplePath ?? '' };
  const message = `program ${result.numRuns} of seed ${where.seed} fails: ${error}\n\n${code(drawn(from, rounds as Round[], options))}\n\nagain: npm run fuzz -- --seed ${where.seed} --path ${where.path}`;
  return { programs: result.numRuns, failure: { message, ...where } };
}
