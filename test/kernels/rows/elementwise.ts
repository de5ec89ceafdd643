import type { Kernels } from '../../../src/runtime/backend.ts';
import { type Draw, flat, type KernelRow, type Range } from '../row.ts';

type UnaryKernel = 'neg' | 'abs' | 'sign' | 'exp' | 'log' | 'tanh' | 'sigmoid' | 'softplus' | 'erf' | 'sin' | 'cos' | 'sqrt' | 'relu';
type BinaryKernel = { [K in keyof Kernels]: Kernels[K] extends Kernels['add'] ? K : never }[keyof Kernels];

const exact = {};

/** Within 2 ulp (test/numerics/ says more) between `low` and `high`. */
const unary = (kernel: UnaryKernel, low: number, high: number): KernelRow => ({
  kernel,
  args: (n, d) => [d.out(n), d.real(n, low, high), n],
  alias: [[0, 1]],
});

const both = [
  [0, 1],
  [0, 2],
] as const;

/** One rounding of the result: half an ulp, as inputs are float32 on both sides. */
const rounded = { relative: 2 ** -24 };

const binary = (kernel: BinaryKernel, low = -3, high = 3): KernelRow => ({
  kernel,
  args: (n, d) => [d.out(n), d.real(n, low, high), d.real(n, low, high), ...flat(n)],
  tolerance: rounded,
  alias: both,
});

/** Whole numbers from -2 to 2, so that ties are met. */
const small = (n: number, d: Draw) => {
  const drawn = d.int(n, 5);
  return { ...drawn, dtype: 'float32' as const, values: drawn.values.map((v) => v - 2) };
};

const comparison = (kernel: 'equal' | 'less' | 'lessEqual'): KernelRow => ({
  kernel,
  args: (n, d) => [d.out(n, 'bool'), small(n, d), small(n, d), ...flat(n)],
  tolerance: exact,
});

const logical = (kernel: 'and' | 'or'): KernelRow => ({
  kernel,
  args: (n, d) => [d.out(n, 'bool'), d.mask(n), d.mask(n), ...flat(n)],
  tolerance: exact,
  alias: both,
});

/** Gradient and the value it is taken at. */
const slope = (kernel: 'tanhBackward' | 'sigmoidBackward' | 'reluBackward', low: number, absolute: number): KernelRow => ({
  kernel,
  args: (n, d) => [d.out(n), d.real(n), d.real(n, low, 1), n],
  tolerance: { relative: 2 ** -23, absolute },
  alias: both,
});

/** int32 of all sizes, so that sums and products overflow; equal ones among them. */
const wide = (n: number, d: Draw) => {
  const drawn = d.int(n, 2 ** 32);
  return { ...drawn, values: drawn.values.map((v, i) => (i % 3 === 0 ? (v % 5) - 2 : v | 0)) };
};

const whole = (kernel: 'addInt' | 'subInt' | 'mulInt' | 'equalInt' | 'lessInt' | 'lessEqualInt', dtype: 'int32' | 'bool'): KernelRow => ({
  kernel,
  args: (n, d) => [d.out(n, dtype), wide(n, d), wide(n, d), ...flat(n)],
  tolerance: exact,
  alias: both,
});

/** Zeros, ones, infinities, NaN, small and large whole numbers of both signs, and fractions: each with each. */
const ODD = [
  0,
  -0,
  1,
  -1,
  Infinity,
  -Infinity,
  Number.NaN,
  2,
  -2,
  3,
  -3,
  0.5,
  -0.5,
  1.5,
  -2.5,
  64,
  65,
  -65,
  1e-30,
  -1e30,
  2 ** 24,
  16777215,
  -8388607,
];
const powers = (n: number, d: Draw): Range[] => {
  const [a, b] = [d.real(n, 0, 4), d.real(n, -40, 40)];
  const odd = (x: Range, place: (i: number) => number) => ({
    ...x,
    values: x.values.map((v, i) => (i % 4 === 0 ? v : Math.fround(ODD[place(i) % ODD.length] as number))),
  });
  return [odd(a, (i) => i), odd(b, (i) => Math.floor(i / ODD.length) + 5 * (i % 7))];
};

