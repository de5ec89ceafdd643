import { scratchOf } from '../../../src/runtime/scratch.ts';
import type { Argument, Draw, KernelRow, Range } from '../row.ts';
import { few } from './few-queries.ts';

const LENGTHS = [0, 1, 3, 8, 31, 65, 130];

interface Sizes {
  examples: number;
  heads: number;
  queries: number;
  keys: number;
  width: number;
  valueWidth: number;
  /** Heads of queries to one of keys, and rows from one of these to the next. */
  group: number;
  capacity: number;
}

export interface Kind {
  name: string;
  /** Two examples of two heads, unless it says otherwise. */
  sizes: (n: number) => Omit<Sizes, 'examples' | 'heads' | 'group' | 'capacity'> & Partial<Sizes>;
  lengths?: readonly number[];
  causal?: boolean;
  /** Places that a query sees before and behind its own. */
  window?: readonly [before: number, after: number];
  /** The first query's place in each example. Default: by the lengths. */
  places?: (s: Sizes, n: number) => readonly number[];
  /** All queries are at one place. */
  together?: boolean;
  cap?: number;
  /** By distance: elements of a row (0: a slope), the place of distance 0, and strides of example, head and query. Default none. */
  distances?: (s: Sizes) => { span: number; zero: number; size: number; strides: readonly [number, number, number] };
  /** Weights are added up by distance too. */
  sums?: boolean;
  /** Mask or bias with its strides of example, head, query and key. */
  mask?: (s: Sizes, d: Draw) => [Argument, number[]];
  bias?: (s: Sizes, d: Draw) => [Argument, number[]];
  /** The mask is of an example's keys, and what it hides is NaN. */
  poison?: boolean;
}

const sizesOf = (kind: Kind, n: number): Sizes => {
  const sizes = { examples: 2, heads: 2, group: 1, ...kind.sizes(n) };
  return { capacity: sizes.keys, ...sizes };
};

/** Heads of all examples. */
const count = ({ examples, heads }: Sizes) => examples * heads;

/** Rows of keys of all examples, those that are spare too. */
const rowsOf = ({ examples, heads, group, capacity }: Sizes) => ((examples * heads) / group) * capacity;

export const whole = ({ heads, queries, keys }: Sizes) => [heads * queries * keys, queries * keys, keys, 1];

