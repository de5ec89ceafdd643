import { describe, expect, it } from 'vitest';
import * as saccade from '../../src/all.ts';
import * as ops from '../../src/ops/index.ts';
import { Draw } from './draw.ts';
import { Execution, judge } from './execute.ts';
import { fuzz } from './fuzz.ts';
import type { Leaf, Program } from './program.ts';
import { type Count, Reach } from './reach.ts';
import { rows } from './table.ts';

const { add, backward, detach, grad, mul, ones, outside, record, sigmoid, tanh } = saccade;
type Tensor = saccade.Tensor;

/** Ops without a gradient: they come up, and nothing is asked of them. */
const flat =
  /^(argmax|argmin|argsort|categorical|uniform|normal|gumbel|oneHot|ctcAlignment|ctcPosterior|sign|toFloat|detach|equal|less\w*|greater\w*|and|or|not)$/;

/** What came up too seldom to say that it was tried. */
function seldom(counts: ReadonlyMap<string, Count>): string[] {
  return rows.flatMap(({ op, structure }) => {
    const { calls, first, second } = counts.get(op) ?? { calls: 0, first: 0, second: 0 };
    const ways = flat.test(op) || (structure && op !== 'checkpoint') || (first >= 5 && (second >= 1 || op === 'l1Loss')); // its slope is 1 or −1
    return calls >= 10 && ways ? [] : [`${op}: ${calls} calls, ${first} gradients, ${second} gradients of gradients`];
  });
}

describe('programs drawn at random', () => {
  it('draw on every op', () => {
    const known = new Set(rows.map(({ op }) => op));
    const functions = Object.entries(ops).filter(([name, value]) => typeof value === 'function' && name in saccade);
    expect(functions.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  it('have the values, gradients, gradients of gradients and memory of the interpreter, for every op', () => {
    const reach = new Reach();
    const run = (program: Program) => {
      reach.add(program);
      new Execution(saccade, judge).run(program);
    };
    // Every new op makes the others a little rarer: what came up too seldom gets more programs, with other seeds.
    for (let seed = 20; seed < 24 && (seed === 20 || seldom(reach.counts).length > 0); seed++) {
      const { failure } = fuzz(saccade, { programs: seed === 20 ? 4000 : 1000, seed, run });
      if (failure) throw new Error(failure.message);
    }
    expect(seldom(reach.counts)).toEqual([]);
  });
});

it('a step that is given up leaves no gradient behind', () => {
  // Several `backward` in one ending: the second may be given up, for numbers that float32 cannot tell apart, and then so is the first.
  const leaf = { op: 'leaf', draw: (d: Draw) => void d.leaf([2], [1, 2], 'float32', true) };
  const ending = {
    op: 'ending',
    draw: (d: Draw) => {
      (d.leaves[0] as Leaf).gradient = [];
      d.need(false);
    },
  };
  const program = new Draw([leaf], saccade).program([{ genes: [{ row: 0, choices: [] }], ending: [1] }], [ending]);
  expect(program.leaves.map(({ gradient }) => gradient)).toEqual([null]);
});

describe('what is broken in the package', () => {
  const found = (parts: object) => fuzz({ ...saccade, ...parts }, { programs: 1000, seed: 3, shrink: false }).failure?.message;

  it('is found where a value is off by a hundred thousandth', () => {
    expect(found({ tanh: (x: Tensor) => mul(tanh(x), 1.00001) })).toMatch(/tanh x\d+\[\d+\] must be/);
  });

  it('is found where a gradient is', () => {
    const off = (x: Tensor) =>
      record('sigmoid', detach(sigmoid(x)), { inputs: [x] }, (g) => grad(sigmoid(x), [x], { gradient: mul(g, 1.00001) }));
    expect(found({ sigmoid: off })).toMatch(/grad/);
  });

  it('is found where a block is not given back', () => {
    const leaking = (a: Tensor, b: Tensor) => {
      outside(() => ones([1]));
      return add(a, b);
    };
    expect(found({ add: leaking })).toContain('memory');
  });

  it('is found where a seed is written to', () => {
    const writing = (y: Tensor, options: { gradient?: Tensor }) => {
      backward(y, options);
      options.gradient?.view().fill(7);
    };
    expect(found({ backward: writing })).toContain('must stay');
  });
});
