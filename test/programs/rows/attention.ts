// Attention and losses.
import type { Draw, Row } from '../draw.ts';
import * as n from '../interpreter.ts';
import { get, type Index, make, type Plain, reduceAxis, type Shape, sizeOf } from '../plain.ts';
import type { Slot } from '../program.ts';
import { behind, logSumExpOf, rootNormed, softmaxOf } from './along.ts';
import { broadcasting } from './elementwise.ts';
import { turned, turnOf } from './indexed.ts';

const range = (length: number) => Array.from({ length }, (_, k) => k);

/** `Σ v tanh(q + k)` of every query with every key. */
const additiveScore: Row = {
  op: 'additiveScore',
  weight: 2,
  refuses: true,
  draw: (d) => {
    const query = d.ranked(3);
    const [batch, queries, width] = query.shape as [number, number, number];
    const keys = d.like([batch, d.length(), width]);
    const v = d.like([width]);
    const length = keys.shape[1] as number;
    d.need(batch * queries * length <= d.sizes.limit);
    const result = make([batch, queries, length], ([b = 0, t = 0, s = 0]) =>
      n.dot(
        range(width).map((i) => get(v, [i])),
        range(width).map((i) => n.tanh(n.add(get(query, [b, t, i]), get(keys, [b, s, i])))),
      ),
    );
    d.call('additiveScore', [query, keys, v], result);
  },
};

/** Keys and values with NaN at what no query may look at. */
function hidden(d: Draw, x: Slot, mask: Slot, target: Shape): Slot {
  const [queries, keys] = target.slice(-2) as [number, number];
  const seen = (lead: Index, s: number) => range(queries).some((t) => get(mask, [...lead, t, s]).value === 1);
  const values = make(x.shape.with(-1, 1), (i) => n.constant(seen(i.slice(0, -2), i.at(-2) as number) ? 1 : 0));
  d.need(keys > 0);
  const shown = d.leaf(
    values.shape,
    values.nodes.map((each) => each.value),
    'bool',
  );
  return behind(d, x, shown);
}

const scaledDotProduct: Row = {
  op: 'scaledDotProductAttention',
  weight: 4,
  draw: (d) => {
    const given = d.float(
      (slot) => slot.shape.length >= 2 && !slot.shape.includes(0),
      () => d.shape(2 + d.int(3)),
    );
    const inside = given.shape.length === 4 ? d.int(8) : 0; // of what is done to queries and keys, one bit each
    const query = normedAndTurned(d, given, inside);
    const lead = query.shape.slice(0, -2);
    const [queries, width] = query.shape.slice(-2) as [number, number];
    const [length, out] = [Math.max(1, d.length()), Math.max(1, d.length())];
    const groups = range(lead.at(-1) ?? 1)
      .map((i) => i + 1)
      .filter((group) => (lead.at(-1) ?? 1) % group === 0);
    const group = d.int(3) === 2 ? (d.pick(groups) ?? 1) : 1;
    const spare = d.int(4) === 3 ? 1 + d.int(2) : 0; // rows that are not there
    const source = group === 1 ? lead : lead.with(-1, (lead.at(-1) as number) / group);
    const [bare, values] = [d.like([...source, length + spare, width]), d.like([...source, length + spare, out])];
    const keys = normedAndTurned(d, bare, inside);
    const from = (before: Index): Index => (group === 1 ? before : before.with(-1, Math.floor((before.at(-1) as number) / group)));
    const target = [...lead, queries, length];
    d.need(sizeOf(target) <= d.sizes.limit);
    const [causal, how] = [d.int(3) === 2, d.int(4096)];
    const places = inside & 4 ? d.index([lead[0] as number], length + 2, -2) : undefined;
    const near = placed(d, target, causal, how, places);
    const mask = d.flag() ? d.mask(target) : undefined;
    const bias = d.int(3) === 2 ? d.like(d.stretchable(target)) : undefined;
    const weighs = d.flag();
    const scale = d.pick([undefined, 0.5, 1]);
    const behindMask = mask && d.int(3) === 2 && group === 1 && spare === 0;
    const scores = scoresOf(query, keys, bias, target, scale ?? 1 / Math.sqrt(width), from, near);
    const weights = weightsOf(scores, mask, near);
    const output = make([...lead, queries, out], (i) => {
      const [at, c] = [i.slice(0, -1), i.at(-1) as number];
      const open = range(length).filter((s) => visible(mask, near, target, [...at, s]));
      return n.dot(
        open.map((s) => get(weights, [...at, s])),
        open.map((s) => get(values, [...from(at.slice(0, -1)), s, c])),
      );
    });
    const masked = {
      ...(mask ? { mask } : {}),
      ...(places ? { places } : {}),
      ...(bias ? { bias } : {}),
      ...(scale ? { scale } : {}),
      ...(spare > 0 ? { length } : {}),
    };
    const options = { ...masked, ...near.options, causal, weights: weighs };
    const operands = behindMask ? [query, hidden(d, keys, mask, target), hidden(d, values, mask, target)] : [query, keys, values];
    d.calls(
      'scaledDotProductAttention',
      [...operands, options],
      weighs ? [output, weights] : [output],
      weighs ? ['output', 'weights'] : ['output'],
    );
  },
};

