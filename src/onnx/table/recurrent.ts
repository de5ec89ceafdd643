// Whole sequences through an LSTM or a GRU. The operators want time first, gates in another order, and real steps before all others.

import type { Graph, OnnxCall, OnnxOp, OnnxValue } from '../graph.ts';
import type { Size } from '../size.ts';
import { input, lengths, output } from './call.ts';

/** Where the operator's gates are among ours: its i o f c are our i f g o, its z r h our r z n. */
const orders = { LSTM: [0, 3, 1, 2], GRU: [1, 0, 2] } as const;

type Cell = keyof typeof orders;

/** A weight `[gates·H, n]`, or a bias, in the operator's order of gates, with an axis of directions in front. */
function gates(graph: Graph, cell: Cell, { name, dims }: OnnxValue, hidden: number): string {
  const order = orders[cell];
  const rest = dims.slice(1).map(() => -1);
  const apart = graph.node('Reshape', [name, graph.ints(order.length, hidden, ...rest)]);
  const moved = graph.node('Gather', [apart, graph.ints(...order)], { axis: 0 });
  return graph.node('Reshape', [moved, graph.ints(1, order.length * hidden, ...rest)]);
}

/** Rows of `x` `[B, T, …]` at the places `index` int64 `[B, T]` says, of each example. */
const rowsAt = (graph: Graph, x: string, index: string) => graph.node('GatherND', [x, graph.unsqueeze(index, 2)], { batch_dims: 1 });

/** Of a mask `[B, T]`: the order that puts real steps first, and for each step its place then. */
function packing(graph: Graph, mask: string, steps: Size) {
  const t = graph.range('int64', 0, steps);
  const order = graph.once(`order of ${mask}`, () => {
    const late = graph.node('Add', [t, graph.size(steps)]);
    const key = graph.node('Where', [mask, t, late]);
    return graph.several('TopK', [key, graph.size(steps)], { largest: 0, sorted: 1 }, 2)[1] as string;
  });
  const counts = graph.once(`counts of ${mask}`, () => graph.cast(mask, 'int32'));
  const places = graph.once(`places of ${mask}`, () => {
    const upTo = graph.node('CumSum', [counts, graph.number('int64', 1)]);
    return graph.cast(graph.node('Max', [graph.node('Sub', [upTo, graph.number('int32', 1)]), graph.number('int32', 0)]), 'int64');
  });
  const real = graph.once(`lengths of ${mask}`, () => graph.reduce('ReduceSum', counts, [1], false));
  return { order, places, real };
}

/** Runs the operator; output `[B, T, H]` and the states `[B, H]`. */
function sequence(graph: Graph, call: OnnxCall, cell: Cell): string[] {
  const states = cell === 'LSTM' ? 2 : 1;
  const [weightIh, weightHh, biasIh, biasHh] = [1, 2, 3, 4].map((i) => input(call, i)) as [OnnxValue, OnnxValue, OnnxValue, OnnxValue];
  const mask = call.inputs[5 + states];
  const [table, index] = call.inputs.slice(6 + states);
  const [, steps, width] = lengths(call, output(call)) as [Size, Size, Size];
  const hidden = width.fixed ?? 0;
  const x = call.inputs[0]?.name ?? graph.node('Gather', [table?.name ?? '', index?.name ?? ''], { axis: 0 });
  const pack = mask && packing(graph, mask.name, steps);
  const inOrder = pack ? rowsAt(graph, x, pack.order) : x;
  const bias = graph.node('Concat', [gates(graph, cell, biasIh, hidden), gates(graph, cell, biasHh, hidden)], { axis: 1 });
  const first = call.inputs.slice(5, 5 + states).map((state) => (state ? graph.unsqueeze(state.name, 0) : ''));
  const inputs = [graph.permute(inOrder, [1, 0, 2]), gates(graph, cell, weightIh, hidden), gates(graph, cell, weightHh, hidden)];
  const [all, ...last] = graph.several(
    cell,
    [...inputs, bias, pack?.real ?? '', ...first],
    {
      hidden_size: hidden,
      direction: call.attributes.reverse ? 'reverse' : 'forward',
      ...(cell === 'GRU' && { linear_before_reset: 1 }),
    },
    1 + states,
  );
  const y = graph.permute(graph.squeeze(all as string, 1), [1, 0, 2]); // [B, T, H]
  const back =
    mask && pack ? graph.node('Where', [graph.unsqueeze(mask.name, 2), rowsAt(graph, y, pack.places), graph.number('float32', 0)]) : y;
  return [back, ...last.map((state) => graph.squeeze(state, 0))];
}

/** Sequences. */
export const sequences: Readonly<Record<string, OnnxOp>> = {
  gru: (graph, call) => sequence(graph, call, 'GRU'),
  lstm: (graph, call) => sequence(graph, call, 'LSTM'),
};
