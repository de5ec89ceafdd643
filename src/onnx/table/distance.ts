// What attention does by how far a key is from the place of a query: windows, slopes, and biases and sums from a table.

import type { Graph, OnnxCall, OnnxValue } from '../graph.ts';
import type { Size } from '../size.ts';
import { fixed } from './call.ts';

/** How many queries and keys there are, and the axes before theirs. */
export interface Lengths {
  readonly lead: readonly Size[];
  readonly t: Size;
  readonly s: Size;
}

/** How far keys are behind the queries' places, int64 `[T, S]`, or of each example `[B, 1, T, S]`: the last query is at the last key, unless places say. */
export function distancesOf(graph: Graph, call: OnnxCall, { lead, t, s }: Lengths): string {
  const places = call.inputs[5];
  return graph.once(`distances ${t} ${s} ${places?.name}`, () => {
    const first = places ? 0 : s.plus(t, -1);
    const queries = graph.unsqueeze(graph.range('int64', first, places ? t : s), 1); // [T, 1]
    const behind = graph.node('Sub', [graph.range('int64', 0, s), queries]);
    if (!places) return behind;
    const each = graph.node('Reshape', [graph.cast(places.name, 'int64'), graph.ints(-1, ...lead.slice(1).map(() => 1), 1, 1)]);
    return graph.node('Sub', [behind, each]);
  });
}

/** An end of a window that is near enough to matter. */
function reach({ attributes }: OnnxCall, name: string): number | undefined {
  const value = attributes[name];
  return typeof value === 'number' && Math.abs(value) < 2 ** 30 ? Math.floor(value) : undefined;
}

/** Where the window lets queries look, bool, if there is one. */
export function withinReach(graph: Graph, call: OnnxCall, look: Lengths): string | undefined {
  const [before, after] = [reach(call, 'before'), reach(call, 'after')];
  const ahead = call.attributes.causal === true ? Math.min(0, after ?? 0) : after;
  const number = (value: number) => graph.number('int64', value);
  const ends = [
    ...(ahead === undefined ? [] : [graph.node('LessOrEqual', [distancesOf(graph, call, look), number(ahead)])]),
    ...(before === undefined ? [] : [graph.node('GreaterOrEqual', [distancesOf(graph, call, look), number(-before)])]),
  ];
  return ends.length === 0 ? undefined : ends.reduce((both, end) => graph.node('And', [both, end]));
}

/** The column of the table for each query and key, int64. */
function columns(graph: Graph, call: OnnxCall, look: Lengths): string {
  const at = graph.node('Add', [distancesOf(graph, call, look), graph.number('int64', fixed(call, 'zero'))]);
  return graph.node('Clip', [at, graph.number('int64', 0), graph.number('int64', fixed(call, 'span') - 1)]);
}

/** The same of each head `[…, T, S]`. */
const columnsOfAll = (graph: Graph, call: OnnxCall, look: Lengths) =>
  graph.node('Expand', [columns(graph, call, look), graph.shape([...look.lead, look.t, look.s])]);

/** Elements of a table `[…, T or 1, span]` by distance. */
function fromTable(graph: Graph, call: OnnxCall, look: Lengths, table: OnnxValue): string {
  const ofAll = table.dims.at(-2)?.fixed === 1 || table.dims.length === 1;
  if (ofAll && !call.inputs[5]) {
    const rows = table.dims.length === 1 ? table.name : graph.squeeze(table.name, table.dims.length - 2); // [..., span]
    return graph.node('Gather', [rows, columns(graph, call, look)], { axis: Math.max(0, table.dims.length - 2) });
  }
  const wide = graph.node('Expand', [table.name, graph.node('Concat', [graph.shape([...look.lead, look.t]), graph.ints(1)], { axis: 0 })]);
  return graph.node('GatherElements', [wide, columnsOfAll(graph, call, look)], { axis: look.lead.length + 1 });
}

/** What is added to scores by distance, if anything: `−slope · |d|`, or elements of a table. */
export function nearness(graph: Graph, call: OnnxCall, look: Lengths): string | undefined {
  const [slopes, table] = call.inputs.slice(6);
  if (table) return fromTable(graph, call, look, table);
  if (!slopes) return undefined;
  const far = graph.cast(graph.node('Abs', [distancesOf(graph, call, look)]), 'float32');
  return graph.node('Mul', [graph.node('Neg', [slopes.name]), far]);
}

/** Weights `[…, T, S]` added up by the column of the table: `[…, T, span]`. */
export function sumsOf(graph: Graph, call: OnnxCall, look: Lengths, weights: string): string {
  const shape = graph.node('Concat', [graph.shape([...look.lead, look.t]), graph.ints(fixed(call, 'span'))], { axis: 0 });
  const zeros = graph.node('Expand', [graph.number('float32', 0), shape]);
  return graph.node('ScatterElements', [zeros, columnsOfAll(graph, call, look), weights], { axis: -1, reduction: 'add' });
}
