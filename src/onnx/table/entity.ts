// A story as the entities of an entity network hear it: what a sentence does is a graph of its own.

import type { Graph, OnnxCall, OnnxOp } from '../graph.ts';
import { input } from './call.ts';

/** What each sentence reads besides itself, under names that no result of the graph takes over. */
function shared(graph: Graph, call: OnnxCall) {
  const [keys, , stateWeight, stateBias, , keyWeight, slopes] = [2, 3, 4, 5, 6, 7, 8].map((i) => input(call, i).name) as [
    ...[string, string, string, string, string, string, string],
  ];
  const product = graph.node('MatMul', [keys, graph.node('Transpose', [keyWeight], { perm: [1, 0] })]);
  return {
    own: graph.node('Add', [product, stateBias]), // [N, D]
    stateWeight: graph.node('Transpose', [stateWeight], { perm: [1, 0] }),
    slopes: graph.node('Identity', [slopes]),
    zero: graph.number('float32', 0),
    one: graph.number('float32', 1),
    last: graph.ints(-1),
    second: graph.ints(1),
    pair: graph.ints(1, 2),
  };
}

/** The states after a sentence, and its gates: `before` `[B, N, D]`, `heard` and `driven` `[B, D]`, `matched` `[B, N]`, `real` `[B]`. */
function sentence(
  graph: Graph,
  given: ReturnType<typeof shared>,
  names: Readonly<Record<'before' | 'heard' | 'matched' | 'driven', string>>,
  real?: string,
) {
  const { own, stateWeight, slopes, zero, one, last, second, pair } = given;
  const node = (type: string, ...inputs: string[]) => graph.node(type, inputs);
  const agreed = node('Squeeze', node('MatMul', names.before, node('Unsqueeze', names.heard, last)), last);
  const open = node('Sigmoid', node('Add', agreed, names.matched));
  const gate = real ? node('Where', node('Unsqueeze', real, second), open, zero) : open;
  const z = node('Add', node('MatMul', names.before, stateWeight), node('Add', own, node('Unsqueeze', names.driven, second)));
  const bent = node('Where', node('Greater', z, zero), z, node('Mul', z, slopes));
  const moved = node('Add', names.before, node('Mul', node('Unsqueeze', gate, last), bent));
  const length = node('ReduceSum', node('Mul', moved, moved), last);
  const next = node('Div', moved, node('Sqrt', node('Where', node('Equal', length, zero), one, length)));
  return { gate, after: real ? node('Where', node('Unsqueeze', real, pair), next, names.before) : next };
}

const entityStates: OnnxOp = (graph, call) => {
  const [sentences, h0, keys, gateBias, , , sentenceWeight] = [0, 1, 2, 3, 4, 5, 6].map((i) => input(call, i).name) as [
    ...[string, string, string, string, string, string, string],
  ];
  const mask = call.inputs[9]?.name;
  const given = shared(graph, call);
  const turned = (x: string) => graph.node('Transpose', [x], { perm: [1, 0] });
  const heard = graph.permute(sentences, [1, 0, 2]); // [S, B, D]
  const scanned = [
    heard,
    graph.node('Add', [graph.node('MatMul', [heard, turned(keys)]), gateBias]),
    graph.node('MatMul', [heard, turned(sentenceWeight)]),
    ...(mask ? [turned(mask)] : []),
  ];
  const [before, now, matched, driven, real, ...after] = ['before', 'heard', 'matched', 'driven', 'real', 'after', 'states', 'gates'].map(
    (name) => graph.fresh(name),
  ) as [string, string, string, string, string, string, string, string];
  const { nodes, made } = graph.within(() => sentence(graph, given, { before, heard: now, matched, driven }, mask ? real : undefined));
  for (const [i, x] of [made.after, made.after, made.gate].entries())
    nodes.push({ type: 'Identity', inputs: [x], outputs: [after[i] as string], attributes: {} }); // biome-ignore format: one line
  const port = (name: string, type: 'float32' | 'bool' = 'float32') => ({ name, type, shape: undefined });
  const body = {
    name: graph.fresh('sentence'),
    nodes,
    initializers: [],
    inputs: [port(before), port(now), port(matched), port(driven), ...(mask ? [port(real, 'bool')] : [])],
    outputs: after.map((name) => port(name)),
  };
  const [, states, gates] = graph.put('Scan', [h0, ...scanned], { body: { graph: body }, num_scan_inputs: scanned.length }, 3) as [
    ...[string, string, string],
  ];
  const all = graph.node('Concat', [graph.unsqueeze(h0, 0), states], { axis: 0 }); // [S + 1, B, N, D]
  return [graph.permute(all, [1, 0, 2, 3]), graph.permute(gates, [1, 0, 2])];
};

/** Stories. */
export const hearing: Readonly<Record<string, OnnxOp>> = { entityStates };
