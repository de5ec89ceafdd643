// Products of matrices.

import type { Graph, OnnxOp, OnnxValue } from '../graph.ts';
import { exchanged, input } from './call.ts';

/** The last two axes exchanged. */
export function turned(graph: Graph, { name, dims }: Pick<OnnxValue, 'name' | 'dims'>): string {
  return graph.permute(name, exchanged(dims.length, dims.length - 2, dims.length - 1));
}

const matmul: OnnxOp = (graph, call) => {
  const [a, b] = [input(call, 0), input(call, 1)];
  const { transposeA, transposeB } = call.attributes;
  return graph.node('MatMul', [transposeA ? turned(graph, a) : a.name, transposeB ? turned(graph, b) : b.name]);
};

/** The weight keeps its layout: a runtime transposes a constant once, when it loads. */
const linear: OnnxOp = (graph, call) => {
  const [x, weight, bias] = [input(call, 0), input(call, 1), call.inputs[2]];
  const product = graph.node('MatMul', [x.name, turned(graph, weight)]);
  return bias ? graph.node('Add', [product, bias.name]) : product;
};

/** Products. */
export const products: Readonly<Record<string, OnnxOp>> = { linear, matmul };
