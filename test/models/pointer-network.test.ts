import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { type Constraint, choices, distinct, everyItemOnce, PointerNetwork } from '../../src/models/pointer/pointer-network.ts';
import { parameters } from '../../src/nn/module.ts';
import { mul, softmax, sub } from '../../src/ops/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { type Points, tourLength } from '../../src/tasks/polygon.ts';
import { hullProblems, tourProblems } from '../../src/tasks/problems.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { foldIn, key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { clipGradNorm } from '../../src/train/clip.ts';
import { Adam } from '../../src/train/optimizers/adam.ts';
import { list, padding, real } from '../nn/row.ts';

const model = () => new PointerNetwork({ input: 2, hidden: 8 }, key(4));

describe('choices', () => {
  it('are items counted from 1, then the end, then nothing', () => {
    const target = choices([[2, 0], [], [1]]);
    expect([target.dtype, target.shape, list(target)]).toEqual(['int32', [3, 3], [3, 1, 0, 0, -1, -1, 2, 0, -1]]);
  });
});

describe('PointerNetwork', () => {
  it('gives a distribution over the end and the real items', () => {
    const items = real([0, 1, 2], [4, 2], 1);
    const target = choices([[3, 1], [0, 2], [1]]);
    const logits = model().forward(items, target, { mask: padding([0, 1, 2], 4) });
    expect(logits.shape).toEqual([3, 3, 5]);
    const p = list(softmax(logits));
    for (let b = 0; b < 3; b++) {
      for (let t = 0; t < 3; t++) {
        const row = p.slice((b * 3 + t) * 5, (b * 3 + t + 1) * 5);
        expect(row.map((x) => x > 0)).toEqual([true, true, true, true, true].map((_, i) => i <= 4 - b));
        expect(row.reduce((a, x) => a + x, 0)).toBeCloseTo(1, 6);
      }
    }
  });

  it('says the same to a problem alone and padded in a batch', () => {
    const one = model();
    const alone = list(one.forward(real([5], [3, 2], 1), choices([[2, 0]])));
    const wide = tensor(
      [list(real([5], [3, 2], 1)), list(real([6], [3, 2], 1))].flatMap((values) => [...values, 9, 9, 9, 9]),
      {},
    );
    const items = tensor(Float64Array.from(list(wide)), { shape: [2, 5, 2] });
    const mask = tensor(Int32Array.of(1, 1, 1, 0, 0, 1, 1, 1, 0, 0), { shape: [2, 5], dtype: 'bool' });
    const both = list(one.forward(items, choices([[2, 0], [1]]), { mask }));
    const among = Array.from({ length: 3 }, (_, t) => both.slice(t * 6, t * 6 + 4)).flat();
    expect(among).toEqual(alone);
    expect(both.filter((x) => x === Number.NEGATIVE_INFINITY)).toHaveLength(2 * 3 * 2);
  });

  it('has in its steps the bits of the whole sequence', () => {
    const one = model();
    const items = real([0, 1], [4, 2], 3);
    const answers = [
      [2, 0, 3],
      [1, 3, 0],
    ];
    const whole = one.forward(items, choices(answers));
    const source = one.read(items);
    let state = one.initialState(source);
    for (let t = 0; t < 4; t++) {
      const last = tensor(Int32Array.from(answers, (answer) => (t === 0 ? 0 : (answer[t - 1] as number) + 1)));
      const step = one.step(last, source, state);
      state = step.state;
      const rows = [0, 1].flatMap((b) => list(whole).slice((b * 4 + t) * 5, (b * 4 + t + 1) * 5));
      expect(list(step.logits)).toEqual(rows);
    }
  });

  it('counts each choice of a target once and nothing after its end', () => {
    const one = model();
    const items = real([0, 1], [4, 2], 3);
    const lossOf = (answers: number[][], from: readonly number[]) => one.loss(real(from, [4, 2], 3), choices(answers)).item();
    const both = one.loss(items, choices([[2, 0, 3], [1]])).item();
    expect(both).toBeCloseTo((4 * lossOf([[2, 0, 3]], [0]) + 2 * lossOf([[1]], [1])) / 6, 5);
  });

  it('keeps to the constraint, greedily and with a beam', () => {
    const one = model();
    const items = real(
      Array.from({ length: 20 }, (_, i) => i),
      [5, 2],
      3,
    );
    const mask = padding(
      Array.from({ length: 20 }, (_, i) => i),
      5,
    );
    const free = one.choose(items, { mask });
    expect(free.some(({ tokens }) => new Set(tokens).size < tokens.length || tokens.length === 0)).toBe(true);
    for (const beam of [1, 3]) {
      one.choose(items, { mask, beam, constraint: everyItemOnce }).forEach(({ tokens, ended }, i) => {
        expect(ended).toBe(true);
        expect(tokens.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 5 - (i % 5) }, (_, k) => k));
      });
      one.choose(items, { mask, beam, constraint: distinct }).forEach(({ tokens }, i) => {
        expect(tokens.length).toBeGreaterThan(0);
        expect(new Set(tokens).size).toBe(tokens.length);
        expect(tokens.every((item) => item < 5 - (i % 5))).toBe(true);
      });
    }
  });

  it('finds with a wide beam the best permutation of all', () => {
    const one = model();
    const items = real([0, 1, 2], [3, 2], 5);
    const found = one.choose(items, { beam: 50, constraint: everyItemOnce });
    const every = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ];
    // Under the constraint each step is a softmax over what is allowed, which `step` gives.
    const score = (b: number, order: number[]) => {
      const source = one.read(real([b], [3, 2], 5));
      let state = one.initialState(source);
      return [...order, -1].reduce((sum, item, t) => {
        const last = tensor(Int32Array.of(t === 0 ? 0 : (order[t - 1] as number) + 1));
        const step = one.step(last, source, state, { constraint: everyItemOnce });
        state = step.state;
        return sum + Math.log(list(softmax(step.logits))[item + 1] as number);
      }, 0);
    };
    found.forEach(({ tokens, logProbability }, b) => {
      const scores = every.map((order) => score(b, order));
      const best = Math.max(...scores);
      expect(tokens).toEqual(every[scores.indexOf(best)]);
      expect(logProbability).toBeCloseTo(best, 4);
    });
  });

  it('takes a constraint of one’s own', () => {
    const onlyEnd: Constraint = (allowed) =>
      tensor(
        list(allowed).map((_, i) => i % (allowed.shape[1] as number) === 0),
        { shape: allowed.shape },
      );
    expect(
      model()
        .choose(real([0, 1], [3, 2], 1), { constraint: onlyEnd })
        .map(({ tokens }) => tokens),
    ).toEqual([[], []]);
  });

  it('says what it wants', () => {
    const one = model();
    expect(() => one.read(real([0], [3, 3], 1))).toThrow('read: items must be [B, N, 2], got [1, 3, 3]');
    expect(() => one.read(real([0], [3, 2], 1), { mask: padding([0], 2) })).toThrow('read: mask must be bool [1, 3], got bool [1, 2]');
    expect(() => one.forward(real([0], [3, 2], 1), choices([[0], [1]]))).toThrow('forward: target must be int32 [1, T], got int32 [2, 2]');
    expect(() => one.forward(real([0], [3, 2], 1), choices([[3]]))).toThrow('point: choices must be from -1 to 3, got 4');
    expect(() => one.read([[1, 2]] as unknown as Tensor)).toThrow('read: items must be [B, N, 2], got [an object]');
    expect(() => one.forward(real([0], [3, 2], 1), [1, 0] as unknown as Tensor)).toThrow(
      'forward: target must be int32 [1, T], got [1, 0]',
    );
    expect(() => one.read(real([0], [3, 2], 1), { mask: zeros([1, 3]) })).toThrow('read: mask must be bool [1, 3], got float32 [1, 3]');
    expect(() => one.read(real([0], [3, 2], 1), { mask: [true] as unknown as Tensor })).toThrow(
      'read: mask must be bool [1, 3], got [true]',
    );
    expect(() => one.read(zeros([1, 3, 2, 1]))).toThrow('read: items must be [B, N, 2], got [1, 3, 2, 1]');
    for (const target of [zeros([1, 2]), zeros([1], 'int32'), zeros([1, 2, 1], 'int32')])
      expect(() => one.forward(real([0], [3, 2], 1), target)).toThrow('forward: target must be int32 [1, T], got ');
    expect(() => one.forward(real([0], [3, 2], 1), tensor([[1, -2, 0]], { dtype: 'int32' }))).toThrow(
      'point: choices must be from -1 to 3, got -2',
    );
    expect(() => one.forward(real([0], [3, 2], 1), zeros([1, 0], 'int32'))).toThrow('forward: target must have at least one choice');
    expect(() => one.choose(undefined as unknown as Tensor)).toThrow('read: items must be [B, N, 2], got undefined');
    expect(() => one.choose(real([0], [3, 2], 1), { beams: 2 } as object)).toThrow('choose: options must be among mask, beam');
    expect(() => one.read(zeros([1, 3, 2], 'int32'))).toThrow('read: items must be [B, N, 2], got int32 [1, 3, 2]');
    expect(() => one.forward(real([0], [3, 2], 1), choices([[0]]), { beam: 2 } as object)).toThrow(
      'read: options must be among mask, got beam',
    );
    for (const wrong of [zeros([1, 4]), zeros([4], 'bool'), undefined])
      expect(() => one.choose(real([0], [3, 2], 1), { constraint: () => wrong as Tensor })).toThrow(
        'step: constraint must give bool [1, 4], got',
      );
    expect(() => choices([[0], [-1]])).toThrow('choices: items must be whole numbers from 0, got [-1] as list 1');
    expect(() => choices([[0.5]])).toThrow('choices: items must be whole numbers from 0, got [0.5] as list 0');
    expect(() => choices([3] as unknown as number[][])).toThrow('choices: items must be whole numbers from 0, got 3 as list 0');
    expect(() => choices(undefined as unknown as number[][])).toThrow('choices: lists must be lists of items, got undefined');
    const nothing: Constraint = (allowed) => zeros(allowed.shape, 'bool');
    expect(() => one.choose(real([0], [3, 2], 1), { constraint: nothing })).toThrow(
      'choose: logits must leave a token that may be written, got -Infinity for all in row 0 at step 0',
    );
    expect(() => new PointerNetwork({ input: 2, hidden: 3, bidirectional: true }, key(0))).toThrow('PointerNetwork: hidden must be even');
  });

  it('leaves no memory behind when it chooses', () => {
    const one = model();
    const items = real([0, 1, 2], [5, 2], 3);
    one.choose(items, { beam: 2 });
    const before = memoryReport().blocks;
    one.choose(items, { beam: 2 });
    expect(memoryReport().blocks).toBe(before);
  });
});

