// How each kernel's call is cut into calls on parts of its outputs. Cuts never divide a sum, so every element results from the same
// operations in the same order on any thread, and the bits do not depend on the number of threads.
import { parameters } from '../generated/parameters.ts';
import { type Axis, implied, LINE } from './signature.ts';

type Parameters = typeof parameters;
/** The name of a kernel. */
export type Kernel = keyof Parameters;
type Name<K extends Kernel> = Parameters[K][number];

/** Properties of a kernel that its signature does not show. */
export interface Rule<N extends string> {
  /**
   * Cost in nanoseconds: a factor and the arguments that multiply it; per unit, if units are counted from one argument to another. A factor
   * alone multiplies what the signature implies. It only decides whether a call is worth cutting.
   */
  cost?: number | readonly [number, ...N[]];
  /** All ways to cut. Default: those that the signature implies. */
  axes?: readonly Axis<N>[];
  /** Among several axes take the one with the most units; by default the first that has enough of them. */
  longest?: boolean;
  /** Maximal number of pieces per thread's share. Default 4. For kernels whose every piece has to prepare something. */
  pieces?: number;
  /** Whether it changes what it reads, so that a piece cannot run twice. */
  once?: boolean;
}

type Rules = { [K in Kernel]?: Rule<Name<K>> };

/** Nanoseconds to read or write one element of an array. */
const TOUCH = 0.05;

const rowsOf = <const N extends string>(ns: number, names: readonly N[]) =>
  ({
    cost: [ns, 'rows', 'n'],
    axes: [{ along: 'rows', steps: Object.fromEntries(names.map((name) => [name, 'n'])) as Record<N, 'n'> }],
  }) as const;

const reduce = { cost: [0.2, 'outer', 'n', 'inner'], axes: [{ along: 'outer', steps: { out: 'inner', x: ['n', 'inner'] } }] } as const;

const cell = <const S>(ns: number, steps: S) => ({ cost: [ns, 'batch', 'hidden'], axes: [{ along: 'batch', steps }], once: true }) as const;

const [WHERE, BANK, STATES] = [['heads', 'cells'] as const, ['cells', 'width'] as const, ['slots', 'width'] as const];
const heads = <const S>(ns: number, steps: S) =>
  ({ cost: [ns, 'batch', 'heads', 'cells', 'width'], axes: [{ along: 'batch', steps }] }) as const;
const HEARD = { sentence: 'width', product: STATES, h: STATES, hPrev: STATES, gates: 'gateStride', rates: 'slots' } as const;
const hearing = <const S>(ns: number, own: S) => {
  const axes = [{ along: 'batch', steps: { ...HEARD, mask: 'maskStride', ...own } }] as const;
  return { cost: [ns, 'batch', 'slots', 'width'], axes, once: true } as const;
};

/** Kernels that are never cut, whatever their signature, and why. */
export const whole: Readonly<Partial<Record<Kernel, string>>> = {
  sumSquares: 'one sum',
  scatterAdd: 'rows meet in one place',
  embeddingBagBackward: 'rows meet in one place',
  embeddingBagWeights: 'one sum over all bags',
};