export const elementwise: KernelRow[] = [
  whole('addInt', 'int32'),
  whole('subInt', 'int32'),
  whole('mulInt', 'int32'),
  whole('equalInt', 'bool'),
  whole('lessInt', 'bool'),
  whole('lessEqualInt', 'bool'),
  // Worked out in float64, so that rounding once to float32 is all the error; below 2^-126 it is absolute, half of 2^-149.
  {
    kernel: 'pow',
    lengths: [0, 1, 2, 3, 4, 5, 17, 700],
    args: (n, d) => [d.out(n), ...powers(n, d), ...flat(n)],
    tolerance: { relative: 1.001 * 2 ** -24, absolute: 1.001 * 2 ** -150 },
    alias: both,
  },
  // 1 − y² and 1 − y lose half an ulp of 1 (2^-25) each to y² and to the difference, times |g| ≤ 3; then products of relative error.
  slope('tanhBackward', -1, 3 * 2 ** -24),
  slope('sigmoidBackward', 0, 3 * 2 ** -25),
  { ...slope('reluBackward', -1, 0), tolerance: exact },
  { kernel: 'reluBackward', name: 'at 0', args: (n, d) => [d.out(n), d.real(n), small(n, d), n], tolerance: exact },
  // In 2^-24: x²/2 ≤ 18 by three roundings, 2^f 4, t p(t) 6, products and 1 − Φ 4; near 0 that is 14 and 1 − Φ doubles what Φ lost.
  { kernel: 'gelu', args: (n, d) => [d.out(n), d.real(n, -6, 6), n], tolerance: { relative: 41 * 2 ** -24 }, alias: [[0, 1]] },
  { kernel: 'gelu', name: 'near 0', args: (n, d) => [d.out(n), d.real(n, -1, 1), n], tolerance: { relative: 14 * 2 ** -24 } },
  // The slope is 0 near −0.75, where Φ and x φ cancel: relative to them, 0.23 and 0.23; far out each is as precise as above.
  {
    kernel: 'geluSloped',
    args: (n, d) => [d.out(n), d.out(n), d.real(n, -6, 6), n],
    tolerance: { relative: 41 * 2 ** -24, absolute: 0.46 * 14 * 2 ** -24 },
    alias: [
      [0, 2],
      [1, 2],
    ],
  },
  // As gelu, the argument of σ by five roundings: |v| ≤ 25 below −6, 1.7 within ±1; σ 4, the product 1.
  { kernel: 'geluTanh', args: (n, d) => [d.out(n), d.real(n, -6, 6), n], tolerance: { relative: 130 * 2 ** -24 }, alias: [[0, 1]] },
  { kernel: 'geluTanh', name: 'near 0', args: (n, d) => [d.out(n), d.real(n, -1, 1), n], tolerance: { relative: 14 * 2 ** -24 } },
  // σ and x σ (1 − σ) v′ lose 14 where they cancel, near −0.75; where 1 − σ has lost most x v′ is 8 · 15 of it at the most that still counts, |x| = 3.
  {
    kernel: 'geluTanhSloped',
    args: (n, d) => [d.out(n), d.out(n), d.real(n, -6, 6), n],
    tolerance: { relative: 2 ** -20, absolute: 60 * 2 ** -24 },
    alias: [
      [0, 2],
      [1, 2],
    ],
  },
  {
    kernel: 'geluTanhSloped',
    name: 'far out',
    args: (n, d) => [
      d.out(n),
      d.out(n),
      { ...d.int(n, 2), dtype: 'float32', values: d.int(n, 2).values.map((v) => (2 * v - 1) * 2 ** 100) },
      n,
    ],
    tolerance: exact,
  },
  { kernel: 'silu', args: (n, d) => [d.out(n), d.real(n, -20, 20), n], tolerance: { relative: 5 * 2 ** -24 }, alias: [[0, 1]] },
  // Up to |x| = 8: x times what 1 − σ and x σ lost, 5 each, beside σ.
  {
    kernel: 'siluBackward',
    args: (n, d) => [d.out(n), d.real(n), d.real(n, -8, 8), n],
    tolerance: { relative: 2 ** -21, absolute: 3 * 60 * 2 ** -24 },
    alias: both,
  },
  { kernel: 'swiglu', args: (n, d) => [d.out(n), d.real(n, -20, 20), d.real(n), n], tolerance: { relative: 6 * 2 ** -24 }, alias: both },
  {
    kernel: 'swigluBackward',
    args: (n, d) => [d.out(n), d.out(n), d.real(n), d.real(n, -8, 8), d.real(n), n],
    tolerance: { relative: 2 ** -21, absolute: 9 * 60 * 2 ** -24 },
    alias: [
      [0, 2],
      [1, 3],
      [0, 4],
    ],
  },
  { kernel: 'reluSquared', args: (n, d) => [d.out(n), d.real(n), n], tolerance: rounded, alias: [[0, 1]] },
  { kernel: 'reluSquaredBackward', args: (n, d) => [d.out(n), d.real(n), d.real(n), n], tolerance: rounded, alias: both },
  { kernel: 'reluSquaredBackward', name: 'at 0', args: (n, d) => [d.out(n), d.real(n), small(n, d), n], tolerance: rounded },
  // The quotient's half an ulp reaches tanh at most as it is, then tanh's two ulp and the product.
  { kernel: 'softcap', args: (n, d) => [d.out(n), d.real(n, -90, 90), n, 30], tolerance: { relative: 6 * 2 ** -24 }, alias: [[0, 1]] },
  {
    kernel: 'softcapBackward',
    args: (n, d) => [d.out(n), d.real(n), d.real(n, -30, 30), n, 30],
    tolerance: { relative: 2 ** -23, absolute: 3 * 2 ** -23 },
    alias: both,
  },
  unary('neg', -3, 3),
  unary('abs', -3, 3),
  unary('sign', -3, 3),
  { kernel: 'sign', name: 'of zeros', args: (n, d) => [d.out(n), small(n, d), n], tolerance: exact, alias: [[0, 1]] },
  unary('exp', -20, 20),
  unary('log', 0.01, 100),
  unary('tanh', -10, 10),
  unary('sigmoid', -20, 20),
  unary('softplus', -20, 20),
  unary('erf', -4, 4),
  unary('sin', -100, 100),
  unary('cos', -100, 100),
  unary('sqrt', 0, 9),
  unary('relu', -3, 3),
  { kernel: 'not', args: (n, d) => [d.out(n, 'bool'), d.mask(n), n], tolerance: exact, alias: [[0, 1]] },
  { kernel: 'toFloat', args: (n, d) => [d.out(n), d.int(n, 2 ** 24), n], tolerance: exact },
  // Two roundings: half an ulp of the product (|scale · x| ≤ 4.5) and half of the sum.
  {
    kernel: 'affine',
    args: (n, d) => [d.out(n), d.real(n), n, 1.5, -0.25],
    tolerance: { relative: 2 ** -24, absolute: 2 ** -22 },
    alias: [[0, 1]],
  },
  { kernel: 'clamp', args: (n, d) => [d.out(n), d.real(n), n, -1, 0.5], tolerance: exact, alias: [[0, 1]] },
  {
    kernel: 'where',
    args: (n, d) => [d.out(n), d.mask(n), d.real(n), d.real(n), n],
    tolerance: exact,
    alias: [
      [0, 2],
      [0, 3],
    ],
  },
  binary('add'),
  binary('sub'),
  binary('mul'),
  binary('div', 0.1, 3),
  { ...binary('maximum'), tolerance: exact },
  { ...binary('minimum'), tolerance: exact },
  comparison('equal'),
  comparison('less'),
  comparison('lessEqual'),
  logical('and'),
  logical('or'),
  {
    kernel: 'add',
    name: 'row stretched over rows',
    args: (n, d) => [d.out(3 * n), d.real(3 * n), d.real(n), 1, 1, 3, n, 0, 0, n, 1, 0, 0, 0, 1],
    tolerance: rounded,
    alias: [[0, 1]],
  },
  {
    kernel: 'sub',
    name: 'column less rows',
    args: (n, d) => [d.out(3 * n), d.real(3), d.real(3 * n), 1, 1, 3, n, 0, 0, 1, 0, 0, 0, n, 1],
    tolerance: rounded,
    alias: [[0, 2]],
  },
  {
    kernel: 'add',
    name: 'column and strided',
    args: (n, d) => [d.out(3 * n), d.real(3), d.real(6 * n), 1, 1, 3, n, 0, 0, 1, 0, 0, 0, 2 * n, 2],
    tolerance: rounded,
  },
  {
    kernel: 'sub',
    name: 'four axes, the outer two of one exchanged',
    args: (n, d) => [d.out(12 * n), d.real(12 * n), d.real(12 * n), 2, 3, 2, n, 6 * n, 2 * n, n, 1, 2 * n, 4 * n, n, 1],
    tolerance: rounded,
  },
  {
    kernel: 'mul',
    name: 'four axes, two stretched',
    args: (n, d) => [d.out(12 * n), d.real(12 * n), d.real(2 * n), 2, 3, 2, n, 6 * n, 2 * n, n, 1, 0, 0, n, 1],
    tolerance: rounded,
    alias: [[0, 1]],
  },
];
