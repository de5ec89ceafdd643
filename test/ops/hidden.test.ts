// What a mask hides, and what is ignored, reaches no value and no gradient, whatever it is.
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import * as ops from '../../src/ops/index.ts';
import { ones, tensor } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const list = (x: Tensor) => Array.from(x.toArray());
const bool = (...rows: string[]) => tensor(rows.map((row) => [...row].map((c) => c === 'o')));

interface Row {
  name: string;
  shapes: number[][];
  /** Results of the operands. */
  f: (...xs: Tensor[]) => Tensor[];
  /** Whether element `i` of operand `k` is hidden from all that `f` gives. */
  hidden: (k: number, i: number) => boolean;
  /** Differentiated once only. */
  once?: boolean;
}

const [T, S, D, V] = [3, 4, 2, 3];
const heads = (lead: number[]) => [
  [...lead, T, D],
  [...lead, S, D],
  [...lead, S, V],
];
type Three = [Tensor, Tensor, Tensor];

/** Key and value 1 and 3 are seen by nobody, of each head. */
const unseen = (k: number, i: number) => k > 0 && [1, 3].includes(Math.floor(i / (k === 1 ? D : V)) % S);

const attention: Row[] = ([[], [2], [2, 2]] as number[][]).flatMap((lead) =>
  [false, true].map((weights) => ({
    name: `scaledDotProductAttention of ${lead.length + 2} axes${weights ? ' and its weights' : ''}`,
    shapes: heads(lead),
    f: (...xs: Tensor[]) => {
      const y = ops.scaledDotProductAttention(...(xs as Three), { mask: bool('oxox'), weights: true });
      return weights ? [y.output, y.weights] : [y.output];
    },
    hidden: unseen,
  })),
);

const [B, steps, I, H] = [2, 4, 3, 2];
const recurrent = (gates: number) => [[gates * H, I], [gates * H, H], [gates * H], [gates * H]];
const named = ([weightIh, weightHh, biasIh, biasHh]: Tensor[]) =>
  ({ weightIh, weightHh, biasIh, biasHh }) as { weightIh: Tensor; weightHh: Tensor; biasIh: Tensor; biasHh: Tensor };
const padded = () => bool('ooox', 'oxox');
const paddedAt = (k: number, i: number) => k === 0 && [3, 5, 7].includes(Math.floor(i / I));
const symbols = () => tensor(Int32Array.of(1, 2, 3, 0, 2, 0, 1, 0), { shape: [B, steps] });

const sequences = [false, true].flatMap((reverse): Row[] => [
  {
    name: `lstm${reverse ? ' in reverse' : ''}`,
    shapes: [[B, steps, I], ...recurrent(4)],
    f: (x, ...w) => Object.values(ops.lstm(x as Tensor, null, null, named(w), { mask: padded(), reverse })),
    hidden: paddedAt,
    once: true,
  },
  {
    name: `gru${reverse ? ' in reverse' : ''}`,
    shapes: [[B, steps, I], ...recurrent(3)],
    f: (x, ...w) => Object.values(ops.gru(x as Tensor, null, named(w), { mask: padded(), reverse })),
    hidden: paddedAt,
    once: true,
  },
  ...[4, 30].map(
    (rows): Row => ({
      name: `lstm${reverse ? ' in reverse' : ''} of symbols of a table of ${rows}, which has a symbol for padding`,
      shapes: [[rows, I], ...recurrent(4)],
      f: (table, ...w) =>
        Object.values(ops.lstm({ table: table as Tensor, index: symbols() }, null, null, named(w), { mask: padded(), reverse })),
      hidden: (k, i) => k === 0 && i < I,
      once: true,
    }),
  ),
]);

const rows: Row[] = [
  {
    name: 'softmax',
    shapes: [[2, 4]],
    f: (x) => [ops.softmax(x as Tensor, { mask: bool('oxox', 'xxxx') })],
    hidden: (_, i) => ![0, 2].includes(i),
  },
  {
    name: 'softmax along the first axis',
    shapes: [[2, 4]],
    f: (x) => [ops.softmax(x as Tensor, { axis: 0, mask: bool('oxox', 'ooxx') })],
    hidden: (_, i) => ![0, 2, 4, 5].includes(i),
  },
  {
    name: 'sparsemax',
    shapes: [[2, 4]],
    f: (x) => [ops.sparsemax(x as Tensor, { mask: bool('oxox', 'xxxx') })],
    hidden: (_, i) => ![0, 2].includes(i),
  },
  {
    name: 'entropy',
    shapes: [[2, 4]],
    f: (x) => [ops.entropy(x as Tensor, { mask: bool('oxoo', 'xxxx') })],
    hidden: (_, i) => ![0, 2, 3].includes(i),
  },
  {
    name: 'where',
    shapes: [[4], [4]],
    f: (x, y) => [ops.where(tensor([true, false, true, false]), x as Tensor, y as Tensor)],
    hidden: (k, i) => i % 2 === (k === 0 ? 1 : 0),
  },
  {
    name: 'crossEntropy',
    shapes: [[3, 4]],
    f: (x) => [ops.crossEntropy(x as Tensor, tensor(Int32Array.of(1, 9, 2)), { ignoreIndex: 9, labelSmoothing: 0.1 })],
    hidden: (_, i) => i >= 4 && i < 8,
  },
  {
    name: 'nllLoss',
    shapes: [[3, 4]],
    f: (x) => [ops.nllLoss(x as Tensor, tensor(Int32Array.of(1, 9, 2)), { ignoreIndex: 9 })],
    hidden: (_, i) => ![1, 10].includes(i),
  },
  ...attention,
  {
    name: 'scaledDotProductAttention with a query that sees nothing, and a bias',
    shapes: [...heads([]), [T, S]],
    f: (q, k, v, bias) => {
      const mask = bool('oxoo', 'xxxx', 'oxoo');
      const y = ops.scaledDotProductAttention(q as Tensor, k as Tensor, v as Tensor, { mask, bias: bias as Tensor, weights: true });
      return [y.output, y.weights];
    },
    hidden: (k, i) =>
      k === 0 ? Math.floor(i / D) === 1 : k === 3 ? Math.floor(i / S) === 1 || i % S === 1 : Math.floor(i / (k === 1 ? D : V)) === 1,
  },
  ...sequences,
];

