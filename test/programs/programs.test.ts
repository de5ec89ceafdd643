import { describe, expect, it } from 'vitest';
import * as saccade from '../../src/index.ts';
import * as ops from '../../src/ops/index.ts';
import { drawn, fuzz, sample } from './fuzz.ts';
import { reach } from './reach.ts';
import { rows } from './table.ts';

const { add, backward, detach, grad, mul, ones, outside, record, softmax, tanh } = saccade;

/** The package with some of its functions broken. */
const broken = (parts: object): typeof saccade => ({ ...saccade, ...parts });

describe('the table', () => {
  it('has a row for every op', () => {
    const known = new Set(rows.map(({ op }) => op));
    const functions = Object.entries(ops).filter(([name, value]) => typeof value === 'function' && name in saccade);
    expect(functions.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  it('is drawn from evenly: every op comes up, is differentiated, and differentiated again where it can be', () => {
    const counts = reach(sample(3000, 5).map((rounds) => drawn(saccade, rounds)));
    const none = new Set(['argmax', 'categorical', 'uniform', 'normal', 'gumbel', 'oneHot', 'sign', 'toFloat', 'detach']);
    const plain = (op: string) => none.has(op) || /^(equal|less|greater|and$|or$|not$)/.test(op);
    const few = rows.flatMap(({ op, structure }) => {
      const { calls, first, second } = counts.get(op) ?? { calls: 0, first: 0, second: 0 };
      if (structure && op !== 'checkpoint') return calls < 30 ? [`${op} ${calls}`] : [];
      return calls < 10 || (!plain(op) && (first < 5 || second < 2)) ? [`${op} ${calls} ${first} ${second}`] : [];
    });
    expect(few).toEqual([]);
  });
});

describe('programs drawn at random', () => {
  it('have the values, gradients, gradients of gradients and memory that the interpreter says', () => {
    const { failure } = fuzz(saccade, { programs: 3000, seed: 20 });
    if (failure) throw new Error(failure.message);
  });
});

describe('what is broken', () => {
  const found = (parts: object) => fuzz(broken(parts), { programs: 1000, seed: 3, shrink: false }).failure;

  it('is found: a value that is off by a hundred thousandth', () => {
    expect(found({ tanh: (x: saccade.Tensor) => mul(tanh(x), 1.00001) })?.message).toMatch(/tanh x\d+\[\d+\] must be/);
  });

  it('is found: a gradient that is', () => {
    const wrong = (x: saccade.Tensor) =>
      record('softmax', detach(softmax(x)), [x], (g) => grad(softmax(x), [x], { gradient: mul(g, 1.00001) }));
    expect(
      found({ softmax: (x: saccade.Tensor, options: object) => (Object.keys(options).length === 1 ? wrong(x) : softmax(x, options)) }),
    ).toBeDefined();
  });

  it('is found: a block that is not given back', () => {
    const leaking = (a: saccade.Tensor, b: saccade.Tensor) => {
      outside(() => ones([1]));
      return add(a, b);
    };
    expect(found({ add: leaking })?.message).toContain('memory');
  });

  it('is found: an operand or a seed that is written to', () => {
    const writing = (y: saccade.Tensor, options: { gradient?: saccade.Tensor }) => {
      backward(y, options);
      options.gradient?.view().fill(7);
    };
    expect(found({ backward: writing })?.message).toContain('must stay');
  });
});
