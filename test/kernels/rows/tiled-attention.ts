import { scratchOf } from '../../../src/runtime/scratch.ts';
import type { Argument, Draw, KernelRow, Range } from '../row.ts';

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

/** Mask and bias, and all their numbers with what goes before them: the end of every call. */
function given(kind: Kind, s: Sizes, d: Draw): { mask: Argument; bias: Argument; settings: number[] } {
  const [mask, maskStrides] = kind.mask?.(s, d) ?? [0, [0, 0, 0, 0]];
  const [bias, biasStrides] = kind.bias?.(s, d) ?? [0, [0, 0, 0, 0]];
  return { mask, bias, settings: [0.5, kind.causal ? 1 : 0, s.heads, ...maskStrides, ...biasStrides] };
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
      const { mask, bias, settings } = given(kind, s, d);
      const results = [d.out(count(s) * queries * valueWidth), d.out(count(s) * queries), d.out(count(s) * queries)];
      const [q, k, v] = [d.real(count(s) * queries * width), d.real(rowsOf(s) * width), d.real(rowsOf(s) * valueWidth)] as const;
      const operands = [q, behind(kind, s, mask, k, width), behind(kind, s, mask, v, valueWidth)];
      const lengths = [queries, keys, width, valueWidth, s.group, s.capacity];
      return [
        ...results,
        ...operands,
        mask,
        bias,
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
      const { mask, bias, settings } = given(kind, s, d);
      const operands = [
        ...left(s, d),
        d.real(count(s) * queries * width, -1, 1),
        behind(kind, s, mask, d.real(rowsOf(s) * width, -1, 1), width),
      ];
      const work = d.scratch(scratchOf('scaledDotProductWeights', s));
      return [
        d.out(count(s) * queries * keys),
        ...operands,
        mask,
        bias,
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
      const { mask, bias, settings } = given(kind, s, d);
      const dbias = kind.bias ? d.out(count(s) * queries * keys) : 0;
      const results = [d.out(count(s) * queries * width), d.out(rowsOf(s) * width), d.out(rowsOf(s) * valueWidth), dbias];
      const saved = [d.real(count(s) * queries * valueWidth), d.real(count(s) * queries * valueWidth), ...left(s, d)];
      const qk = [d.real(count(s) * queries * width, -1, 1), behind(kind, s, mask, d.real(rowsOf(s) * width, -1, 1), width)];
      const operands = [...qk, behind(kind, s, mask, d.real(rowsOf(s) * valueWidth), valueWidth), mask, bias];
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