/** Teaches four points, moved and stretched to mean 0 and variance 1, and gives what `measure` says before and after. */
function taught(
  problems: typeof hullProblems,
  constraint: Constraint,
  measure: (chosen: number[], answer: number[], points: Points) => number,
) {
  const one = new PointerNetwork({ input: 2, hidden: 32 }, key(1));
  const optimizer = new Adam(parameters(one), { lr: 1e-2 });
  const spread = (points: Tensor) => mul(sub(points, 0.5), Math.sqrt(12));
  const test = problems(key(3), { batch: 300, points: 4 });
  const measured = () => {
    const found = one.choose(spread(test.points), { constraint });
    const each = found.map(({ tokens }, i) => measure(tokens, test.answers[i] as number[], test.each[i] as Points));
    return each.reduce((a, b) => a + b) / each.length;
  };
  const before = measured();
  for (let step = 0; step < 600; step++) {
    scope(() => {
      const { points, answers } = problems(foldIn(key(2), step), { batch: 64, points: 4 });
      backward(one.loss(spread(points), choices(answers)));
    });
    clipGradNorm(optimizer.parameters, 2);
    optimizer.step();
  }
  return [before, measured()] as const;
}

it('learns convex hulls of four points', () => {
  const [before, after] = taught(hullProblems, distinct, (chosen, answer) => (chosen.join() === answer.join() ? 1 : 0));
  expect(before).toBeLessThan(0.1);
  expect(after).toBeGreaterThan(0.5);
});

it('learns tours of four points', () => {
  const [before, after] = taught(
    tourProblems,
    everyItemOnce,
    (chosen, answer, points) => tourLength(points, chosen) / tourLength(points, answer),
  );
  expect(before).toBeGreaterThan(1.08);
  expect(after).toBeLessThan(1.02);
});
