// Reading and writing by index. Indices are int32; an operator that wants int64 gets a cast.

import type { Graph, OnnxOp } from '../graph.ts';
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

/** Not below 0: −1 is no index here. */
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
  batchGather,
  gather,
  oneHot,
  pick,
  scatterAddAlongAxis,
  segmentSum,
  unpick,
};
