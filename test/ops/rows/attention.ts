import { additiveScore, concat, reshape, scaledDotProductAttention } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { at, joined, make, type Plain, weighed as plainly, range, softmaxOf, total } from '../plain.ts';
import { type OpRow, weighed } from '../row.ts';

const heads = [{ shape: [2, 2, 3, 5] }, { shape: [2, 2, 4, 5] }, { shape: [2, 2, 4, 3] }];
const bias = { shape: [2, 1, 4] };

/** The second query may look at nothing. */
const mask = () =>
  tensor([
    [true, false, true, true],
    [false, false, false, false],
    [true, true, false, true],
  ]);

/** Vaswani et al. 2017, eq. 1: the weights, and what they read. 0 where nothing may be seen. */
function attended(
  q: Plain,
  k: Plain,
  v: Plain,
  sees: (t: number, s: number, before: readonly number[]) => boolean,
  scale?: number,
  bias?: Plain,
  cap = (x: number) => x,
): { output: Plain; weights: Plain } {
  const [lead, [queries, width], [keys]] = [q.shape.slice(0, -2), q.shape.slice(-2), k.shape.slice(-2)] as [number[], number[], number[]];
  const scores = (index: readonly number[]) => {
    const [before, t] = [index.slice(0, -1), index.at(-1) as number];
    return range(keys as number).map((s) => {
      const dot = total(range(width as number).map((d) => at(q, [...before, t, d]) * at(k, [...before, s, d])));
      const score = cap(dot * (scale ?? 1 / Math.sqrt(width as number)));
      return sees(t, s, before) ? score + (bias ? at(bias, [...before, t, s]) : 0) : -Infinity;
    });
  };
  const weights = make(
    [...lead, queries as number, keys as number],
    (index) => softmaxOf(scores(index.slice(0, -1)))[index.at(-1) as number] as number,
  );
  const output = make([...lead, queries as number, v.shape.at(-1) as number], (index) =>
    total(
      range(keys as number).map((s) => at(weights, [...index.slice(0, -1), s]) * at(v, [...index.slice(0, -2), s, index.at(-1) as number])),
    ),
  );
  return { output, weights };
}

const MASK = [[1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 0, 1]]; // biome-ignore format: rows
const everything = () => true;
/** Of three queries and four keys the last query sees the last key. */
const causal = (t: number, s: number) => s <= t + 1;

type Operands = [Tensor, Tensor, Tensor];

/** The first `rows` keys or values, once for each head of queries that shares them. */
const ofEach = (x: Plain, group: number, rows = x.shape.at(-2) as number): Plain =>
  make([x.shape[0] as number, (x.shape[1] as number) * group, rows, x.shape[3] as number], ([b = 0, h = 0, s = 0, d = 0]) =>
    at(x, [b, Math.floor(h / group), s, d]),
  );

/** The first query's place in each of two examples. */
const PLACES = [1, 2];
/** How far key s is behind query t of example b. */
const away = (b: number, t: number, s: number) => s - (PLACES[b] as number) - t;
/** A bias [2, H, 3, 4] of what goes by distance. */
const ofDistances = (heads: number, of: (d: number, b: number, h: number, t: number) => number) =>
  make([2, heads, 3, 4], ([b = 0, h = 0, t = 0, s = 0]) => of(away(b, t, s), b, h, t));
const clip = (d: number) => Math.max(-1, Math.min(2, d)) + 1;
/** Weights added up by distance, of four kinds. */
const sumsOf = (weights: Plain) =>
  make([2, weights.shape[1] as number, 3, 4], ([b = 0, h = 0, t = 0, r = 0]) =>
    total(range(4).map((s) => (clip(away(b, t, s)) === r ? at(weights, [b, h, t, s]) : 0))),
  );

/** Four heads of queries, two of keys. */
const grouped = [{ shape: [2, 4, 3, 5] }, { shape: [2, 2, 4, 5] }, { shape: [2, 2, 4, 3] }];