const kinds: Kind[] = [
  { name: 'plain', sizes: (n) => ({ queries: n, keys: n + 1, width: 8, valueWidth: 4 }), lengths: [...LENGTHS, 271] },
  { name: 'odd widths', sizes: (n) => ({ queries: 5, keys: n, width: 3, valueWidth: 7 }) },
  { name: 'widths of the length', sizes: (n) => ({ queries: 9, keys: 6, width: n, valueWidth: n }) },
  { name: 'causal', sizes: (n) => ({ queries: n, keys: n, width: 5, valueWidth: 6 }), causal: true },
  { name: 'causal, more queries than keys', sizes: (n) => ({ queries: n + 3, keys: n, width: 4, valueWidth: 1 }), causal: true },
  {
    name: 'masked',
    sizes: (n) => ({ queries: 7, keys: n, width: 4, valueWidth: 5 }),
    lengths: [...LENGTHS, 259, 600],
    mask: (s, d) => [d.mask(count(s) * s.queries * s.keys), whole(s)],
  },
  {
    name: 'masked keys of an example, biased heads, causal',
    sizes: (n) => ({ queries: n, keys: n + 2, width: 4, valueWidth: 4 }),
    causal: true,
    mask: (s, d) => [d.mask(2 * s.keys), [s.keys, 0, 0, 1]],
    bias: (s, d) => [d.real(2 * s.queries * s.keys), [0, s.queries * s.keys, s.keys, 1]],
  },
  {
    name: 'masked queries, bias of keys',
    sizes: (n) => ({ queries: n, keys: 11, width: 6, valueWidth: 8 }),
    mask: (s, d) => [d.mask(s.queries), [0, 0, 1, 0]],
    bias: (s, d) => [d.real(s.keys), [0, 0, 0, 1]],
  },
  {
    name: 'masked keys that hold NaN',
    sizes: (n) => ({ queries: 9, keys: n, width: 4, valueWidth: 8 }),
    mask: (s, d) => [d.mask(2 * s.keys), [s.keys, 0, 0, 1]],
    poison: true,
  },
  {
    name: 'grouped',
    sizes: (n) => ({ heads: 6, group: 3, queries: n, keys: n + 1, width: 5, valueWidth: 8 }),
    lengths: [0, 1, 3, 31, 65],
    causal: true,
    bias: (s, d) => [d.real(6 * s.queries * s.keys), [0, s.queries * s.keys, s.keys, 1]],
  },
  {
    name: 'grouped, with rows to spare that hold NaN',
    sizes: (n) => ({ heads: 4, group: 4, queries: 9, keys: n, capacity: n + 5, width: 4, valueWidth: 3 }),
    lengths: [0, 1, 3, 31, 65, 259],
    mask: (s, d) => [d.mask(count(s) * s.queries * s.keys), whole(s)],
  },
  {
    name: 'rows to spare',
    sizes: (n) => ({ queries: n, keys: 2 * n, capacity: 3 * n + 1, width: 8, valueWidth: 4 }),
    lengths: [0, 1, 3, 31, 65, 130],
    causal: true,
  },
  { name: 'a window', sizes: (n) => ({ queries: n, keys: n + 2, width: 4, valueWidth: 4 }), lengths: [...LENGTHS, 300], window: [5, 2] },
  {
    name: 'a window far back, from places that differ',
    sizes: (n) => ({ queries: 9, keys: n, width: 5, valueWidth: 3 }),
    lengths: [0, 1, 3, 31, 65, 270, 600],
    window: [20, 0],
    places: (_, n) => [n - 9, Math.floor(n / 2)],
  },
  {
    name: 'a window ahead, of queries beyond the keys',
    sizes: (n) => ({ queries: n, keys: 9, width: 4, valueWidth: 4 }),
    window: [-1, 3],
    places: () => [-3, 4],
  },
  {
    name: 'a bias by distance of each head, causal',
    sizes: (n) => ({ queries: n, keys: n + 1, width: 4, valueWidth: 4 }),
    lengths: [0, 1, 3, 8, 31, 65, 130, 270],
    causal: true,
    distances: () => ({ span: 7, zero: 4, size: 14, strides: [0, 7, 0] }),
    sums: true,
  },
  {
    name: 'a bias by distance of each query, grouped, from places that differ, capped',
    sizes: (n) => ({ heads: 4, group: 2, queries: n, keys: 11, width: 4, valueWidth: 5 }),
    lengths: [0, 1, 3, 8, 31, 65],
    places: () => [2, 5],
    distances: ({ queries }) => ({ span: 5, zero: 2, size: 2 * 4 * queries * 5, strides: [4 * queries * 5, queries * 5, 5] }),
    sums: true,
    cap: 2,
  },
  ...few,
  {
    name: 'heads as queries of one, at one place: slopes, a window, biased',
    sizes: (n) => ({ heads: 2, queries: 5, keys: n, width: 4, valueWidth: 4 }),
    lengths: [0, 1, 3, 31, 65, 270],
    together: true,
    window: [7, 0],
    distances: () => ({ span: 0, zero: 0, size: 10, strides: [0, 5, 1] }),
    bias: (s, d) => [d.real(2 * s.queries * s.keys), [0, s.queries * s.keys, s.keys, 1]],
  },
  {
    name: 'capped, biased, what is hidden is NaN',
    sizes: (n) => ({ queries: 9, keys: n, width: 4, valueWidth: 8 }),
    mask: (s, d) => [d.mask(2 * s.keys), [s.keys, 0, 0, 1]],
    bias: (s, d) => [d.real(s.keys), [0, 0, 0, 1]],
    poison: true,
    cap: 1.5,
  },
];

/** Keys or values of `width`, NaN where the mask hides them or they are not there. */
function behind(kind: Kind, s: Sizes, mask: Argument, x: Range, width: number): Range {
  if (!kind.poison && s.capacity === s.keys) return x;
  const seen = (i: number) => {
    const [head, key] = [Math.floor(i / (s.capacity * width)), Math.floor(i / width) % s.capacity];
    const example = Math.floor((head * s.group) / s.heads);
    return key < s.keys && (!kind.poison || (mask as Range).values[example * s.keys + key] === 1);
  };
  return { ...x, values: x.values.map((v, i) => (seen(i) ? v : Number.NaN)) };
}

const FAR = 2 ** 30;

interface Given {
  /** Mask, bias, biases by distance, places. */
  operands: Argument[];
  /** All numbers behind the lengths. */
  settings: number[];
  span: number;
  /** Rows of a gradient by distance to a head. */
  rows: number;
}

/** Operands and numbers that all three kernels share. */
function given(kind: Kind, s: Sizes, n: number, d: Draw): Given {
  const [mask, maskStrides] = kind.mask?.(s, d) ?? [0, [0, 0, 0, 0]];
  const [bias, biasStrides] = kind.bias?.(s, d) ?? [0, [0, 0, 0, 0]];
  const by = kind.distances?.(s);
  const places = kind.places ? { ...d.int(2, 1), values: [...kind.places(s, n)] } : 0;
  const [before, after] = kind.window ?? [FAR, kind.causal ? 0 : FAR];
  const { span = 0, zero = 0, strides = [0, 0, 0] } = by ?? {};
  const pace = kind.together ? 0 : 1;
  return {
    operands: [mask, bias, by ? (span > 0 ? d.real(by.size) : d.real(by.size, 0, 0.05)) : 0, places],
    settings: [0.5, kind.cap ?? 0, before, after, pace, span, zero, s.heads, ...maskStrides, ...biasStrides, ...strides],
    span,
    rows: strides[2] === 0 ? 1 : s.queries,
  };
}

