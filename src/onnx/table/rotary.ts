// Positions as angles.

import type { Graph, OnnxOp } from '../graph.ts';
import type { Size } from '../size.ts';
import { input, lengths } from './call.ts';

/** Indices `from` to before `to` of the last axis. */
const part = (graph: Graph, x: string, from: number, to: number) =>
  graph.node('Slice', [x, graph.ints(from), graph.ints(to), graph.ints(-1)]);

/** The two halves of `x` that turn together, and `back`, which puts in place what they become. */
function pairing(graph: Graph, x: string, half: number, pairs: boolean) {
  const between = (i: number) =>
    graph.node('Gather', [graph.node('Reshape', [x, graph.ints(0, 0, 0, half, 2)]), graph.number('int64', i)], { axis: 4 });
  const [a, b] = pairs ? [between(0), between(1)] : [part(graph, x, 0, half), part(graph, x, half, 2 * half)];
  const back = (p: string, q: string) => {
    if (!pairs) return graph.node('Concat', [p, q], { axis: -1 });
    const side = graph.node('Concat', [graph.unsqueeze(p, 4), graph.unsqueeze(q, 4)], { axis: -1 });
    return graph.node('Reshape', [side, graph.ints(0, 0, 0, 2 * half)]);
  };
  return { a, b, back };
}

const rotary: OnnxOp = (graph, call) => {
  const [x, table, positions] = [input(call, 0), input(call, 1), input(call, 2)];
  const [batch, , queries, depth] = lengths(call, x) as [Size, Size, Size, Size];
  const width = lengths(call, table)[1]?.fixed;
  if (width === undefined)
    throw new RangeError(`toOnnx: rotary must have a table of one width at all sizes, got ${lengths(call, table)[1]}`);
  const pairs = call.attributes.layout === 'pairs';
  const whole = depth.fixed === width;
  if (graph.opset >= 23) {
    const places = graph.node('Expand', [graph.cast(positions.name, 'int64'), graph.shape([batch, queries])]);
    const [cos, sin] = [part(graph, table.name, 0, width / 2), part(graph, table.name, width / 2, width)];
    const attributes = { interleaved: pairs ? 1 : 0, rotary_embedding_dim: whole ? 0 : width };
    return graph.node('RotaryEmbedding', [x.name, cos, sin, places], attributes);
  }
  const rows = graph.unsqueeze(graph.node('Gather', [table.name, positions.name], { axis: 0 }), 1); // [B or 1, 1, T, width]
  const [cos, sin] = [part(graph, rows, 0, width / 2), part(graph, rows, width / 2, width)];
  const { a, b, back } = pairing(graph, whole ? x.name : part(graph, x.name, 0, width), width / 2, pairs);
  const mixed = (p: string, q: string, sign: string) => graph.node(sign, [graph.node('Mul', [p, cos]), graph.node('Mul', [q, sin])]);
  const turned = back(mixed(a, b, 'Sub'), mixed(b, a, 'Add'));
  return whole ? turned : graph.node('Concat', [turned, part(graph, x.name, width, 2 ** 31 - 1)], { axis: -1 });
};

/** Positions. */
export const positions: Readonly<Record<string, OnnxOp>> = { rotary };
