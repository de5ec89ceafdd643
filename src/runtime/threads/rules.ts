// How each kernel's call is cut into calls on parts of its outputs. Cuts never divide a sum, so every element comes from the same
// operations in the same order whoever computes it, and the bits do not depend on the number of threads.
import type { parameters } from '../generated/parameters.ts';

type Parameters = typeof parameters;
/** The name of a kernel. */
export type Kernel = keyof Parameters;
type Name<K extends Kernel> = Parameters[K][number];

/** Elements, by value or by argument; a list is their product. */
type Amount<N extends string> = number | N | readonly (number | N)[];

/** One way to cut: along an argument that counts outputs. */
export interface Axis<N extends string> {
  along: N;
  /** The kernel does units from this argument up to `along`: nothing else changes. */
  from?: N;
  /** Elements by which an address advances with each unit; one that is 0 (absent) stays. */
  steps?: Partial<Record<N, Amount<N>>>;
  /** Numbers that advance with each unit and are no addresses. */
  counters?: readonly N[];
  /** Pieces begin at multiples of it. Default 1. */
  multiple?: number;
  /** The least units worth a piece. */
  least?: number;
  /** Lengths that must be 1, because `out` is dense and these stand outside. */
  alone?: readonly N[];
}

/** All ways to cut a kernel. */
export interface Rule<N extends string> {
  /**
   * Nanoseconds: a factor and the arguments it is multiplied by; of one unit where units are counted from one to another. Decides
   * whether a call is worth cutting, nothing else.
   */
  cost: readonly [number, ...N[]];
  axes: readonly Axis<N>[];
  /** Of several axes the one with the most units; default the first that has enough of them. */
  longest?: boolean;
  /** Pieces of each thread's share at most; default 4. Each prepares something of its own. */
  pieces?: number;
  /** The argument that addresses scratch and how many elements of it a piece needs at most. */
  scratch?: readonly [N, (argument: Readonly<Record<N, number>>) => number];
}

type Rules = { [K in Kernel]?: Rule<Name<K>> };

/** Elements in a cache line: no two threads write to one. */
export const LINE = 16;

const map = (ns: number) => ({ cost: [ns, 'n'], axes: [{ along: 'n', steps: { out: 1, x: 1 }, multiple: LINE }] }) as const;

const slope = <const N extends string>(name: N) =>
  ({ cost: [0.3, 'n'], axes: [{ along: 'n', steps: { dx: 1, g: 1, [name]: 1 } as Record<'dx' | 'g' | N, 1>, multiple: LINE }] }) as const;

/** Four broadcast axes, `out` dense: cut along the outermost that is longer than 1. */
const zip = {
  cost: [0.15, 'n0', 'n1', 'n2', 'n3'],
  axes: [
    { along: 'n0', steps: { out: ['n1', 'n2', 'n3'], a: 'a0', b: 'b0' } },
    { along: 'n1', steps: { out: ['n2', 'n3'], a: 'a1', b: 'b1' }, alone: ['n0'] },
    { along: 'n2', steps: { out: 'n3', a: 'a2', b: 'b2' }, alone: ['n0', 'n1'] },
    { along: 'n3', steps: { out: 1, a: 'a3', b: 'b3' }, alone: ['n0', 'n1', 'n2'], multiple: LINE },
  ],
} as const;

const rowsOf = <const N extends string>(ns: number, names: readonly N[]) =>
  ({
    cost: [ns, 'rows', 'n'],
    axes: [{ along: 'rows', steps: Object.fromEntries(names.map((name) => [name, 'n'])) as Record<N, 'n'> }],
  }) as const;

const reduce = { cost: [0.2, 'outer', 'n', 'inner'], axes: [{ along: 'outer', steps: { out: 'inner', x: ['n', 'inner'] } }] } as const;

const draw = (ns: number) => ({ cost: [ns, 'n'], axes: [{ along: 'n', steps: { out: 1 }, counters: ['start'], multiple: LINE }] }) as const;

const cell = <const S>(ns: number, steps: S) => ({ cost: [ns, 'batch', 'hidden'], axes: [{ along: 'batch', steps }] }) as const;

/** `x` rounded up to a multiple. */
const up = (x: number, multiple: number) => Math.ceil(x / multiple) * multiple;

/** Elements; `workspace` in src/ops/product.ts, which the runtime cannot import. A test compares the two. */
const workspace = ({ m, n, k }: Readonly<Record<'m' | 'n' | 'k', number>>) =>
  Math.max(2048, Math.min(k, 256) * (up(Math.min(n, m <= 128 ? 64 : 2048), 8) + up(Math.min(m, 128), 4)));

