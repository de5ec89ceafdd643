import type { Argument, Draw, KernelRow } from '../row.ts';

const fours = (n: number) => (n + 3) & -4;

/** Two examples of two heads. */
const COUNT = 4;
const LENGTHS = [0, 1, 3, 8, 31, 65, 130];

interface Sizes {
  queries: number;
  keys: number;
  width: number;
  valueWidth: number;
}

interface Kind {
  name: string;
  sizes: (n: number) => Sizes;
  lengths?: readonly number[];
  causal?: boolean;
  /** Mask or bias with its strides of example, head, query and key. */
  mask?: (s: Sizes, d: Draw) => [Argument, number[]];
  bias?: (s: Sizes, d: Draw) => [Argument, number[]];
}

const whole = ({ queries, keys }: Sizes) => [2 * queries * keys, queries * keys, keys, 1];

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
    mask: (s, d) => [d.mask(COUNT * s.queries * s.keys), whole(s)],
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
];

/** Mask and bias, and all their numbers with what goes before them: the end of every call. */
function given(kind: Kind, s: Sizes, d: Draw): { mask: Argument; bias: Argument; settings: number[] } {
  const [mask, maskStrides] = kind.mask?.(s, d) ?? [0, [0, 0, 0, 0]];
  const [bias, biasStrides] = kind.bias?.(s, d) ?? [0, [0, 0, 0, 0]];
  return { mask, bias, settings: [0.5, kind.causal ? 1 : 0, 2, ...maskStrides, ...biasStrides] };
}

const scratch = ({ keys, width, valueWidth }: Sizes) =>
  64 * (width + fours(valueWidth) + 68) + 8 * fours(valueWidth) + fours(keys) * (width + fours(valueWidth));

const backwardScratch = ({ queries, width, valueWidth }: Sizes) =>
  8704 + 136 * fours(width) + 64 * valueWidth + ((queries + 7) & -8) * (2 * fours(width) + valueWidth + 3);

const blocks = (queries: number) => COUNT * Math.ceil(queries / 64);

/** What the forward pass leaves: above every score, so that weights stay below 1. */
const left = (s: Sizes, d: Draw) => [d.real(COUNT * s.queries, 10, 12), d.real(COUNT * s.queries, 0, 500)] as const;

const rowsOf = (kind: Kind): KernelRow[] => [
  {
    kernel: 'scaledDotProductAttention',
    name: kind.name,
    lengths: kind.lengths ?? LENGTHS,
    args: (n, d) => {
      const s = kind.sizes(n);
      const { queries, keys, width, valueWidth } = s;
      const { mask, bias, settings } = given(kind, s, d);
      const results = [d.out(COUNT * queries * valueWidth), d.out(COUNT * queries), d.out(COUNT * queries)];
      const operands = [d.real(COUNT * queries * width), d.real(COUNT * keys * width), d.real(COUNT * keys * valueWidth)];
      const lengths = [queries, keys, width, valueWidth];
      return [...results, ...operands, mask, bias, ...lengths, ...settings, 0, blocks(queries), d.scratch(scratch(s))];
    },
    // A score of width 130 and terms up to 9 is off by some 130 · 4.5 · 2^-24, a weight by as much of itself.
    tolerance: { relative: 3e-6, absolute: 1e-5 },
  },
  {
    kernel: 'scaledDotProductWeights',
    name: kind.name,
    lengths: kind.lengths ?? LENGTHS,
    args: (n, d) => {
      const s = kind.sizes(n);
      const { queries, keys, width } = s;
      const { mask, bias, settings } = given(kind, s, d);
      const operands = [...left(s, d), d.real(COUNT * queries * width, -1, 1), d.real(COUNT * keys * width, -1, 1)];
      const work = d.scratch(scratch(s));
      return [d.out(COUNT * queries * keys), ...operands, mask, bias, queries, keys, width, ...settings, 0, blocks(queries), work];
    },
    tolerance: { relative: 5e-6, absolute: 1e-30 },
  },
  {
    kernel: 'scaledDotProductAttentionBackward',
    name: kind.name,
    lengths: kind.lengths ?? LENGTHS,
    args: (n, d) => {
      const s = kind.sizes(n);
      const { queries, keys, width, valueWidth } = s;
      const { mask, bias, settings } = given(kind, s, d);
      const dbias = kind.bias ? d.out(COUNT * queries * keys) : 0;
      const results = [d.out(COUNT * queries * width), d.out(COUNT * keys * width), d.out(COUNT * keys * valueWidth), dbias];
      const saved = [d.real(COUNT * queries * valueWidth), d.real(COUNT * queries * valueWidth), ...left(s, d)];
      const qk = [d.real(COUNT * queries * width, -1, 1), d.real(COUNT * keys * width, -1, 1)];
      const operands = [...qk, d.real(COUNT * keys * valueWidth), mask, bias];
      const lengths = [queries, keys, width, valueWidth];
      return [...results, ...saved, ...operands, ...lengths, ...settings, 0, COUNT, d.scratch(backwardScratch(s))];
    },
    tolerance: { relative: 1e-5, absolute: 5e-5 },
  },
];

export const tiledAttention: KernelRow[] = kinds.flatMap(rowsOf);
