// The layout of the operands of scaled dot-product attention, in the form that its kernels take.

import { spread } from '../autograd/arithmetic.ts';
import { isCount, isFlag, isNumber, isPositive, isSize, maybe, type Rules, ruleOf } from '../tensor/check.ts';
import { broadcastShapes, type Shape, sameShape, show, sizeOf, stretchedStrides } from '../tensor/shape.ts';
import { expectDType, type Tensor } from '../tensor/tensor.ts';

const OP = 'scaledDotProductAttention';

/** Queries in a block, the unit in which the kernels count their work. */
const BLOCK = 64;

/** What a layout depends on besides the operands. */
interface Given {
  mask?: Tensor | undefined;
  bias?: Tensor | undefined;
  causal?: boolean | undefined;
  scale?: number | undefined;
  length?: number | undefined;
  places?: Tensor | undefined;
  before?: number | undefined;
  after?: number | undefined;
  softcap?: number | undefined;
  slopes?: Tensor | undefined;
  distance?: Distances | undefined;
}

type Strides = readonly [example: number, head: number, query: number, key: number];

/** What goes by distance: by how far a key is behind the query, less than 0 before it. */
export interface Distances {
  /** float32, broadcast to [..., T, L], added to the scaled scores: of the L elements the one at `zero + distance`, the first and last beyond. */
  bias?: Tensor | undefined;
  /** The place of distance 0. */
  zero: number;
  /** L, where there is no bias. */
  span?: number | undefined;
  /** Also returns, as `sums` [..., T, L], the weights of each query added up by distance. Default false. */
  sums?: boolean | undefined;
}

const isReach = /* @__PURE__ */ maybe(ruleOf('a number', (value) => typeof value === 'number' && !Number.isNaN(value)));
const distanceRules: Rules<Distances> = {
  bias: /* @__PURE__ */ maybe(ruleOf('a tensor', (value) => typeof value === 'object')),
  zero: isNumber,
  span: /* @__PURE__ */ maybe(isSize),
  sums: /* @__PURE__ */ maybe(isFlag),
};

/** The kernels' word for no end of a window. */
const FAR = 2 ** 30;

/** The places of a call: its window in whole ones, and what goes by distance. */
interface ByPlace {
  places: Tensor | undefined;
  before: number;
  after: number;
  softcap: number | undefined;
  span: number;
  zero: number;
  distances: { x: Tensor; strides: Strides } | undefined;
  sums: boolean;
}

const nowhere = { places: undefined, softcap: undefined, span: 0, zero: 0, distances: undefined, sums: false };
const everywhere: ByPlace = { ...nowhere, before: FAR, after: FAR };
const past: ByPlace = { ...nowhere, before: FAR, after: 0 };

/** The same, checked. Most calls have none of it, and a small call takes no longer than a microsecond. */
function byPlace(lead: Shape, t: number, given: Given): ByPlace {
  const { causal = false, places, before, after, softcap, slopes, distance } = given;
  if (!(places || slopes || distance) && before === undefined && after === undefined && softcap === undefined) {
    return causal ? past : everywhere;
  }
  isReach(OP, 'before', before);
  isReach(OP, 'after', after);
  maybe(isPositive)(OP, 'softcap', softcap);
  const whole = (reach: number | undefined) => Math.max(-FAR, Math.min(FAR, Math.floor(reach ?? FAR)));
  const ahead = causal ? Math.min(0, whole(after)) : whole(after);
  const examples = lead.length === 2 ? (lead[0] as number) : 1;
  if (places) expectDType(OP, 'places', places, 'int32');
  if (places && (places.size !== examples || lead.length > 2)) {
    throw new RangeError(`${OP}: places must be int32 [B] for query [B, H, T, D], got ${show(places.shape)} for ${show(lead)} before T`);
  }
  if (slopes && distance?.bias) throw new RangeError(`${OP}: slopes must be left out where there is a bias by distance, got both`);
  if (distance) {
    for (const [name, rule] of Object.entries(distanceRules)) rule(OP, `distance.${name}`, distance[name as keyof Distances]);
  }
  const span = distance ? (distance.bias?.shape.at(-1) ?? distance.span) : 0;
  if (span === undefined || (distance?.span ?? span) !== span) {
    throw new RangeError(`${OP}: distance.span must be that of its bias, or be given, got ${distance?.span}`);
  }
  const zero = distance?.zero ?? 0;
  if (distance && !(Number.isInteger(zero) && zero >= 0 && zero < span)) {
    throw new RangeError(`${OP}: distance.zero must be a whole number below ${span}, got ${zero}`);
  }
  const row = distance?.bias ?? slopes;
  if (row) expectDType(OP, slopes ? 'slopes' : 'distance.bias', row, 'float32');
  const distances =
    row && layOut(slopes ? 'slopes' : 'distance.bias', row, [...lead, t, slopes ? 1 : span], slopes ? '[..., T, 1]' : '[..., T, L]');
  return { places, before: whole(before), after: ahead, softcap, span, zero, distances, sums: distance?.sums ?? false };
}

/** The strides of an absent operand. */
const none: Strides = [0, 0, 0, 0];