/** What goes by how far a key is from its query, and what bends scores. */
interface Near {
  options: object;
  /** Whether a query looks at a key so far away. */
  sees: (distance: number) => boolean;
  bent: (score: n.Node) => n.Node;
  /** What a score gains, of query `at` [..., t] and a key so far away. */
  gain: ((at: Index, distance: number) => n.Node) | undefined;
  /** The place of each example's first query, if it is not the usual one. */
  places: Slot | undefined;
}

/** Queries or keys as a model's layers hand them on: normed and turned, as the bits of `inside` say. */
function normedAndTurned(d: Draw, x: Slot, inside: number): Slot {
  const normed = inside & 1 ? rootNormed(d, x) : x;
  if (!(inside & 2) || (x.shape[3] as number) < 2) return normed;
  const turn = turnOf(d, x.shape[3] as number);
  return turned(d, normed, d.index([d.flag() ? 1 : (x.shape[0] as number), x.shape[2] as number], turn.table.shape[0] as number), turn);
}

/** All of it by one number, since a gene has few; 0 is none of it. */
function placed(d: Draw, target: Shape, causal: boolean, how: number, places: Slot | undefined): Near {
  const two = (place: number) => (how >> (2 * place)) & 3;
  const cap = two(0) === 3 ? 1.5 : undefined;
  const before = two(1) > 1 ? two(1) - 1 : undefined;
  const after = two(2) > 1 ? two(2) - 2 : undefined;
  const kind = (['none', 'none', 'slopes', 'table'] as const)[two(3)];
  const last = Math.min(after ?? Infinity, causal ? 0 : Infinity);
  const shared = {
    sees: (distance: number) => distance >= -(before ?? Infinity) && distance <= last,
    bent: (score: n.Node) => (cap ? n.scale(n.tanh(n.scale(score, 1 / cap)), cap) : score),
    places,
  };
  const options = { ...(cap && { softcap: cap }), ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
  if (kind === 'none') return { ...shared, options, gain: undefined };
  const span = kind === 'table' ? 1 + two(4) : 1;
  const row = d.like([...d.stretchable(target.slice(0, -1)), span]);
  if (kind === 'slopes')
    return { ...shared, options: { ...options, slopes: row }, gain: (at, distance) => n.scale(get(row, [...at, 0]), -Math.abs(distance)) };
  const zero = two(5) % span;
  const column = (distance: number) => Math.max(0, Math.min(span - 1, zero + distance));
  return {
    ...shared,
    options: { ...options, distance: { bias: row, zero } },
    gain: (at, distance) => get(row, [...at, column(distance)]),
  };
}

/** How far key s is from query t, of whom the last stands at the last key, or the first at its example's place. */
function distanceOf(target: Shape, i: Index, places: Slot | undefined): number {
  const [queries, keys] = target.slice(-2) as [number, number];
  const [t, s] = i.slice(-2) as [number, number];
  return s - (t + (places ? (places.nodes[i[0] as number] as n.Node).value : keys - queries));
}

const visible = (mask: Plain | undefined, near: Near, target: Shape, i: Index): boolean =>
  (!mask || get(mask, i).value === 1) && near.sees(distanceOf(target, i, near.places));

function scoresOf(
  query: Plain,
  keys: Plain,
  bias: Plain | undefined,
  target: Shape,
  scale: number,
  from: (lead: Index) => Index,
  near: Near,
): Plain {
  const width = query.shape.at(-1) as number;
  return make(target, (i) => {
    const [lead, t, s] = [i.slice(0, -2), i.at(-2) as number, i.at(-1) as number];
    const product = n.dot(
      range(width).map((k) => get(query, [...lead, t, k])),
      range(width).map((k) => get(keys, [...from(lead), s, k])),
    );
    const bent = near.bent(n.scale(product, scale));
    const biased = bias ? n.add(bent, get(bias, i)) : bent;
    return near.gain ? n.add(biased, near.gain(i.slice(0, -1), distanceOf(target, i, near.places))) : biased;
  });
}

/** Softmax over the keys that may be looked at; 0 elsewhere. */
function weightsOf(scores: Plain, mask: Plain | undefined, near: Near): Plain {
  const rows = new Map<string, n.Node[]>();
  const length = scores.shape.at(-1) as number;
  return make(scores.shape, (i) => {
    const at = i.slice(0, -1);
    const open = range(length).filter((s) => visible(mask, near, scores.shape, [...at, s]));
    const row = rows.get(at.join()) ?? softmaxOf(open.map((s) => get(scores, [...at, s])));
    rows.set(at.join(), row);
    return row[open.indexOf(i.at(-1) as number)] ?? n.zero;
  });
}

/** What becomes of the losses of all elements. */
export function reduced(d: Draw, losses: Plain, count: number): { result: Plain; reduction: object } {
  const kind = d.int(4);
  if (kind === 0) return { result: losses, reduction: { reduction: 'none' } };
  const total = n.sum(losses.nodes);
  if (kind === 1) return { result: { shape: [], nodes: [total] }, reduction: { reduction: 'sum' } };
  return { result: { shape: [], nodes: [n.scale(total, 1 / Math.max(1, count))] }, reduction: kind === 2 ? { reduction: 'mean' } : {} };
}

const absolute = (d: Draw, x: n.Node) => {
  d.apart(x, n.zero);
  return x.value === 0 ? n.zero : x.value < 0 ? n.neg(x) : x;
};

/** A loss of two tensors of one shape. */
const between = (op: string, f: (d: Draw, x: n.Node, target: n.Node) => n.Node): Row => ({
  op,
  draw: (d) => {
    const x = d.float();
    const target = d.like(x.shape);
    const { result, reduction } = reduced(
      d,
      broadcasting(d, x, target, (a, b) => f(d, a, b)),
      x.nodes.length,
    );
    d.call(op, [x, target, reduction], result);
  },
});

/** `d²/2β` below β, `d − β/2` from there. */
function huber(d: Draw, x: n.Node, target: n.Node): n.Node {
  const off = absolute(d, n.sub(x, target));
  d.apart(off, n.one);
  return off.value < 1 ? n.scale(n.mul(off, off), 0.5) : n.shift(off, -0.5);
}

/** `−t ln σ(x) − (1 − t) ln(1 − σ(x))`; `−ln σ(x)` is softplus(−x). */
const crossed = (_: Draw, x: n.Node, t: n.Node) => n.add(n.mul(t, n.softplus(n.neg(x))), n.mul(n.sub(n.one, t), n.softplus(x)));

/** A loss of rows with a class each; one class may count for nothing. */
const classes = (op: 'crossEntropy' | 'nllLoss'): Row => ({
  op,
  weight: 2,
  draw: (d) => {
    const x = d.float((slot) => slot.shape.length > 0 && !slot.shape.includes(0));
    const axis = x.shape.length - 1;
    const width = x.shape[axis] as number;
    const target = d.index(x.shape.slice(0, -1), width);
    const ignoreIndex = d.int(3) === 2 ? d.int(width) : undefined;
    const labelSmoothing = op === 'crossEntropy' && d.int(3) === 2 ? 0.125 : 0;
    const losses = reduceAxis(x, axis, (row, rest) => {
      const at = get(target, rest).value;
      if (at === ignoreIndex) return n.zero;
      if (op === 'nllLoss') return n.neg(row[at] as n.Node);
      const all = logSumExpOf(row);
      const off = row.map((each) => n.sub(all, each));
      return n.add(n.scale(off[at] as n.Node, 1 - labelSmoothing), n.scale(n.sum(off), labelSmoothing / width));
    });
    const count = target.nodes.filter(({ value }) => value !== ignoreIndex).length;
    const { result, reduction } = reduced(d, losses, count);
    const options = { ...reduction, ...(ignoreIndex === undefined ? {} : { ignoreIndex }), ...(labelSmoothing ? { labelSmoothing } : {}) };
    d.call(op, [x, target, options], result);
  },
});

export const attending: Row[] = [
  additiveScore,
  scaledDotProduct,
  between('mseLoss', (_, x, target) => n.mul(n.sub(x, target), n.sub(x, target))),
  between('l1Loss', (d, x, target) => absolute(d, n.sub(x, target))),
  between('smoothL1Loss', huber),
  between('binaryCrossEntropyWithLogits', crossed),
  classes('crossEntropy'),
  classes('nllLoss'),
];
