import { conv1d, unfold } from '../../../src/ops/index.ts';
import { at, make, type Plain, weighed as plainly, range, total } from '../plain.ts';
import { type OpRow, weighed } from '../row.ts';

const [x, weight, bias] = [{ shape: [2, 6, 3] }, { shape: [4, 3, 3] }, { shape: [4] }];

/** `bias[o] + Σ weight[o, i, k] · x[b, t + k − before, i]`, 0 outside. */
function convolved(x: Plain, w: Plain, bias: Plain | undefined, before: number, after: number): Plain {
  const [batch, length, inputs] = x.shape as [number, number, number];
  const [outputs, , size] = w.shape as [number, number, number];
  return make([batch, before + length + after - size + 1, outputs], ([b = 0, t = 0, o = 0]) => {
    const term = (i: number, k: number) => {
      const place = t + k - before;
      return place < 0 || place >= length ? 0 : at(w, [o, i, k]) * at(x, [b, place, i]);
    };
    return (bias?.values[o] ?? 0) + total(range(inputs).flatMap((i) => range(size).map((k) => term(i, k))));
  });
}

export const convolving: OpRow[] = [
  {
    op: 'unfold',
    f: (x) => weighed(unfold(x, 3, 1)),
    inputs: [x],
    value: (x) => plainly(make([2, 4, 3, 3], ([b = 0, t = 0, c = 0, k = 0]) => at(x, [b, t + k, c]))),
  },
  {
    op: 'unfold',
    name: 'last axis',
    f: (x) => weighed(unfold(x, 2, -1)),
    inputs: [x],
    value: (x) => plainly(make([2, 6, 2, 2], ([b = 0, t = 0, c = 0, k = 0]) => at(x, [b, t, c + k]))),
  },
  {
    op: 'unfold',
    name: 'of all, first axis',
    f: (x) => weighed(unfold(x, 2, 0)),
    inputs: [x],
    value: (x) => plainly(make([1, 6, 3, 2], ([, t = 0, c = 0, k = 0]) => at(x, [k, t, c]))),
  },
  {
    op: 'conv1d',
    f: (x, w, b) => weighed(conv1d(x, w, b)),
    inputs: [x, weight, bias],
    value: (x, w, b) => plainly(convolved(x, w, b, 0, 0)),
  },
  {
    op: 'conv1d',
    name: 'same length',
    f: (x, w) => weighed(conv1d(x, w, undefined, { padding: 'same' })),
    inputs: [x, weight],
    value: (x, w) => plainly(convolved(x, w, undefined, 1, 1)),
  },
  {
    op: 'conv1d',
    name: 'causal',
    f: (x, w, b) => weighed(conv1d(x, w, b, { padding: 'causal' })),
    inputs: [x, weight, bias],
    value: (x, w, b) => plainly(convolved(x, w, b, 2, 0)),
  },
  {
    op: 'conv1d',
    name: 'one channel, longer than x',
    f: (x, w) => weighed(conv1d(x, w, undefined, { padding: 4 })),
    inputs: [{ shape: [2, 5, 1] }, { shape: [3, 1, 9] }],
    value: (x, w) => plainly(convolved(x, w, undefined, 4, 4)),
  },
];
