// Ops that move elements.

import type { Graph, OnnxCall, OnnxOp } from '../graph.ts';
import { Size } from '../size.ts';
import { fixed, input, lengths, output, whole } from './call.ts';

const same = (a: Size | undefined, b: Size | undefined) => a !== undefined && String(a) === String(b);

/** Lengths that a reshape is told: 0 for one that stays, −1 for the only one that is neither that nor a number, else all in full. */
function target(graph: Graph, call: OnnxCall): string {
  const from = input(call, 0).dims;
  const to = output(call).dims;
  const short = to.map((size, axis) => (size?.fixed !== undefined ? size.fixed : same(from[axis], size) ? 0 : -1));
  const sure = short.filter((length) => length === -1).length <= 1 && to.every((size) => size?.fixed !== 0);
  return sure ? graph.ints(...short) : graph.shape(lengths(call, output(call)));
}

const reshape: OnnxOp = (graph, call) => {
  const empty = output(call).dims.some((size) => size?.fixed === 0);
  return graph.node('Reshape', [input(call, 0).name, target(graph, call)], empty ? { allowzero: 1 } : {});
};

const permute: OnnxOp = (graph, call) => graph.permute(input(call, 0).name, call.attributes.axes as number[]);

const expand: OnnxOp = (graph, call) => graph.node('Expand', [input(call, 0).name, graph.shape(lengths(call, output(call)))]);

/** `count` indices from `start` on. An end before the first is written as one far below it. */
const slice: OnnxOp = (graph, call) => {
  const [axis, step] = [fixed(call, 'axis'), fixed(call, 'step')];
  const [start, count] = [whole(call, 'start'), whole(call, 'count')];
  const end = start.plus(count, step);
  const last = step < 0 && (end.fixed === undefined || end.fixed < 0);
  const stop = last ? beforeFirst(graph, end) : graph.size(end);
  return graph.node('Slice', [input(call, 0).name, graph.size(start), stop, graph.ints(axis), graph.ints(step)]);
};

/** An end counted from the front: a number below 0 would count from the back. */
function beforeFirst(graph: Graph, end: Size): string {
  const far = graph.ints(-(2 ** 31));
  if (end.fixed !== undefined) return far;
  const at = graph.size(end);
  return graph.node('Where', [graph.node('Less', [at, graph.ints(0)]), far, at]);
}

/** Zeros before and after. */
const place: OnnxOp = (graph, call) => {
  const x = input(call, 0);
  const [axis, step] = [fixed(call, 'axis'), fixed(call, 'step')];
  if (step !== 1) throw new RangeError(`toOnnx: place must have step 1, got ${step}`);
  const [start, length] = [whole(call, 'start'), whole(call, 'length')];
  const own = lengths(call, x)[axis] as Size;
  const zeros = x.dims.map(() => Size.of(0));
  const ends = graph.shape([...zeros.with(axis, start), ...zeros.with(axis, length.plus(own, -1).plus(start, -1))]);
  if (x.dtype !== 'bool') return graph.node('Pad', [x.name, ends]);
  return graph.cast(graph.node('Pad', [graph.cast(x.name, 'int32'), ends]), 'bool');
};

const concat: OnnxOp = (graph, call) =>
  graph.node(
    'Concat',
    call.inputs.map((x) => x?.name ?? ''),
    { axis: fixed(call, 'axis') },
  );

const unstack: OnnxOp = (graph, call) => {
  const axis = fixed(call, 'axis');
  return call.outputs.map((_, i) => graph.node('Gather', [input(call, 0).name, graph.number('int64', i)], { axis }));
};

const flip: OnnxOp = (graph, call) =>
  graph.node('Slice', [input(call, 0).name, graph.ints(-1), graph.ints(-(2 ** 31)), graph.ints(fixed(call, 'axis')), graph.ints(-1)]);

const arange: OnnxOp = (graph, call) => graph.range('int32', whole(call, 'start'), whole(call, 'end'), fixed(call, 'step'));

/** Where `j ≤ i + offset`, or `j ≥`: bool `[N, M]`. */
function triangle(graph: Graph, rows: Size, columns: Size, offset: Size, upper = false): string {
  const j = graph.range('int64', 0, columns);
  const i = graph.unsqueeze(graph.range('int64', offset, rows.plus(offset)), 1);
  return graph.node(upper ? 'GreaterOrEqual' : 'LessOrEqual', [j, i]);
}

const half =
  (upper: boolean): OnnxOp =>
  (graph, call) => {
    const x = input(call, 0);
    const [rows, columns] = lengths(call, x).slice(-2) as [Size, Size];
    const mask = triangle(graph, rows, columns, whole(call, 'offset'), upper);
    return graph.node(x.dtype === 'bool' ? 'And' : 'Where', x.dtype === 'bool' ? [mask, x.name] : [mask, x.name, graph.number(x.dtype, 0)]);
  };

/** Every run of `size` neighbours, as a new last axis. */
const unfold: OnnxOp = (graph, call) => {
  const x = input(call, 0);
  const [axis, size] = [fixed(call, 'axis'), whole(call, 'size')];
  const starts = lengths(call, output(call))[axis] as Size;
  const rows = graph.unsqueeze(graph.range('int64', 0, starts), 1);
  const index = graph.node('Add', [rows, graph.range('int64', 0, size)]); // [starts, size]
  const runs = graph.node('Gather', [x.name, index], { axis });
  const order = [...x.dims.keys()].map((i) => (i <= axis ? i : i + 1));
  return graph.permute(runs, [...order, axis + 1]);
};

/** Ops that move elements. */
export const shaping: Readonly<Record<string, OnnxOp>> = {
  arange,
  concat,
  expand,
  flip,
  permute,
  place,
  reshape,
  slice,
  tril: half(false),
  triu: half(true),
  unfold,
  unstack,
};
