// Sums of embedded rows. Value and both gradients are derivatives of Σ weights ∘ table[index] ∘ g, so each one's gradients are the other two.

import { record } from '../autograd/record.ts';
import { kernels } from '../runtime/backend.ts';
import { expectOptions, isWhole, maybe, type Rules } from '../tensor/check.ts';
import { cleared } from '../tensor/create.ts';
import { type Shape, sameShape, show, sizeOf } from '../tensor/shape.ts';
import { empty, expectDType, expectTensor, type Tensor } from '../tensor/tensor.ts';
import { expectIndices, expectSame } from './indices.ts';

/** Options of {@link embeddingBag}. */
export interface EmbeddingBagOptions {
  /** `[J, D]`: factors of the rows by their place in the bag. Default 1 for all. */
  weights?: Tensor | undefined;
  /** An index that adds nothing, such as that of padding. Default none. */
  paddingIndex?: number | undefined;
}

const bagRules: Rules<EmbeddingBagOptions> = {
  weights: (op, name, value) => {
    if (value !== undefined) expectDType(op, name, value as Tensor, 'float32');
  },
  paddingIndex: /* @__PURE__ */ maybe(/* @__PURE__ */ isWhole(0)),
};

/** Sizes of a call: bags, rows of a bag, width of a row, and the index to skip (−1 for none). */
const sizesOf = (index: Tensor, width: number, paddingIndex: number | undefined) => {
  const length = index.shape.at(-1) as number;
  return [sizeOf(index.shape.slice(0, -1)), length, width, paddingIndex ?? -1] as const;
};

const attributesOf = (paddingIndex: number | undefined) => (paddingIndex === undefined ? {} : { paddingIndex });

/**
 * `y[…, d] = Σ_j weights[j, d] · table[index[…, j], d]`, in order of j: `table` `[N, D]` and `index` int32 `[…, J]` give `[…, D]`. The
 * words of each sentence as one vector, without a tensor of all words. PyTorch's `embedding_bag` in mode `sum`, but weights are of the
 * places in a bag and of each dimension. Gradient: to table and weights.
 */
export function embeddingBag(table: Tensor, index: Tensor, options: EmbeddingBagOptions = {}): Tensor {
  expectTensor('embeddingBag', 'table', table);
  expectDType('embeddingBag', 'table', table, 'float32');
  expectDType('embeddingBag', 'index', index, 'int32');
  expectOptions('embeddingBag', options, bagRules);
  const { weights, paddingIndex } = options;
  const [rows, width] = table.shape;
  if (table.rank !== 2 || index.rank === 0) {
    throw new RangeError(`embeddingBag: table must be [N, D] and index [..., J], got ${show(table.shape)} and ${show(index.shape)}`);
  }
  const length = index.shape.at(-1) as number;
  if (weights && !sameShape(weights.shape, [length, width as number])) {
    throw new RangeError(`embeddingBag: weights must be ${show([length, width as number])}, got ${show(weights.shape)}`);
  }
  return bag(table, index, weights, paddingIndex, rows as number);
}

function bag(table: Tensor, index: Tensor, weights: Tensor | undefined, paddingIndex: number | undefined, rows: number): Tensor {
  const width = table.shape[1] as number;
  const mark = expectIndices('embeddingBag', index, 0, rows);
  const y = empty([...index.shape.slice(0, -1), width]);
  kernels.embeddingBag(y.ptr, table.ptr, weights?.ptr ?? 0, index.ptr, ...sizesOf(index, width, paddingIndex));
  return record('embeddingBag', y, { inputs: [table, index, weights ?? null], attributes: attributesOf(paddingIndex) }, (g) => {
    expectSame('embeddingBag', index, 0, rows, mark);
    return [
      table.requiresGrad ? bagTable(g, index, weights, rows, paddingIndex) : null,
      null,
      weights?.requiresGrad ? bagWeights(g, index, table, paddingIndex) : null,
    ];
  });
}

/** {@link embeddingBag}'s gradient to its table `[rows, D]`: `g` `[…, D]` times the weights, added up where the rows came from. */
export function bagTable(g: Tensor, index: Tensor, weights: Tensor | undefined, rows: number, paddingIndex: number | undefined): Tensor {
  expectDType('bagTable', 'g', g, 'float32');
  const mark = expectIndices('bagTable', index, 0, rows);
  const width = g.shape.at(-1) as number;
  const dx = cleared([rows, width]);
  kernels.embeddingBagBackward(dx.ptr, g.ptr, weights?.ptr ?? 0, index.ptr, ...sizesOf(index, width, paddingIndex));
  const attributes = { rows, ...attributesOf(paddingIndex) };
  return record('bagTable', dx, { inputs: [g, index, weights ?? null], attributes }, (h) => {
    expectSame('bagTable', index, 0, rows, mark);
    return [
      g.requiresGrad ? bag(h, index, weights, paddingIndex, rows) : null,
      null,
      weights?.requiresGrad ? bagWeights(g, index, h, paddingIndex) : null,
    ];
  });
}

/** {@link embeddingBag}'s gradient to its weights `[J, D]`: `g` `[…, D]` times the rows, added up over all bags. */
export function bagWeights(g: Tensor, index: Tensor, table: Tensor, paddingIndex: number | undefined): Tensor {
  expectDType('bagWeights', 'g', g, 'float32');
  const [rows, width] = table.shape as readonly [number, number];
  const mark = expectIndices('bagWeights', index, 0, rows);
  const shape: Shape = [index.shape.at(-1) as number, width];
  const dw = cleared(shape);
  kernels.embeddingBagWeights(dw.ptr, g.ptr, table.ptr, index.ptr, ...sizesOf(index, width, paddingIndex));
  return record('bagWeights', dw, { inputs: [g, index, table], attributes: attributesOf(paddingIndex) }, (h) => {
    expectSame('bagWeights', index, 0, rows, mark);
    return [
      g.requiresGrad ? bag(table, index, h, paddingIndex, rows) : null,
      null,
      table.requiresGrad ? bagTable(g, index, h, rows, paddingIndex) : null,
    ];
  });
}
