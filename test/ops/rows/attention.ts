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
  sees: (t: number, s: number) => boolean,
  scale?: number,
  bias?: Plain,
): { output: Plain; weights: Plain } {
  const [lead, [queries, width], [keys]] = [q.shape.slice(0, -2), q.shape.slice(-2), k.shape.slice(-2)] as [number[], number[], number[]];
  const scores = (index: readonly number[]) => {
    const [before, t] = [index.slice(0, -1), index.at(-1) as number];
    return range(keys as number).map((s) => {
      const dot = total(range(width as number).map((d) => at(q, [...before, t, d]) * at(k, [...before, s, d])));
      return sees(t, s) ? dot * (scale ?? 1 / Math.sqrt(width as number)) + (bias ? at(bias, [...before, t, s]) : 0) : -Infinity;
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
];
