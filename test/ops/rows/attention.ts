import { additiveScore, concat, reshape, scaledDotProductAttention } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
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

type Operands = [Tensor, Tensor, Tensor];

export const attending: OpRow[] = [
  { op: 'additiveScore', f: additiveScore, inputs: [{ shape: [2, 3, 5] }, { shape: [2, 4, 5] }, { shape: [5] }], second: false },
  { op: 'scaledDotProductAttention', f: (q, k, v) => scaledDotProductAttention(q, k, v).output, inputs: heads },
  {
    op: 'scaledDotProductAttention',
    name: 'masked, biased',
    f: (q, k, v, b) => weighed(scaledDotProductAttention(q, k, v, { mask: mask(), ...(b ? { bias: b } : {}) }).output),
    inputs: [...heads, bias],
  },
  {
    op: 'scaledDotProductAttention',
    name: 'causal, of rank 3, one scale',
    f: (...xs) => weighed(scaledDotProductAttention(...(xs as Operands), { causal: true, scale: 0.7 }).output),
    inputs: heads.map(({ shape }) => ({ shape: shape.slice(1) })),
  },
  {
    op: 'scaledDotProductAttention',
    name: 'with weights',
    f: (...xs) => {
      const { output, weights } = scaledDotProductAttention(...(xs as Operands), { causal: true, weights: true });
      return weighed(concat([reshape(output, [output.size]), reshape(weights, [weights.size])]));
    },
    inputs: heads,
  },
];
