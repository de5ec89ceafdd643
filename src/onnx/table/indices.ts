// Reading and writing by index. Indices are int32; an operator that wants int64 gets a cast.

import type { Graph, OnnxCall, OnnxOp } from '../graph.ts';
import type { Size } from '../size.ts';
import { fixed, input, lengths, output, whole } from './call.ts';

const gather: OnnxOp = (graph, call) => graph.node('Gather', [input(call, 0).name, input(call, 1).name], { axis: 0 });

const zeros = (graph: Graph, sizes: readonly Size[]) => graph.node('Expand', [graph.number('float32', 0), graph.shape(sizes)]);

/** `index` with a last axis of 1, as the operators of whole rows take it. */
const rows = (graph: Graph, { name }: { readonly name: string }) => graph.unsqueeze(graph.cast(name, 'int64'), -1);

const segmentSum: OnnxOp = (graph, call) => {
  const [x, index] = [input(call, 0), input(call, 1)];
  const row = lengths(call, x).slice(index.dims.length);
  return graph.node('ScatterND', [zeros(graph, [whole(call, 'rows'), ...row]), rows(graph, index), x.name], { reduction: 'add' });
};

/** `x` `[…, J, D]`, zeros where the bag's index `[…, J]` is skipped. */
function unskipped(graph: Graph, call: OnnxCall, index: string, x: string): string {
  if (call.attributes.paddingIndex === undefined) return x;
  const skipped = graph.unsqueeze(graph.node('Equal', [index, graph.number('int32', fixed(call, 'paddingIndex'))]), -1);
  return graph.node('Where', [skipped, graph.number('float32', 0), x]);
}

/** The rows that a bag names, times the weights of their places, in one sum. */
const embeddingBag: OnnxOp = (graph, call) => {
  const [table, index, weights] = [input(call, 0), input(call, 1), call.inputs[2]];
  const rows = graph.node('Gather', [table.name, index.name], { axis: 0 });
  const weighed = weights ? graph.node('Mul', [rows, weights.name]) : rows;
  return graph.reduce('ReduceSum', unskipped(graph, call, index.name, weighed), [index.dims.length - 1], false);
};

const bagTable: OnnxOp = (graph, call) => {
  const [g, index, weights] = [input(call, 0), input(call, 1), call.inputs[2]];
  const width = lengths(call, g).at(-1) as Size;
  const ones =
    weights?.name ?? graph.node('Expand', [graph.number('float32', 1), graph.shape([lengths(call, index).at(-1) as Size, width])]);
  const each = graph.node('Mul', [graph.unsqueeze(g.name, -2), ones]);
  const target = zeros(graph, [whole(call, 'rows'), width]);
  return graph.node('ScatterND', [target, rows(graph, index), unskipped(graph, call, index.name, each)], { reduction: 'add' });
};

const bagWeights: OnnxOp = (graph, call) => {
  const [g, index, table] = [input(call, 0), input(call, 1), input(call, 2)];
  const taken = graph.node('Gather', [table.name, index.name], { axis: 0 });
  const each = unskipped(graph, call, index.name, graph.node('Mul', [graph.unsqueeze(g.name, -2), taken]));
  const bags = index.dims.slice(0, -1).map((_, axis) => axis);
  return bags.length === 0 ? each : graph.reduce('ReduceSum', each, bags, false);
};

/** Where there is an index: −1 is none. */
const known = (graph: Graph, index: string) => graph.node('GreaterOrEqual', [index, graph.number('int32', 0)]);

/** The elements that `index` names along an axis, 0 where it is −1. */
export function picked(graph: Graph, x: string, index: string, axis: number): string {
  const taken = graph.squeeze(graph.node('GatherElements', [x, graph.unsqueeze(index, axis)], { axis }), axis);
  return graph.node('Where', [known(graph, index), taken, graph.number('float32', 0)]);
}

const pick: OnnxOp = (graph, call) => picked(graph, input(call, 0).name, input(call, 1).name, fixed(call, 'axis'));

/** True where the new axis has the place that `index` names: bool. */
function marked(
  graph: Graph,
  { name, dims }: { readonly name: string; readonly dims: readonly unknown[] },
  axis: number,
  length: Size,
): string {
  const behind = dims.length - axis;
  const places = graph.unsqueeze(graph.range('int32', 0, length), ...Array.from({ length: behind }, (_, i) => i + 1));
  return graph.node('Equal', [graph.unsqueeze(name, axis), places]);
}

const oneHot: OnnxOp = (graph, call) => {
  const index = input(call, 0);
  return graph.cast(marked(graph, index, index.dims.length, whole(call, 'length')), 'float32');
};

const unpick: OnnxOp = (graph, call) => {
  const [g, index] = [input(call, 0), input(call, 1)];
  const axis = fixed(call, 'axis');
  const mask = marked(graph, index, axis, lengths(call, output(call))[axis] as Size);
  return graph.node('Where', [mask, graph.unsqueeze(g.name, axis), graph.number('float32', 0)]);
};

const batchGather: OnnxOp = (graph, call) => {
  const [x, index] = [input(call, 0), input(call, 1)];
  const batch = fixed(call, 'batchDims');
  if (batch === 0) return graph.node('Gather', [x.name, index.name], { axis: 0 });
  const alone = batch === x.dims.length - 1 && index.dims.length === x.dims.length;
  if (alone) return graph.node('GatherElements', [x.name, index.name], { axis: batch });
  return graph.node('GatherND', [x.name, rows(graph, index)], { batch_dims: batch });
};

const scatterAddAlongAxis: OnnxOp = (graph, call) => {
  const [x, index] = [input(call, 0), input(call, 1)];
  const target = zeros(graph, [...lengths(call, x).slice(0, -1), whole(call, 'length')]);
  return graph.node('ScatterElements', [target, index.name, x.name], { axis: -1, reduction: 'add' });
};

/** Reading and writing by index. */
export const indexing: Readonly<Record<string, OnnxOp>> = {
  bagTable,
  bagWeights,
  batchGather,
  embeddingBag,
  gather,
  oneHot,
  pick,
  scatterAddAlongAxis,
  segmentSum,
  unpick,
};
