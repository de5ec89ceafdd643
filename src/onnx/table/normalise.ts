// Softmax and its kin, and norms.

import type { Graph, OnnxCall, OnnxOp } from '../graph.ts';
import { fixed, input, lengths, output } from './call.ts';

/** In a row of nothing but −∞ the runtime would divide 0 by 0; here −∞ has weight 0 in any row. */
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

/** The weight, or ones: the operators want one. */
function scaleOf(graph: Graph, call: OnnxCall): string {
  const weight = call.inputs[1];
  return weight?.name ?? graph.node('Expand', [graph.number('float32', 1), graph.shape(lengths(call, output(call)).slice(-1))]);
}

const layerNorm: OnnxOp = (graph, call) => {
  const [x, bias] = [input(call, 0), call.inputs[2]];
  const attributes = { axis: -1, epsilon: { float: fixed(call, 'eps') } };
  return graph.node('LayerNormalization', [x.name, scaleOf(graph, call), ...(bias ? [bias.name] : [])], attributes);
};

/** `x / √(⟨x²⟩ + eps) · weight`. */
const rmsNorm: OnnxOp = (graph, call) => {
  const [x, weight, eps] = [input(call, 0), call.inputs[1], fixed(call, 'eps')];
  if (graph.opset >= 23) return graph.node('RMSNormalization', [x.name, scaleOf(graph, call)], { axis: -1, epsilon: { float: eps } });
  const mean = graph.reduce('ReduceMean', graph.node('Mul', [x.name, x.name]), [x.dims.length - 1], true);
  const y = graph.node('Div', [x.name, graph.node('Sqrt', [graph.node('Add', [mean, graph.number('float32', eps)])])]);
  return weight ? graph.node('Mul', [y, weight.name]) : y;
};

/** Norms. */
export const norms: Readonly<Record<string, OnnxOp>> = { layerNorm, logSoftmax, logSumExp, rmsNorm, softmax };
