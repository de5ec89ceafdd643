import { expectFields } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TracedCall } from './trace.ts';

const cell = 'x weightIh weightHh biasIh biasHh';

/** What stands at each place of the inputs; an op that is not here has `x` alone, or none. */
const inputsOf: Readonly<Record<string, string>> = {
  ...Object.fromEntries('add sub mul div maximum minimum pow equal less lessEqual and or matmul'.split(' ').map((op) => [op, 'a b'])),
  ...Object.fromEntries('gather segmentSum pick batchGather scatterAddAlongAxis'.split(' ').map((op) => [op, 'x index'])),
  additiveScore: 'query keys v',
  bagTable: 'g index weights',
  bagWeights: 'g index table',
  batchNorm: 'x weight bias',
  categorical: 'logits',
  conv1d: 'x weight bias',
  conv2d: 'x weight bias',
  conv2dWeight: 'x g',
  convTranspose2d: 'x weight bias',
  crop: 'x corner',
  crossEntropy: 'x target',
  embeddingBag: 'table index weights',
  entityStates: 'sentences h0 keys gateBias stateWeight stateBias sentenceWeight keyWeight slopes mask',
  gridSample: 'x grid',
  ctcPaths: 'x skip times ends',
  ctcPosterior: 'x skip times ends',
  gru: `${cell} h0 mask table index`,
  layerNorm: 'x weight bias',
  linear: 'x weight bias',
  linearScan: 'x a',
  maxUnpool: 'g index',
  lstm: `${cell} h0 c0 mask table index`,
  memoryStep: 'x memory previous',
  oneHot: 'index',
  rmsNorm: 'x weight',
  rotary: 'x table positions',
  scaledDotProductAttention: 'query keys values mask bias places slopes distance',
  straightThrough: 'hard soft',
  swiglu: 'gate up',
  uncrop: 'g corner',
  unpick: 'g index',
  where: 'mask a b',
};

/** What the results are where there are several, and where the one result is not the usual one. */
const outputsOf: Readonly<Record<string, string>> = {
  batchNorm: 'output mean variance',
  entityStates: 'states gates',
  gru: 'output h',
  lstm: 'output h c',
  memoryStep: 'weights read memory',
  scaledDotProductAttention: 'output weights sums',
  topk: 'indices',
};

const byRole = (names: string | undefined, usual: string, tensors: readonly (Tensor | null)[]): Record<string, Tensor> => {
  const roles = names?.split(' ') ?? [];
  const role = (place: number) => roles[place] ?? (tensors.length === 1 && !names ? usual : String(place));
  return Object.fromEntries(tensors.flatMap((x, place) => (x ? [[role(place), x]] : [])));
};

/**
 * The tensors of a call by what they are to its op: `{ inputs: { x, weight }, outputs: { y } }` of `linear` without a bias. Lists (`concat`, `unstack`) and
 * ops of one's own go by place: `0`, `1`, ….
 */
export function rolesOf(call: Pick<TracedCall, 'op' | 'inputs' | 'outputs'> & Partial<Pick<TracedCall, 'attributes'>>): {
  inputs: Record<string, Tensor>;
  outputs: Record<string, Tensor>;
} {
  expectFields('rolesOf', 'call', call, 'op', 'inputs', 'outputs');
  const { op, inputs, outputs, attributes } = call;
  const results = attributes?.sums && !attributes.weights ? 'output sums' : outputsOf[op]; // weights are left out
  return { inputs: byRole(inputsOf[op], 'x', inputs), outputs: byRole(results, 'y', outputs) };
}