/** Checks a call and returns its lengths and strides. */
export function layout(query: Tensor, keys: Tensor, values: Tensor, given: Given) {
  const { mask, bias, scale, length } = given;
  for (const x of [query, keys, values]) expectDType(OP, 'operands', x, 'float32');
  if (mask) expectDType(OP, 'mask', mask, 'bool');
  if (bias) expectDType(OP, 'bias', bias, 'float32');
  const lead = query.shape.slice(0, -2);
  const [t = 0, d = 0] = query.shape.slice(-2);
  const [capacity = 0, v = 0] = values.shape.slice(-2);
  const group = groupOf(lead, keys.shape);
  const source = group === 1 ? lead : lead.with(-1, (lead.at(-1) as number) / group); // of keys and values
  const fits = query.rank >= 2 && sameShape(keys.shape, [...source, capacity, d]) && sameShape(values.shape, [...source, capacity, v]);
  if (!fits) {
    const got = `${show(query.shape)}, ${show(keys.shape)} and ${show(values.shape)}`;
    throw new RangeError(`${OP}: query, keys and values must be [..., T, D], [..., S, D] and [..., S, V], got ${got}`);
  }
  const s = length ?? capacity;
  isCount(OP, 'length', s);
  if (s > capacity) throw new RangeError(`${OP}: length must be at most the ${capacity} rows of keys, got ${s}`);
  const target = [...lead, t, s];
  // Heads are the innermost axis before queries. All axes before them count as one, as long as a mask or bias has an even stride along it.
  const heads = lead.length > 2 ? sizeOf(lead) : (lead.at(-1) ?? 1);
  const laid = (name: string, x: Tensor | undefined) => (x ? layOut(name, x, target) : undefined);
  const { places, before, after, softcap, span, zero, distances, sums } = byPlace(lead, t, given);
  return {
    ...{ target, lead, source, count: sizeOf(lead), t, s, d, v, heads, group, capacity, scale: scale ?? 1 / Math.sqrt(d) },
    ...{ mask: laid('mask', mask), bias: laid('bias', bias), places, before, after, softcap, span, zero, distances, sums },
  };
}

/** The result of {@link layout}. */
export type Layout = ReturnType<typeof layout>;

/** H / G, the number of query heads that share one head of keys; 1 if the shapes do not group. */
function groupOf(lead: Shape, keys: Shape): number {
  const [heads = 1, groups = 1] = [lead.at(-1), keys.at(-3)];
  return lead.length === keys.length - 2 && groups > 0 && heads > groups && heads % groups === 0 ? heads / groups : 1;
}

/** A mask or bias with its strides along examples, heads, queries and keys. */
function layOut(name: string, x: Tensor, target: Shape, axes = '[..., T, S]'): { x: Tensor; strides: Strides } {
  if (!sameShape(broadcastShapes(OP, x.shape, target), target)) {
    throw new RangeError(`${OP}: ${name} must broadcast to ${axes}, got ${show(x.shape)} and ${show(target)}`);
  }
  const whole = target.length > 4 ? spread(x, [...target.slice(0, -2), ...[1, 1, ...x.shape].slice(-2)]) : x;
  const strides = stretchedStrides(whole.shape, target);
  const [query = 0, key = 0] = strides.slice(-2);
  // More than two leading axes count as one. The stride of the last one alone would be 0 if that axis has length 1.
  const [head = 0, example = 0] = target.length > 4 ? [sizeOf(whole.shape.slice(-2))] : strides.slice(0, -2).reverse();
  return { x: whole, strides: [example, head, query, key] };
}

/**
 * The arguments of the kernels. If each head has one query, the queries of the heads that share keys are adjacent: they pass as queries of
 * one head, eight at a time instead of one. The bits are the same either way.
 */
export function told(l: Layout) {
  const { group, mask, bias, distances, places } = l;
  const all = l.t === 1 && !places && l.before >= l.s && l.after >= 0; // a single query at the last key sees all

  const as = ([example, head, , key]: Strides): Strides => [example, head * group, head, key];
  const together = l.t === 1 && group > 1;
  const strides = (x: Layout['mask']) => (together && x ? as(x.strides) : (x?.strides ?? none));
  const [queries, count] = together ? [group, l.count / group] : [l.t, l.count];
  return {
    queries,
    group: together ? 1 : group,
    heads: together ? l.heads / group : l.heads,
    before: all ? FAR : l.before,
    after: all ? FAR : l.after,
    pace: together ? 0 : 1,
    cap: l.softcap ?? 0,
    places: places?.ptr ?? 0,
    distances: distances?.x.ptr ?? 0,
    distanceStrides: strides(distances),
    maskStrides: strides(mask),
    biasStrides: strides(bias),
    mask: mask?.x.ptr ?? 0,
    bias: bias?.x.ptr ?? 0,
    blocks: count * Math.ceil(queries / BLOCK),
    sources: l.count / group,
  };
}

/** The lengths under the kernels' names. */
export const lengthsOf = ({ s, d, v }: Layout, { queries }: ReturnType<typeof told>) => ({ queries, keys: s, width: d, valueWidth: v });

/** The shape of the gradient of what goes by distance, as the kernel writes it: for each head of a call, with a row for each query or one for all. */
export function ofDistances(l: Layout): number[] {
  const { distanceStrides, heads, queries } = told(l);
  const width = Math.max(1, l.span);
  const own = distanceStrides[2] !== 0;
  if (own || heads === l.heads) return [...l.lead, own ? l.t : 1, width];
  return [...l.lead.slice(0, -1), (l.lead.at(-1) as number) / l.group, queries === 0 ? 0 : 1, width];
}