export const attending: OpRow[] = [
  {
    op: 'additiveScore',
    f: additiveScore,
    inputs: [{ shape: [2, 3, 5] }, { shape: [2, 4, 5] }, { shape: [5] }],
    second: false,
    value: (q, k, v) =>
      make([2, 3, 4], ([b = 0, t = 0, s = 0]) =>
        total(range(5).map((a) => (v.values[a] as number) * Math.tanh(at(q, [b, t, a]) + at(k, [b, s, a])))),
      ),
  },
  {
    op: 'scaledDotProductAttention',
    f: (q, k, v) => scaledDotProductAttention(q, k, v).output,
    inputs: heads,
    value: (q, k, v) => attended(q, k, v, everything).output,
  },
  {
    op: 'scaledDotProductAttention',
    name: 'masked, biased',
    f: (q, k, v, b) => weighed(scaledDotProductAttention(q, k, v, { mask: mask(), ...(b ? { bias: b } : {}) }).output),
    inputs: [...heads, bias],
    value: (q, k, v, b) => plainly(attended(q, k, v, (t, s) => MASK[t]?.[s] === 1, undefined, b).output),
  },
  {
    op: 'scaledDotProductAttention',
    name: 'causal, of rank 3, one scale',
    f: (...xs) => weighed(scaledDotProductAttention(...(xs as Operands), { causal: true, scale: 0.7 }).output),
    inputs: heads.map(({ shape }) => ({ shape: shape.slice(1) })),
    value: (q, k, v) => plainly(attended(q, k, v, causal, 0.7).output),
  },
  {
    op: 'scaledDotProductAttention',
    name: 'grouped, masked, biased',
    f: (q, k, v, b) => weighed(scaledDotProductAttention(q, k, v, { mask: mask(), ...(b ? { bias: b } : {}) }).output),
    inputs: [...grouped, { shape: [4, 3, 4] }],
    value: (q, k, v, b) => {
      const bias = make([2, 4, 3, 4], ([, h = 0, t = 0, s = 0]) => at(b as Plain, [h, t, s]));
      return plainly(attended(q, ofEach(k, 2), ofEach(v, 2), (t, s) => MASK[t]?.[s] === 1, undefined, bias).output);
    },
  },
  {
    op: 'scaledDotProductAttention',
    name: 'grouped, one query to a head, biased, with weights',
    f: (q, k, v, b) => {
      const { output, weights } = scaledDotProductAttention(q, k, v, { causal: true, ...(b ? { bias: b } : {}), weights: true });
      return weighed(concat([reshape(output, [output.size]), reshape(weights, [weights.size])]));
    },
    inputs: [{ shape: [2, 4, 1, 5] }, { shape: [2, 2, 4, 5] }, { shape: [2, 2, 4, 3] }, { shape: [2, 4, 1, 4] }],
    value: (q, k, v, b) => {
      const { output, weights } = attended(q, ofEach(k, 2), ofEach(v, 2), everything, undefined, b);
      return plainly(joined(output, weights));
    },
  },
  {
    op: 'scaledDotProductAttention',
    name: 'grouped, of the first rows',
    f: (...xs) => weighed(scaledDotProductAttention(...(xs as Operands), { causal: true, length: 3 }).output),
    inputs: grouped,
    value: (q, k, v) => plainly(attended(q, ofEach(k, 2, 3), ofEach(v, 2, 3), (t, s) => s <= t).output),
  },
  {
    op: 'scaledDotProductAttention',
    name: 'with weights',
    f: (...xs) => {
      const { output, weights } = scaledDotProductAttention(...(xs as Operands), { causal: true, weights: true });
      return weighed(concat([reshape(output, [output.size]), reshape(weights, [weights.size])]));
    },
    inputs: heads,
    value: (q, k, v) => {
      const { output, weights } = attended(q, k, v, causal);
      return plainly(joined(output, weights));
    },
  },
  {
    op: 'scaledDotProductAttention',
    name: 'in a window from places, with slopes, capped',
    f: (q, k, v, slopes) => {
      const places = tensor(PLACES, { dtype: 'int32' });
      const window = { places, before: 2, after: 1, softcap: 0.8 };
      return weighed(scaledDotProductAttention(q, k, v, { ...window, ...(slopes && { slopes }) }).output);
    },
    inputs: [...heads, { shape: [2, 1, 1] }],
    value: (q, k, v, m) => {
      const sees = (t: number, s: number, [b = 0]: readonly number[]) => away(b, t, s) >= -2 && away(b, t, s) <= 1;
      const bias = ofDistances(2, (d, _, h) => -at(m as Plain, [h, 0, 0]) * Math.abs(d));
      return plainly(attended(q, k, v, sees, undefined, bias, (x) => 0.8 * Math.tanh(x / 0.8)).output);
    },
  },
  {
    op: 'scaledDotProductAttention',
    name: 'with a bias by distance for each head, and sums by it',
    f: (q, k, v, bias) => {
      const places = tensor(PLACES, { dtype: 'int32' });
      const distance = { ...(bias && { bias }), zero: 1, span: 4, sums: true } as const;
      const { output, sums } = scaledDotProductAttention(q, k, v, { places, distance });
      return weighed(concat([reshape(output, [output.size]), reshape(sums, [sums.size])]));
    },
    inputs: [...heads, { shape: [2, 1, 4] }],
    value: (q, k, v, b) => {
      const bias = ofDistances(2, (d, _, h) => at(b as Plain, [h, 0, clip(d)]));
      const { output, weights } = attended(q, k, v, everything, undefined, bias);
      return plainly(joined(output, sumsOf(weights)));
    },
  },
  {
    op: 'scaledDotProductAttention',
    name: 'grouped, with a bias by distance for each query, weights and sums by it',
    f: (q, k, v, bias) => {
      const places = tensor(PLACES, { dtype: 'int32' });
      const distance = { ...(bias && { bias }), zero: 1, span: 4, sums: true } as const;
      const { output, weights, sums } = scaledDotProductAttention(q, k, v, { places, distance, causal: true, weights: true });
      return weighed(concat([output, weights, sums].map((x) => reshape(x, [x.size]))));
    },
    inputs: [...grouped, { shape: [2, 4, 3, 4] }],
    value: (q, k, v, bias) => {
      const sees = (t: number, s: number, [b = 0]: readonly number[]) => away(b, t, s) <= 0;
      const each = ofDistances(4, (d, b, h, t) => at(bias as Plain, [b, h, t, clip(d)]));
      const { output, weights } = attended(q, ofEach(k, 2), ofEach(v, 2), sees, undefined, each);
      return plainly(joined(joined(output, weights), sumsOf(weights)));
    },
  },
  {
    op: 'scaledDotProductAttention',
    name: 'with sums by distance alone',
    f: (...xs) => {
      const { output, sums } = scaledDotProductAttention(...(xs as Operands), { distance: { zero: 1, span: 4, sums: true } });
      return weighed(concat([reshape(output, [output.size]), reshape(sums, [sums.size])]));
    },
    inputs: heads,
    value: (q, k, v) => {
      const { output, weights } = attended(q, k, v, everything);
      const sums = make([2, 2, 3, 4], ([b = 0, h = 0, t = 0, r = 0]) =>
        total(range(4).map((s) => (clip(s - t - 1) === r ? at(weights, [b, h, t, s]) : 0))),
      );
      return plainly(joined(output, sums));
    },
  },
];
