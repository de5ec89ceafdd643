// Scaled dot-product attention: of products and a softmax, or from operators 23 on as one.

import type { Graph, OnnxCall, OnnxOp, OnnxValue } from '../graph.ts';
import type { Size } from '../size.ts';
import { fixed, input, lengths, whole } from './call.ts';
import { type Lengths, nearness, sumsOf, withinReach } from './distance.ts';
import { turned } from './product.ts';

/** A call, with what its shapes say. */
interface Look extends Lengths {
  readonly query: OnnxValue;
  readonly keys: string;
  readonly values: string;
  /** Heads of queries for each of keys. */
  readonly group: number;
}

function looked(graph: Graph, call: OnnxCall): Look {
  const [query, keys, values] = [input(call, 0), input(call, 1), input(call, 2)];
  const all = lengths(call, query);
  const [heads, groups] = [query, keys].map(({ dims }) => dims.at(-3)?.fixed);
  const group = heads !== undefined && groups !== undefined && groups > 0 ? heads / groups : 1;
  const short = call.attributes.length !== undefined && call.attributes.length !== null;
  const s = short ? whole(call, 'length') : (lengths(call, keys).at(-2) as Size);
  const there = ({ name }: OnnxValue) => (short ? graph.node('Slice', [name, graph.ints(0), graph.size(s), graph.ints(-2)]) : name);
  return { query, keys: there(keys), values: there(values), lead: all.slice(0, -2), t: all.at(-2) as Size, s, group };
}

/** Where queries may look, bool, if something says so. */
function maskOf(graph: Graph, call: OnnxCall, look: Look): string | undefined {
  const given = call.inputs[3]?.name;
  const near = withinReach(graph, call, look);
  return given !== undefined && near !== undefined ? graph.node('And', [given, near]) : (given ?? near);
}

/** The scores before the softmax. */
function scoresOf(graph: Graph, call: OnnxCall, look: Look, product: string): string {
  const number = (value: number) => graph.number('float32', value);
  const scaled = graph.node('Mul', [product, number(fixed(call, 'scale'))]);
  const cap = call.attributes.softcap;
  const capped =
    typeof cap === 'number' ? graph.node('Mul', [graph.node('Tanh', [graph.node('Div', [scaled, number(cap)])]), number(cap)]) : scaled;
  const bias = call.inputs[4];
  const biased = bias ? graph.node('Add', [capped, bias.name]) : capped;
  const near = nearness(graph, call, look);
  return near === undefined ? biased : graph.node('Add', [biased, near]);
}

/** Heads that share keys as queries of one head, `[…, G, H/G · T, ·]`; back with as many groups as heads. */
function together(graph: Graph, x: string, { lead, group }: Look, groups: number): string {
  if (group === 1) return x;
  return graph.node('Reshape', [x, graph.ints(...new Array<number>(lead.length - 1).fill(0), groups, -1, 0)]);
}

function decomposed(graph: Graph, call: OnnxCall): string[] {
  const look = looked(graph, call);
  const heads = look.lead.at(-1)?.fixed ?? 1;
  const both = (x: string) => together(graph, x, look, heads / look.group);
  const each = (x: string) => together(graph, x, look, heads);
  const keys = turned(graph, { name: look.keys, dims: look.query.dims });
  const scores = scoresOf(graph, call, look, each(graph.node('MatMul', [both(look.query.name), keys])));
  const mask = maskOf(graph, call, look);
  const lowest = graph.number('float32', -Infinity);
  const seen = mask ? graph.node('Where', [mask, scores, lowest]) : scores;
  const shares = graph.node('Softmax', [seen], { axis: -1 });
  const open = call.inputs[4] ? graph.node('Not', [graph.node('Equal', [seen, lowest])]) : mask; // a bias may be −∞ too
  const weights = open ? graph.node('Where', [open, shares, graph.number('float32', 0)]) : shares;
  const output = each(graph.node('MatMul', [both(weights), look.values]));
  const sums = call.attributes.sums === true ? [sumsOf(graph, call, look, weights)] : [];
  return [output, ...(call.attributes.weights ? [weights] : []), ...sums];
}

/** One operator, for `[B, H, T, D]`. */
function fused(graph: Graph, call: OnnxCall): string[] {
  const look = looked(graph, call);
  const { query, keys, values, t, s } = look;
  const causal = call.attributes.causal === true && String(t) === String(s); // otherwise runtimes disagree on where the last query stands
  const mask = causal ? call.inputs[3]?.name : maskOf(graph, call, look);
  const bias = call.inputs[4]?.name;
  const limits = mask && bias ? graph.node('Where', [mask, bias, graph.number('float32', -Infinity)]) : (mask ?? bias);
  const wide = limits ? [graph.node('Expand', [limits, graph.shape([t, s])])] : []; // the runtime does not broadcast the axis of queries
  const attributes = { scale: { float: fixed(call, 'scale') }, is_causal: causal ? 1 : 0 };
  return [graph.node('Attention', [query.name, keys, values, ...wide], attributes)];
}

/** Whether the operator has all that is asked for. */
function isPlain({ inputs, attributes }: OnnxCall): boolean {
  const told = [attributes.before, attributes.after, attributes.softcap, attributes.span, ...inputs.slice(5)];
  return attributes.weights !== true && told.every((value) => value === undefined || value === null);
}

const scaledDotProductAttention: OnnxOp = (graph, call) => {
  const one = graph.opset >= 23 && input(call, 0).dims.length === 4 && isPlain(call);
  return one ? fused(graph, call) : decomposed(graph, call);
};

/** Attention. */
export const attending: Readonly<Record<string, OnnxOp>> = { scaledDotProductAttention };
