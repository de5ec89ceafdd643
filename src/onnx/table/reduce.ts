// Axes that become one number, and the order along an axis.

import type { Graph, OnnxOp, OnnxValue } from '../graph.ts';
import type { Size } from '../size.ts';
import { fixed, input, lengths, output, whole } from './call.ts';

/** The axes that were stretched are summed; those in front go. */
const sumTo: OnnxOp = (graph, call) => {
  const [x, y] = [input(call, 0), output(call)];
  const missing = x.dims.length - y.dims.length;
  const stretched = (axis: number) => y.dims[axis - missing]?.fixed === 1 && x.dims[axis]?.fixed !== 1;
  const axes = [...x.dims.keys()].filter((axis) => axis < missing || stretched(axis));
  const sums = axes.length === 0 ? x.name : graph.reduce('ReduceSum', x.name, axes, true);
  return graph.squeeze(sums, ...axes.filter((axis) => axis < missing));
};

/** Of int32. */
const sum: OnnxOp = (graph, call) => {
  const axes = call.attributes.axis as number[];
  return axes.length === 0 ? input(call, 0).name : graph.reduce('ReduceSum', input(call, 0).name, axes, false);
};

const max: OnnxOp = (graph, call) => graph.reduce('ReduceMax', input(call, 0).name, [fixed(call, 'axis')], false);

const argmax: OnnxOp = (graph, call) =>
  graph.cast(graph.node('ArgMax', [input(call, 0).name], { axis: fixed(call, 'axis'), keepdims: 0 }), 'int32');

/** Places of the first `k` along the last axis; the lower place first among equals. */
function places(graph: Graph, x: OnnxValue, k: Size, largest: boolean): string {
  const [, indices] = graph.several('TopK', [x.name, graph.size(k)], { largest: largest ? 1 : 0, sorted: 1 }, 2);
  return graph.cast(indices as string, 'int32');
}

const topk: OnnxOp = (graph, call) => places(graph, input(call, 0), whole(call, 'k'), call.attributes.largest === true);

const argsort: OnnxOp = (graph, call) => {
  const x = input(call, 0);
  return places(graph, x, lengths(call, x).at(-1) as Size, call.attributes.descending === true);
};

/** Reductions and orders. */
export const reductions: Readonly<Record<string, OnnxOp>> = { argmax, argsort, max, sum, sumTo, topk };