const blocks = (s: Sizes) => count(s) * Math.ceil(s.queries / 64);

/** What the forward pass leaves: above every score, so that weights stay below 1. */
const left = (s: Sizes, d: Draw) => [d.real(count(s) * s.queries, 10, 12), d.real(count(s) * s.queries, 0, 500)] as const;

export const attentionRows = (kind: Kind): KernelRow[] => [
  {
    kernel: 'scaledDotProductAttention',
    name: kind.name,
    lengths: kind.lengths ?? LENGTHS,
    args: (n, d) => {
      const s = sizesOf(kind, n);
      const { queries, keys, width, valueWidth } = s;
      const { operands: shared, settings } = given(kind, s, n, d);
      const mask = shared[0] as Argument;
      const results = [d.out(count(s) * queries * valueWidth), d.out(count(s) * queries), d.out(count(s) * queries)];
      const [q, k, v] = [d.real(count(s) * queries * width), d.real(rowsOf(s) * width), d.real(rowsOf(s) * valueWidth)] as const;
      const operands = [q, behind(kind, s, mask, k, width), behind(kind, s, mask, v, valueWidth)];
      const lengths = [queries, keys, width, valueWidth, s.group, s.capacity];
      return [
        ...results,
        ...operands,
        ...shared,
        ...lengths,
        ...settings,
        0,
        blocks(s),
        d.scratch(scratchOf('scaledDotProductAttention', s)),
      ];
    },
    // A score of width 130 and terms up to 9 is off by some 130 · 4.5 · 2^-24, a weight by as much of itself.
    tolerance: { relative: 3e-6, absolute: 1e-5 },
  },
  {
    kernel: 'scaledDotProductWeights',
    name: kind.name,
    lengths: kind.lengths ?? LENGTHS,
    args: (n, d) => {
      const s = sizesOf(kind, n);
      const { queries, keys, width } = s;
      const { operands: shared, settings, span } = given(kind, s, n, d);
      const mask = shared[0] as Argument;
      const operands = [
        ...left(s, d),
        d.real(count(s) * queries * width, -1, 1),
        behind(kind, s, mask, d.real(rowsOf(s) * width, -1, 1), width),
      ];
      const work = d.scratch(scratchOf('scaledDotProductWeights', s));
      return [
        d.out(count(s) * queries * keys),
        kind.sums ? d.out(count(s) * queries * span) : 0,
        ...operands,
        ...shared,
        queries,
        keys,
        width,
        s.group,
        s.capacity,
        ...settings,
        0,
        blocks(s),
        work,
      ];
    },
    tolerance: { relative: 5e-6, absolute: 1e-30 },
  },
  {
    kernel: 'scaledDotProductAttentionBackward',
    name: kind.name,
    lengths: kind.lengths ?? LENGTHS,
    args: (n, d) => {
      const s = sizesOf(kind, n);
      const { queries, keys, width, valueWidth } = s;
      const { operands: shared, settings, span, rows } = given(kind, s, n, d);
      const mask = shared[0] as Argument;
      const dbias = kind.bias ? d.out(count(s) * queries * keys) : 0;
      const ddistances = kind.distances ? d.out(count(s) * rows * Math.max(1, span)) : 0;
      const results = [d.out(count(s) * queries * width), d.out(rowsOf(s) * width), d.out(rowsOf(s) * valueWidth), dbias, ddistances];
      const sums = () => (kind.sums ? d.real(count(s) * queries * span) : 0);
      const saved = [d.real(count(s) * queries * valueWidth), d.real(count(s) * queries * valueWidth), sums(), sums(), ...left(s, d)];
      const qk = [d.real(count(s) * queries * width, -1, 1), behind(kind, s, mask, d.real(rowsOf(s) * width, -1, 1), width)];
      const operands = [...qk, behind(kind, s, mask, d.real(rowsOf(s) * valueWidth), valueWidth), ...shared];
      const lengths = [queries, keys, width, valueWidth, s.group, s.capacity];
      return [
        ...results,
        ...saved,
        ...operands,
        ...lengths,
        ...settings,
        0,
        count(s) / s.group,
        d.scratch(scratchOf('scaledDotProductAttentionBackward', s)),
      ];
    },
    tolerance: { relative: 1e-5, absolute: 5e-5 },
  },
];

export const tiledAttention: KernelRow[] = kinds.flatMap(attentionRows);