/** What `signature.ts` cannot read from names: costs, and cuts of kernels of other forms. */
export const rules: Rules = {
  exp: { cost: 0.6 },
  log: { cost: 1 },
  tanh: { cost: 1 },
  sigmoid: { cost: 1 },
  softplus: { cost: 1.5 },
  erf: { cost: 3 },
  sin: { cost: 1 },
  cos: { cost: 1 },
  sqrt: { cost: 0.5 },
  pow: { cost: 20 },
  gelu: { cost: 1.3 },
  geluSloped: { cost: 1.6 },
  geluTanh: { cost: 1.2 },
  geluTanhSloped: { cost: 1.6 },
  silu: { cost: 1.1 },
  siluBackward: { cost: 1.5 },
  swiglu: { cost: 1.3 },
  swigluBackward: { cost: 1.8 },
  softcap: { cost: 1.2 },
  copy: { cost: 0.2 },

  gather: { cost: [0.2, 'count', 'width'], axes: [{ along: 'count', steps: { out: 'width', index: 1 } }] },
  embeddingBag: { cost: [0.3, 'count', 'length', 'width'], axes: [{ along: 'count', steps: { out: 'width', index: 'length' } }] },
  pick: {
    cost: [2, 'outer', 'inner'],
    axes: [{ along: 'outer', steps: { out: 'inner', x: ['n', 'inner'], index: 'inner' } }],
  },
  pickBackward: {
    cost: [0.1, 'outer', 'n', 'inner'],
    axes: [{ along: 'outer', steps: { dx: ['n', 'inner'], g: 'inner', index: 'inner' } }],
  },

  crop: {
    cost: [0.1, 'batch', 'rows', 'columns', 'depth'],
    axes: [{ along: 'batch', steps: { out: ['rows', 'columns', 'depth'], x: ['height', 'width', 'depth'], corner: 2 } }],
  },
  cropBackward: {
    cost: [0.1, 'batch', 'height', 'width', 'depth'],
    axes: [{ along: 'batch', steps: { dx: ['height', 'width', 'depth'], g: ['rows', 'columns', 'depth'], corner: 2 } }],
  },
  maxPool2d: {
    cost: [0.5, 'batch', 'rows', 'columns', 'depth', 'windowRows', 'windowColumns'],
    axes: [
      {
        along: 'batch',
        steps: { out: ['rows', 'columns', 'depth'], place: ['rows', 'columns', 'depth'], x: ['height', 'width', 'depth'] },
      },
    ],
  },
  maxPool2dBackward: {
    cost: [2, 'batch', 'n', 'depth'],
    axes: [{ along: 'batch', steps: { dx: ['pixels', 'depth'], g: ['n', 'depth'], index: ['n', 'depth'] } }],
  },
  gridSample: {
    cost: [8, 'batch', 'points', 'depth'],
    axes: [{ along: 'batch', steps: { out: ['points', 'depth'], x: ['height', 'width', 'depth'], grid: [2, 'points'] } }],
  },
  gridSampleBackward: {
    cost: [12, 'batch', 'points', 'depth'],
    axes: [
      {
        along: 'batch',
        steps: {
          ...{ dx: ['height', 'width', 'depth'], dgrid: [2, 'points'], g: ['points', 'depth'] },
          ...{ x: ['height', 'width', 'depth'], grid: [2, 'points'] },
        },
      },
    ],
  },
  conv2d: { cost: [0.06, 'columns', 'outputs', 'windowRows', 'windowColumns', 'depth'], pieces: 2 },
  conv2dWeightBackward: { cost: [0.06, 'batch', 'rows', 'columns', 'outputs', 'depth'], pieces: 1 },
  batchNorm: { cost: [1, 'rows'], axes: [{ along: 'to', from: 'from', multiple: LINE }] },
  batchNormBackward: { cost: [1.5, 'rows'], axes: [{ along: 'to', from: 'from', multiple: LINE }] },

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
      { along: 'n', steps: { out: 1, b: 'bColumn', bias: 1 }, multiple: LINE, least: 64 },
    ],
    pieces: 2,
  },
  // Small products: most have one row or column, whose elements are used once.
  matmulBatch: {
    cost: [0.2, 'm', 'n', 'k', 'outer', 'inner'],
    axes: [
      { along: 'outer', steps: { out: ['inner', 'm', 'n'], a: 'aOuter', b: 'bOuter' } },
      { along: 'inner', steps: { out: ['m', 'n'], a: 'aInner', b: 'bInner' }, alone: ['outer'] },
    ],
  },

  matmulPanels: {
    cost: [0.045, 'm', 'n', 'k'],
    longest: true,
    axes: [
      { along: 'm', steps: { out: 'outStride', a: 'aRow' }, multiple: 4, least: 32 },
      { along: 'n', steps: { out: 1, b: 'k', bias: 1 }, multiple: LINE, least: 64 },
    ],
    pieces: 2,
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
  layerNorm: { cost: [0.4, 'rows', 'n'], axes: [{ along: 'rows', steps: { out: 'n', mean: 1, rstd: 1, x: 'n' } }] },
  layerNormBackward: { cost: [0.6, 'rows', 'n'], axes: [{ along: 'rows', steps: { dx: 'n', g: 'n', x: 'n', mean: 1, rstd: 1 } }] },
  rmsNormBackward: { cost: [0.6, 'rows', 'n'], axes: [{ along: 'rows', steps: { dx: 'n', g: 'n', x: 'n', rstd: 1 } }] },
  normWeightBackward: { cost: [0.3, 'rows'], axes: [{ along: 'to', from: 'from', multiple: LINE }] },
  rmsNorm: { cost: [0.3, 'rows', 'n'], axes: [{ along: 'rows', steps: { out: 'n', rstd: 1, x: 'n' } }] },
  rotary: {
    cost: [0.3, 'batch', 'heads', 'queries', 'depth'],
    axes: [
      { along: 'batch', steps: { out: ['heads', 'queries', 'depth'], x: ['heads', 'queries', 'depth'], index: 'indexStride' } },
      { along: 'heads', steps: { out: ['queries', 'depth'], x: ['queries', 'depth'] }, alone: ['batch'] },
      { along: 'queries', steps: { out: 'depth', x: 'depth', index: 1 }, alone: ['batch', 'heads'] },
    ],
  },

  topk: { cost: [10, 'rows', 'n'], axes: [{ along: 'rows', steps: { out: 'k', x: 'n' } }] },
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

  ctc: {
    cost: [12, 'outer', 'frames', 'n'],
    axes: [
      {
        along: 'outer',
        steps: { out: 1, posterior: ['frames', 'n'], x: ['frames', 'n'], skip: 'n', times: 1, ends: 1 },
      },
    ],
  },

  additiveScore: {
    cost: [1.2, 'batch', 'queries', 'keys', 'width'],
    axes: [
      { along: 'batch', steps: { out: ['queries', 'keys'], q: ['queries', 'width'], k: ['keys', 'width'] } },
      { along: 'queries', steps: { out: 'keys', q: 'width' }, alone: ['batch'] },
    ],
  },
  additiveScoreBackward: { cost: [1.7, 'batch', 'queries', 'keys'], axes: [{ along: 'to', from: 'from', multiple: LINE }] },

  scaledDotProductAttention: { cost: [6.4, 'keys', 'width'] },
  scaledDotProductWeights: { cost: [3.2, 'keys', 'width'] },
  scaledDotProductAttentionBackward: { cost: [0.25, 'group', 'queries', 'keys', 'width'] },

  memoryStep: heads(3, {
    ...{ weights: WHERE, read: ['reads', 'width'], next: BANK, saved: 'savedWidth' },
    ...{ x: 'xWidth', bank: BANK, previous: WHERE },
  }),
  memoryStepBackward: heads(5, {
    ...{ dx: 'xWidth', dbank: BANK, dprevious: WHERE, g: WHERE, gRead: ['reads', 'width'], gNext: BANK },
    ...{ x: 'xWidth', bank: BANK, previous: WHERE, weights: WHERE, saved: 'savedWidth' },
  }),
  entityCell: hearing(2, { out: 'outStride', matched: 'slots', driven: 'width' }),
  entityCellBackward: hearing(4, {
    ...{ dproduct: STATES, dsentence: 'width', dmatched: 'slots', ddriven: 'width', dslopes: 'width', dh: STATES, g: 'gStride' },
    gGates: 'gateStride',
  }),

  uniform: { cost: 2 },
  normal: { cost: 4 },
  gumbel: { cost: 3 },
  dropout: { cost: 2 },
  categorical: { cost: [3, 'rows', 'n'], axes: [{ along: 'rows', steps: { out: 1, logits: 'n' }, counters: ['start'] }] },

  adam: { cost: 0.8, once: true },
  sgd: { cost: 0.4, once: true },
  rmsprop: { cost: 0.8, once: true },
  adagrad: { cost: 0.8, once: true },
  adadelta: { cost: 0.8, once: true },
};

/** A kernel's rule, with what its signature implies. */
export interface FullRule extends Rule<string> {
  cost: readonly [number, ...string[]];
  axes: readonly Axis<string>[];
}

/** How a kernel is cut; `undefined` if it is not. */
export function ruleOf(kernel: Kernel): FullRule | undefined {
  if (kernel in whole) return undefined;
  const own = rules[kernel] as Rule<string> | undefined;
  const given = implied(parameters[kernel]);
  const axes = own?.axes ?? given?.axes;
  if (!axes) return undefined;
  const { cost } = own ?? {};
  const full = typeof cost === 'object' ? cost : ([cost ?? TOUCH * (given?.arrays ?? 1), ...(given?.factors ?? [])] as const);
  return { ...own, axes, cost: full };
}
