// Scaled dot-product attention: of products and a softmax, or from operators 23 on as one.

import type { Graph, OnnxCall, OnnxOp, OnnxValue } from '../graph.ts';
import type { Size } from '../size.ts';
import { fixed, input, lengths, whole } from './call.ts';
import { turned } from './product.ts';
import { triangle } from './shape.ts';

/** A call, with what its shapes say. */
interface Look {
  readonly query: OnnxValue;
  readonly keys: string;
  readonly values: string;
  /** Of query, keys and values. */
  readonly rank: number;
  readonly t: Size;
  readonly s: Size;
  /** Heads of queries for each of keys. */
  readonly group: number;
  readonly scale: number;
  readonly bias: OnnxValue | null;
}

function looked(graph: Graph, call: OnnxCall): Look {
  const [query, keys, values] = [input(call, 0), input(call, 1), input(call, 2)];
  const rank = query.dims.length;
  const [t, , heads] = [lengths(call, query).at(-2) as Size, 0, query.dims.at(-3)?.fixed];
  const groups = keys.dims.at(-3)?.fixed;
  const group = rank > 2 && heads !== undefined && groups !== undefined && groups > 0 ? heads / groups : 1;
  const short = call.attributes.length !== undefined && call.attributes.length !== null;
  const s = short ? whole(call, 'length') : (lengths(call, keys).at(-2) as Size);
  const there = ({ name }: OnnxValue) => (short ? graph.node('Slice', [name, graph.ints(0), graph.size(s), graph.ints(rank - 2)]) : name);
  const names = { keys: there(keys), values: there(values) };
  return { query, ...names, rank, t, s, group, scale: fixed(call, 'scale'), bias: call.inputs[4] ?? null };
}

/** Where queries may look, bool, if something says so; causal attention of as many queries as keys may be left to the operator. */
function maskOf(graph: Graph, call: OnnxCall, { t, s }: Look, causal: boolean): string | undefined {
  const given = call.inputs[3]?.name;
  if (!causal) return given;
  const past = triangle(graph, t, s, s.plus(t, -1)); // [T, S]
  return given === undefined ? past : graph.node('And', [given, past]);
}

/** Heads that share keys as queries of one head, `[…, G, H/G · T, ·]`, and back. */
function together(graph: Graph, x: string, { rank, group }: Look, groups: number): string {
  if (group === 1) return x;
  return graph.node('Reshape', [x, graph.ints(...new Array<number>(rank - 3).fill(0), groups, -1, 0)]);
}

function decomposed(graph: Graph, call: OnnxCall): string[] {
  const look = looked(graph, call);
  const { query, group, bias } = look;
  const heads = query.dims.at(-3)?.fixed ?? 1;
  const both = (x: string) => together(graph, x, look, heads / group);
  const apart = (x: string) => together(graph, x, { ...look, group: heads }, heads);
  const each = (x: string) => (group === 1 ? x : apart(x));
  const keys = turned(graph, { name: look.keys, dims: query.dims });
  const scores = graph.node('Mul', [each(graph.node('MatMul', [both(query.name), keys])), graph.number('float32', look.scale)]);
  const biased = bias ? graph.node('Add', [scores, bias.name]) : scores;
  const mask = maskOf(graph, call, look, call.attributes.causal === true);
  const zero = graph.number('float32', 0);
  const lowest = graph.number('float32', -Infinity);
  const seen = mask ? graph.node('Where', [mask, biased, lowest]) : biased;
  const shares = graph.node('Softmax', [seen], { axis: -1 });
  const hidden = bias ? graph.node('Not', [graph.node('Equal', [seen, lowest])]) : mask; // also where the bias is −∞
  const weights = hidden ? graph.node('Where', [hidden, shares, zero]) : shares;
  const output = each(graph.node('MatMul', [both(weights), look.values]));
  return call.attributes.weights ? [output, weights] : [output];
}

/** One operator, for `[B, H, T, D]`. */
function fused(graph: Graph, call: OnnxCall): string[] {
  const look = looked(graph, call);
  const square = String(look.t) === String(look.s); // where they differ, which query is the last is not agreed on
  const causal = call.attributes.causal === true;
  const mask = maskOf(graph, call, look, causal && !square);
  const { query, keys, values, scale, bias } = look;
  const { t, s } = look;
  const whole = (x: string) => graph.node('Expand', [x, graph.shape([t, s])]); // the runtime stretches no axis of queries
  const limits = mask && bias ? graph.node('Where', [mask, bias.name, graph.number('float32', -Infinity)]) : (mask ?? bias?.name ?? '');
  return [
    graph.node('Attention', [query.name, keys, values, ...(limits ? [whole(limits)] : [])], {
      scale: { float: scale },
      is_causal: causal && square ? 1 : 0,
    }),
  ];
}

const scaledDotProductAttention: OnnxOp = (graph, call) => {
  const one = graph.opset >= 23 && input(call, 0).dims.length === 4 && !call.attributes.weights;
  return one ? fused(graph, call) : decomposed(graph, call);
};

/** Attention. */
export const attending: Readonly<Record<string, OnnxOp>> = { scaledDotProductAttention };
