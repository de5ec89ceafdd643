// What parts of one's own give back: the shapes that are right mean the same on every path, and what is wrong is refused on every path.
import { describe, expect, it } from 'vitest';
import { Attention } from '../../src/attention/attention.ts';
import { dropping } from '../../src/attention/dropping.ts';
import { MultiHead } from '../../src/attention/multi-head.ts';
import type { Places, Selection, Window } from '../../src/attention/parts.ts';
import { DotScore } from '../../src/attention/score.ts';
import { soft, tempered } from '../../src/attention/selection.ts';
import { CombinedWindow, causal, everywhere, positional } from '../../src/attention/window.ts';
import { reshape, select } from '../../src/ops/index.ts';
import { full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { list, real } from '../nn/row.ts';

const [N, E, H] = [4, 6, 2];
const textOf = (batch: number) => real([0, 1, 2, 3].slice(0, batch), [N, E], 1); // [B, N, E]
type Parts = { window?: Window; selection?: Selection };
const one = (parts: Parts) => new Attention({ score: new DotScore(), ...parts });
const many = (parts: Parts) => new MultiHead({ query: E, key: E, heads: H, ...parts }, key(3));
const inTurn = tempered({ temperature: 1 });

/** Every path that a window takes to the scores; each gives weights. */
const paths: Record<string, (window: Window, batch: number) => Tensor> = {
  'Attention.forward': (window, batch) => one({ window }).forward(textOf(batch), textOf(batch)).weights,
  'Attention.step': (window, batch) => stepped(one({ window }), batch),
  'heads in one op': (window, batch) => many({ window }).forward(textOf(batch), textOf(batch)).weights,
  'heads in turn': (window, batch) => many({ window, selection: inTurn }).forward(textOf(batch), textOf(batch)).weights,
  'a step of heads in one op': (window, batch) => stepped(many({ window }), batch),
  'a step of heads in turn': (window, batch) => stepped(many({ window, selection: inTurn }), batch),
  extend: (window, batch) => many({ window }).extend(textOf(batch), undefined, { weights: true }).weights as Tensor,
};

function stepped(mechanism: Attention | MultiHead, batch: number): Tensor {
  const prepared = mechanism.prepare(textOf(batch));
  return mechanism.step(select(textOf(batch), 1, 0), prepared, mechanism.initialState(prepared, N)).weights;
}

const lower = tensor(Array.from({ length: N }, (_, t) => Array.from({ length: N }, (__, s) => s <= t))); // [T, S]
const windows = (given: () => object) => {
  const window = positional(given as () => Places);
  return [window, new CombinedWindow(everywhere, window)];
};

describe.each(Object.entries(paths))('%s', (name, run) => {
  const queries = name.includes('step') ? 1 : N;
  const got = (batch: number, shape: readonly number[]) => `, got [${shape.join(', ')}] for scores [${batch}, ${queries}, ${N}]`;

  it('refuses masks and biases of other ranks and lengths', () => {
    const shapes = [[], [N], [N, N], [1, N], [1, N, 1], [1, N, N + 1], [3, 1, N], [1, 3, N], [1, 3, 1, N], [1, 1, 1, 1, N]];
    for (const batch of [1, 2, N]) {
      for (const shape of shapes) {
        for (const [field, x] of [
          ['mask', ones(shape, 'bool')],
          ['bias', zeros(shape)],
        ] as const) {
          for (const window of windows(() => ({ [field]: x })))
            expect(() => run(window, batch)).toThrow(`positional: ${field} must be [1 or B, 1 or T, S]${got(batch, shape)}`);
        }
      }
    }
    for (const window of windows(() => ({ mask: [[true]] })))
      expect(() => run(window, 1)).toThrow('positional: mask must be [1 or B, 1 or T, S], got [an object] for scores');
  });

  it('takes those of one or each example, query and head, all alike', () => {
    for (const batch of [1, 2, N]) {
      const wide = list(run(everywhere, batch));
      for (const shape of [
        [1, 1, N],
        [batch, 1, N],
        [1, queries, N],
        [batch, queries, N],
        [1, 1, 1, N],
        [batch, 1, queries, N],
      ]) {
        for (const given of [{ mask: ones(shape, 'bool') }, { bias: full(shape, 3) }, { mask: ones(shape, 'bool'), bias: zeros(shape) }])
          for (const window of windows(() => given))
            list(run(window, batch)).forEach((w, i) => expect(w).toBeCloseTo(wide[i] as number, 5));
      }
    }
  });

  it('refuses places that are no object of these names', () => {
    for (const [given, told] of [
      [lower, 'an object with mask or bias, got a tensor [4, 4]'],
      [undefined, 'an object, got undefined'],
      [null, 'an object, got null'],
      [{ bais: zeros([1, N, N]) }, 'among mask, bias, before, after, slopes, distance, got bais'],
      [{ after: 0, befor: 2 }, 'among mask, bias, before, after, slopes, distance, got befor'],
    ] as const)
      for (const window of windows(() => given as object)) expect(() => run(window, 1)).toThrow(`positional: places must be ${told}`);
  });
});

it('a mask by places hides the future, whatever the batch', () => {
  const mask = reshape(lower, [1, N, N]);
  for (const name of ['Attention.forward', 'heads in one op', 'heads in turn', 'extend']) {
    for (const batch of [1, 2, N])
      list(
        (paths[name] as (typeof paths)[string])(
          positional(() => ({ mask })),
          batch,
        ),
      ).forEach((w, i) => expect(w > 0, `${name} of ${batch} at ${i}`).toBe(i % N <= Math.floor(i / N) % N));
  }
});

describe('what is used of a part', () => {
  const text = textOf(2);
  const whole = { one: (parts: Parts) => one(parts).forward(text, text), 'in turn': (parts: Parts) => many(parts).forward(text, text) };

  it.each(Object.entries(whole))('of a window: scores of the same shape, mask and factor; %s', (_, run) => {
    const limited = (limit: (scores: Tensor) => unknown) => {
      const window = { limit } as Window;
      return [window, new CombinedWindow(causal, window)].map((all) => () => run({ window: all }));
    };
    const must = 'must be [B, T, S], got';
    const wrong: [(scores: Tensor) => unknown, string][] = [
      [(scores) => scores, 'limit must be '],
      [() => undefined, 'limit must be an object, got undefined'],
      [(scores) => ({ score: scores }), 'limit must be among scores, mask, factor, got score'],
      [() => ({}), `scores ${must} undefined`],
      [() => ({ scores: 5 }), `scores ${must} undefined`],
      [() => ({ scores: lower }), `scores ${must} [4, 4]`],
    ];
    for (const [limit, told] of wrong) for (const call of limited(limit)) expect(call).toThrow(`window: ${told}`);
    for (const call of limited((scores) => ({ scores, msk: 1 })))
      expect(call).toThrow('window: limit must be among scores, mask, factor, got msk');
    for (const call of limited((scores) => ({ scores, mask: undefined }))) expect(call).not.toThrow();
  });

  it.each(Object.entries(whole))('of a window: a mask or factor of pairs; %s', (_, run) => {
    const batch = run({}).weights.shape[0] as number;
    for (const field of ['mask', 'factor'] as const) {
      const own = (shape: readonly number[]) => ({
        limit: (scores: Tensor) => ({ scores, [field]: ones(shape, field === 'mask' ? 'bool' : 'float32') }),
      });
      for (const shape of [[N], [N, N], [batch, N], [3, 1, N], [1, 3, N], [1, 1, N + 1], [1, 1, 1, N], []])
        for (const window of [own(shape), new CombinedWindow(causal, own(shape))])
          expect(() => run({ window })).toThrow(
            shape.length === 3 ? 'must broadcast' : `window: ${field} must be [B, T, S], got [${shape.join(', ')}]`,
          );
      for (const shape of [
        [1, 1, N],
        [1, N, N],
      ])
        expect(() => run({ window: own(shape) })).not.toThrow();
    }
  });

  it.each(Object.entries(whole))('of a selection: weights [B, T, S]; %s', (_, run) => {
    const wrong: [(scores: Tensor) => unknown, string][] = [
      [(scores) => scores, 'undefined'],
      [() => undefined, 'undefined'],
      [() => null, 'undefined'],
      [(scores) => ({ weight: scores }), 'undefined'],
      [() => ({ weights: 5 }), 'undefined'],
      [() => ({ weights: lower }), '[4, 4]'],
    ];
    for (const [select, told] of wrong) {
      const selection = { select } as Selection;
      for (const all of [selection, dropping({ p: 0, selection })])
        expect(() => run({ selection: all })).toThrow(`selection: weights must be [B, T, S], got ${told}`);
    }
    const more = { select: (...given: Parameters<Selection['select']>) => ({ ...soft.select(...given), seen: 1 }) };
    expect(() => run({ selection: more })).not.toThrow();
  });
});
