// Ops that models are made of: convolution, the additive score, the loss of classes.

import type { OnnxOp } from '../graph.ts';
import { fixed, input, lengths } from './call.ts';
import { picked } from './indices.ts';
import { logSoftmaxOf } from './normalise.ts';

const conv1d: OnnxOp = (graph, call) => {
  const [x, weight, bias] = [input(call, 0), input(call, 1), call.inputs[2]];
  const size = lengths(call, weight)[2]?.fixed;
  const { padding } = call.attributes;
  if (size === undefined)
    throw new RangeError(`toOnnx: conv1d must have a weight of one length at all sizes, got ${lengths(call, weight)[2]}`);
  const pads =
    padding === 'causal'
      ? [size - 1, 0]
      : padding === 'same'
        ? [(size - 1) / 2, (size - 1) / 2]
        : [fixed(call, 'padding'), fixed(call, 'padding')];
  const turned = graph.permute(x.name, [0, 2, 1]); // [B, I, T]
  return graph.permute(graph.node('Conv', [turned, weight.name, ...(bias ? [bias.name] : [])], { pads }), [0, 2, 1]);
};

/** `vᵀ tanh(q + k)`. */
const additiveScore: OnnxOp = (graph, call) => {
  const [query, keys, v] = [input(call, 0).name, input(call, 1).name, input(call, 2).name];
  const sums = graph.node('Add', [graph.unsqueeze(query, 2), graph.unsqueeze(keys, 1)]); // [B, T, S, A]
  return graph.squeeze(graph.node('MatMul', [graph.node('Tanh', [sums]), graph.unsqueeze(v, 1)]), 3);
};

/** `−(1 − ε) y[index] − ε/C · Σ y` over the C classes above −∞; 0 where the index is −1. */
const crossEntropy: OnnxOp = (graph, call) => {
  const [x, index] = [input(call, 0), input(call, 1).name];
  const smoothing = fixed(call, 'labelSmoothing');
  const last = x.dims.length - 1;
  const y = logSoftmaxOf(graph, x.name);
  const own = graph.node('Neg', [picked(graph, y, index, last)]);
  if (smoothing === 0) return own;
  const at = (value: number) => graph.number('float32', value);
  const open = graph.node('Greater', [x.name, at(-Infinity)]);
  const count = graph.reduce('ReduceSum', graph.cast(open, 'float32'), [last], false);
  const total = graph.reduce('ReduceSum', graph.node('Where', [open, y, at(0)]), [last], false);
  const every = graph.node('Div', [total, graph.node('Max', [count, at(1)])]);
  const known = graph.node('GreaterOrEqual', [index, graph.number('int32', 0)]);
  const part = graph.node('Mul', [graph.node('Where', [known, every, at(0)]), at(smoothing)]);
  // A class of −∞ that counts nothing is nothing, not 0 · ∞.
  return smoothing === 1 ? graph.node('Neg', [part]) : graph.node('Sub', [graph.node('Mul', [own, at(1 - smoothing)]), part]);
};

/** Parts of models. */
export const parts: Readonly<Record<string, OnnxOp>> = { additiveScore, conv1d, crossEntropy };
