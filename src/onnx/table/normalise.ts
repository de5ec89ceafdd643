// Softmax and its kin, and norms.

import type { Graph, OnnxOp } from '../graph.ts';
import { fixed, input, lengths, output } from './call.ts';

/** Where there is nothing but −∞ the runtime divides 0 by 0: −∞ has weight 0 wherever it stands. */
export function softmaxOf(graph: Graph, x: string): string {
  const hidden = graph.node('Equal', [x, graph.number('float32', -Infinity)]);
  return graph.node('Where', [hidden, graph.number('float32', 0), graph.node('Softmax', [x], { axis: -1 })]);
}

/** Softmax of the last axis. */
const softmax: OnnxOp = (graph, call) => softmaxOf(graph, input(call, 0).name);

/** The same of logarithms. */
export function logSoftmaxOf(graph: Graph, x: string): string {
  const lowest = graph.number('float32', -Infinity);
  return graph.node('Where', [graph.node('Equal', [x, lowest]), lowest, graph.node('LogSoftmax', [x], { axis: -1 })]);
}

const logSoftmax: OnnxOp = (graph, call) => logSoftmaxOf(graph, input(call, 0).name);

/** `m + ln Σ e^(x − m)`, m the largest; 0 in its place where it is infinite. */
const logSumExp: OnnxOp = (graph, call) => {
  const x = input(call, 0);
  const axes = [x.dims.length - 1];
  const largest = graph.reduce('ReduceMax', x.name, axes, true);
  const m = graph.node('Where', [graph.node('IsInf', [largest]), graph.number('float32', 0), largest]);
  const total = graph.reduce('ReduceSum', graph.node('Exp', [graph.node('Sub', [x.name, m])]), axes, true);
  return graph.squeeze(graph.node('Add', [m, graph.node('Log', [total])]), ...axes);
};

const layerNorm: OnnxOp = (graph, call) => {
  const [x, weight, bias] = [input(call, 0), call.inputs[1], call.inputs[2]];
  const size = lengths(call, output(call)).at(-1);
  const scale = weight?.name ?? graph.node('Expand', [graph.number('float32', 1), graph.shape(size ? [size] : [])]);
  return graph.node('LayerNormalization', [x.name, scale, ...(bias ? [bias.name] : [])], {
    axis: -1,
    epsilon: { float: fixed(call, 'eps') },
  });
};

/** Norms. */
export const norms: Readonly<Record<string, OnnxOp>> = { layerNorm, logSoftmax, logSumExp, softmax };