/** Every kernel that is cut. The others run on the calling thread; test/runtime/threads.test.ts lists them with the reason. */
export const rules: Rules = {
  neg: map(0.1),
  abs: map(0.1),
  sign: map(0.1),
  exp: map(0.6),
  log: map(1),
  tanh: map(1),
  sigmoid: map(1),
  softplus: map(1.5),
  erf: map(3),
  sin: map(1),
  cos: map(1),
  sqrt: map(0.5),
  relu: map(0.1),
  toFloat: map(0.1),
  affine: map(0.1),
  clamp: map(0.1),
  not: map(0.1),
  where: { cost: [0.2, 'n'], axes: [{ along: 'n', steps: { out: 1, mask: 1, a: 1, b: 1 }, multiple: LINE }] },

  add: zip,
  sub: zip,
  mul: zip,
  div: zip,
  maximum: zip,
  minimum: zip,
  equal: zip,
  less: zip,
  lessEqual: zip,
  and: zip,
  or: zip,

  copy: {
    cost: [0.2, 'n0', 'n1', 'n2', 'n3'],
    axes: [
      { along: 'n0', steps: { out: 'o0', x: 'x0' } },
      { along: 'n1', steps: { out: 'o1', x: 'x1' } },
      { along: 'n2', steps: { out: 'o2', x: 'x2' } },
      { along: 'n3', steps: { out: 'o3', x: 'x3' }, multiple: LINE },
    ],
  },
  tanhBackward: slope('y'),
  sigmoidBackward: slope('y'),
  reluBackward: slope('y'),
  gelu: map(1.3),
  geluBackward: { ...slope('x'), cost: [1.6, 'n'] },

  gather: { cost: [0.2, 'count', 'width'], axes: [{ along: 'count', steps: { out: 'width', index: 1 } }] },
  pick: {
    cost: [2, 'outer', 'inner'],
    axes: [{ along: 'outer', steps: { out: 'inner', x: ['n', 'inner'], index: 'inner' } }],
  },
  pickBackward: {
    cost: [0.1, 'outer', 'n', 'inner'],
    axes: [{ along: 'outer', steps: { dx: ['n', 'inner'], g: 'inner', index: 'inner' } }],
  },

  packRows: {
    cost: [0.4, 'rows', 'depth'],
    axes: [{ along: 'rows', steps: { out: 'depth', x: 'rowStride' }, multiple: 4 }],
  },
  packColumns: {
    cost: [0.4, 'depth', 'columns'],
    axes: [{ along: 'columns', steps: { out: 'depth', x: 'columnStride' }, multiple: 8 }],
  },
  matmulPacked: {
    cost: [0.045, 'm', 'n', 'k'],
    longest: true,
    axes: [
      { along: 'n', steps: { out: 1, b: 'k' }, multiple: LINE },
      { along: 'm', steps: { out: 'outStride', a: 'k' }, multiple: 4 },
    ],
  },
  matmul: {
    cost: [0.045, 'm', 'n', 'k'],
    longest: true,
    axes: [
      { along: 'm', steps: { out: 'outStride', a: 'aRow' }, multiple: 4, least: 32 },
      { along: 'n', steps: { out: 1, b: 'bColumn' }, multiple: LINE, least: 64 },
    ],
    pieces: 2,
    scratch: ['scratch', workspace],
  },
  // Of small products, most of them with one row or column, each of whose elements is used once.
  matmulBatch: {
    cost: [0.2, 'm', 'n', 'k', 'outer', 'inner'],
    axes: [
      { along: 'outer', steps: { out: ['inner', 'm', 'n'], a: 'aOuter', b: 'bOuter' } },
      { along: 'inner', steps: { out: ['m', 'n'], a: 'aInner', b: 'bInner' }, alone: ['outer'] },
    ],
    scratch: ['scratch', workspace],
  },

  matmulPanels: {
    cost: [0.045, 'm', 'n', 'k'],
    longest: true,
    axes: [
      { along: 'm', steps: { out: 'outStride', a: 'aRow' }, multiple: 4, least: 32 },
      { along: 'n', steps: { out: 1, b: 'k' }, multiple: LINE, least: 64 },
    ],
    pieces: 2,
    scratch: ['scratch', ({ m, k }) => up(Math.min(m, 128), 4) * Math.min(k, 256)],
  },

  crossEntropy: { cost: [1, 'rows', 'n'], axes: [{ along: 'rows', steps: { loss: 1, stats: 2, x: 'n', target: 1 } }] },
  crossEntropyBackward: {
    cost: [1, 'rows', 'n'],
    axes: [{ along: 'rows', steps: { dx: 'n', g: 1, x: 'n', stats: 2, target: 1 } }],
  },
  softmax: rowsOf(1, ['out', 'x']),
  softmaxBackward: rowsOf(0.4, ['dx', 'g', 'y']),
  logSoftmax: rowsOf(1, ['out', 'x']),
  logSoftmaxBackward: rowsOf(1, ['dx', 'g', 'y']),
  logSumExp: { cost: [0.6, 'rows', 'n'], axes: [{ along: 'rows', steps: { out: 1, x: 'n' } }] },
  layerNorm: {
    cost: [0.4, 'rows', 'n'],
    axes: [{ along: 'rows', steps: { out: 'n', mean: 1, rstd: 1, x: 'n' } }],
  },

  sparsemax: rowsOf(2, ['out', 'x']),
  sparsemaxBackward: rowsOf(0.6, ['dx', 'g', 'y']),
  linearScan: {
    cost: [1, 'outer', 'n', 'inner'],
    axes: [{ along: 'outer', steps: { out: ['n', 'inner'], x: ['n', 'inner'], a: ['n', 'inner'] } }],
  },

  sum: reduce,
  max: reduce,
  argmax: { ...reduce, cost: [1, 'outer', 'n', 'inner'] },

  lstmCell: cell(6, {
    ...{ out: 'outStride', h: 'hidden', c: 'hidden', gates: [4, 'hidden'], input: [4, 'hidden'] },
    ...{ hPrev: 'hidden', cPrev: 'hidden', mask: 'maskStride' },
  }),
  lstmCellBackward: cell(3, {
    ...{ dgates: [4, 'hidden'], dh: 'hidden', dc: 'hidden', g: 'gStride', gates: [4, 'hidden'] },
    ...{ c: 'hidden', cPrev: 'hidden', mask: 'maskStride' },
  }),
  gruCell: cell(5, {
    ...{ out: 'outStride', h: 'hidden', gates: [3, 'hidden'], inner: 'hidden', input: [3, 'hidden'] },
    ...{ hPrev: 'hidden', mask: 'maskStride' },
  }),
  gruCellBackward: cell(2, {
    ...{ dgates: [3, 'hidden'], dinner: [3, 'hidden'], dh: 'hidden', g: 'gStride', gates: [3, 'hidden'] },
    ...{ inner: 'hidden', hPrev: 'hidden', mask: 'maskStride' },
  }),

  additiveScore: {
    cost: [1.2, 'batch', 'queries', 'keys', 'width'],
    axes: [
      { along: 'batch', steps: { out: ['queries', 'keys'], q: ['queries', 'width'], k: ['keys', 'width'] } },
      { along: 'queries', steps: { out: 'keys', q: 'width' }, alone: ['batch'] },
    ],
  },
  additiveScoreBackward: { cost: [1.7, 'batch', 'queries', 'keys'], axes: [{ along: 'to', from: 'from', multiple: LINE }] },

  scaledDotProductAttention: {
    cost: [6.4, 'keys', 'width'],
    axes: [{ along: 'to', from: 'from' }],
    scratch: [
      'scratch',
      ({ keys, width, valueWidth }) => {
        const widths = up(width, 4) + up(valueWidth, 4);
        return 64 * (widths + 68) + 8 * up(valueWidth, 4) + up(keys, 4) * widths;
      },
    ],
  },
  scaledDotProductWeights: {
    cost: [3.2, 'keys', 'width'],
    axes: [{ along: 'to', from: 'from' }],
    scratch: ['scratch', ({ keys, width }) => 64 * (up(width, 4) + 68) + up(keys, 4) * up(width, 4)],
  },
  scaledDotProductAttentionBackward: {
    cost: [0.25, 'queries', 'keys', 'width'],
    axes: [{ along: 'to', from: 'from' }],
    scratch: [
      'scratch',
      ({ queries, width, valueWidth }) =>
        8704 + 136 * up(width, 4) + 64 * up(valueWidth, 4) + up(queries, 8) * (2 * up(width, 4) + up(valueWidth, 4) + 3),
    ],
  },

  uniform: draw(2),
  normal: draw(4),
  gumbel: draw(3),
  dropout: { cost: [2, 'n'], axes: [{ along: 'n', steps: { out: 1, x: 1 }, counters: ['start'], multiple: LINE }] },
  categorical: { cost: [3, 'rows', 'n'], axes: [{ along: 'rows', steps: { out: 1, logits: 'n' }, counters: ['start'] }] },

  adam: { cost: [0.8, 'n'], axes: [{ along: 'n', steps: { p: 1, g: 1, m: 1, v: 1 }, multiple: LINE }] },
  sgd: { cost: [0.4, 'n'], axes: [{ along: 'n', steps: { p: 1, g: 1, b: 1 }, multiple: LINE }] },
  rmsprop: { cost: [0.8, 'n'], axes: [{ along: 'n', steps: { p: 1, g: 1, s: 1, a: 1, b: 1 }, multiple: LINE }] },
  adagrad: { cost: [0.8, 'n'], axes: [{ along: 'n', steps: { p: 1, g: 1, s: 1 }, multiple: LINE }] },
  adadelta: { cost: [0.8, 'n'], axes: [{ along: 'n', steps: { p: 1, g: 1, s: 1, a: 1 }, multiple: LINE }] },
};