/** Results, gradients, and gradients of the gradients' squares, with `value` wherever something is hidden. */
function evaluate({ shapes, f, hidden, once }: Row, value: number): number[][][] {
  return scope(() => {
    const xs = shapes.map((shape, k) => {
      const n = shape.reduce((a, b) => a * b, 1);
      const numbers = Float32Array.from({ length: n }, (_, i) => (hidden(k, i) ? value : (((i + 3 * k) * 7) % 11) / 8 - 0.6));
      return parameter(tensor(numbers, { shape }));
    });
    const total = (ys: readonly Tensor[]) =>
      ys
        .map((y) =>
          ops.sum(
            ops.mul(
              ops.square(y),
              tensor(
                Float32Array.from({ length: y.size }, (_, i) => 1 + (i % 3)),
                { shape: y.shape },
              ),
            ),
          ),
        )
        .reduce((a, b) => ops.add(a, b));
    const ys = f(...xs);
    const first = grad(total(ys), xs);
    if (once) return [ys, first].map((all) => all.map(list));
    const again = grad(total(f(...xs)), xs, { createGraph: true });
    const second = grad(total(again), xs);
    return [ys, first, again, second].map((all) => all.map(list));
  });
}

describe.each(rows.map((row) => [row.name, row] as const))('%s', (_, row) => {
  const clean = evaluate(row, 0.25);
  it.each([Number.NaN, Infinity, -Infinity, 3e38])('is the same with %d behind the mask', (value) => {
    evaluate(row, value).forEach((all, order) => {
      all.forEach((numbers, k) => {
        numbers.forEach((x, i) => {
          const at = `${['result', 'gradient', 'gradient', 'second gradient'][order]} ${k} at ${i}`;
          if (order > 0 && row.hidden(k, i)) expect(Math.abs(x), at).toBe(0);
          else expect(x, at).toBeCloseTo(clean[order]?.[k]?.[i] as number, 4);
        });
      });
    });
  });
});

describe('a gradient behind a mask', () => {
  it.each([
    ['softmax', ops.softmax],
    ['sparsemax', ops.sparsemax],
  ] as const)('that is NaN reaches nothing through %s, since the weight there is 0 for good', (_, f) => {
    scope(() => {
      const x = parameter(tensor([[0.1, 5, 0.4, 7]]));
      const mask = bool('oxox');
      const through = (hidden: number) => list(grad(f(x, { mask }), [x], { gradient: tensor([[1, hidden, 3, hidden]]) })[0] as Tensor);
      expect(through(Number.NaN)).toEqual(through(0));
      expect(through(Infinity)).toEqual(through(0));
      expect(through(0)[0]).not.toBe(0);
    });
  });

  it('that is NaN where a sequence is padded reaches nothing', () => {
    scope(() => {
      const xs = [[B, steps, I], ...recurrent(3)].map((shape) => parameter(ones(shape)));
      const [x, ...w] = xs as [Tensor, ...Tensor[]];
      const through = (hidden: number) => {
        const mask = list(padded());
        const seed = tensor(Float32Array.from({ length: B * steps * H }, (_, i) => (mask[Math.floor(i / H)] ? 1 : hidden)), { shape: [B, steps, H] }); // biome-ignore format: one line
        return grad(ops.gru(x, null, named(w), { mask: padded() }).output, xs, { gradient: seed }).map(list);
      };
      expect(through(Number.NaN)).toEqual(through(0));
    });
  });
});

describe('a key that only later queries may look at', () => {
  it.each([
    ['without', false],
    ['with', true],
  ] as const)('reaches no gradient of the earlier ones, %s a gradient of the weights', (_, weights) => {
    const through = (last: number) =>
      scope(() => {
        const numbers = (n: number, from: number) =>
          Float32Array.from({ length: n }, (_, i) => (i >= from ? last : ((i * 5) % 7) / 4 - 0.7));
        const q = parameter(tensor(numbers(T * D, T * D), { shape: [T, D] }));
        const k = tensor(numbers(T * D, (T - 1) * D), { shape: [T, D] });
        const v = tensor(numbers(T * V, (T - 1) * V), { shape: [T, V] });
        const y = ops.scaledDotProductAttention(q, k, v, { causal: true, weights: true });
        const seen = [y.output, ...(weights ? [y.weights] : [])].map((x) => ops.sum(ops.square(ops.slice(x, 0, 0, T - 1))));
        const [dq] = grad(
          seen.reduce((a, b) => ops.add(a, b)),
          [q],
        ) as [Tensor];
        return list(dq).slice(0, (T - 1) * D);
      });
    for (const last of [Number.NaN, Infinity]) through(last).forEach((x, i) => void expect(x).toBeCloseTo(through(0)[i] as number, 5));
  });
});
