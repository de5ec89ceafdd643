import { type Draw, type KernelRow, LENGTHS } from '../row.ts';

interface Sizes {
  heads: number;
  reads: number;
  moves: number;
  cells: number;
  width: number;
}

const B = 2;

const forward = ({ heads, reads, moves, cells, width }: Sizes, d: Draw) => {
  const xWidth = heads * (width + 3 + moves) + 2 * (heads - reads) * width;
  const savedWidth = xWidth + cells * (1 + 4 * heads) + heads;
  const results = [B * heads * cells, B * reads * width, reads < heads ? B * cells * width : 0, B * savedWidth].map((size) => d.out(size));
  const operands = [d.real(B * xWidth), d.real(B * cells * width), d.real(B * heads * cells, 0, 1)];
  return [...results, ...operands, B, heads, reads, moves, cells, width, xWidth, savedWidth];
};

/** From gradients of everything, or only of the weights; `saved` holds what no forward pass left, but within its bounds. */
const backward = ({ heads, reads, moves, cells, width }: Sizes, d: Draw, all: boolean) => {
  const xWidth = heads * (width + 3 + moves) + 2 * (heads - reads) * width;
  const savedWidth = xWidth + cells * (1 + 4 * heads) + heads;
  const results = [B * xWidth, B * cells * width, B * heads * cells].map((size) => d.out(size));
  const gradients = [d.real(B * heads * cells), ...(all ? [d.real(B * reads * width), d.real(B * cells * width)] : [0, 0])];
  const operands = [d.real(B * xWidth, -25, 25), d.real(B * cells * width), ...[1, 2].map(() => d.real(B * heads * cells, 0, 1))];
  const lengths = [B, heads, reads, moves, cells, width, xWidth, savedWidth];
  const scratch = d.scratch(heads * cells + 3 * Math.max(cells, heads, width));
  return [...results, ...gradients, ...operands, d.real(B * savedWidth, 0, 1), ...lengths, scratch];
};

/** Weights are powers up to the fifth of quotients of sums of `n` products. */
const tolerance = { absolute: 4e-5 };
const some = { heads: 3, reads: 2, moves: 3, cells: 5, width: 4 };
const several = { heads: 3, reads: 1, moves: 5, cells: 6, width: 5 };
const CELLS = LENGTHS.filter((n) => n >= 5);

export const remembering: KernelRow[] = [
  { kernel: 'memoryStep', args: (n, d) => forward({ ...some, width: n }, d), tolerance },
  { kernel: 'memoryStep', name: 'cells', lengths: CELLS, args: (n, d) => forward({ ...several, cells: n }, d), tolerance },
  {
    kernel: 'memoryStep',
    name: 'nobody writes',
    lengths: [1, 4, 9],
    args: (n, d) => forward({ ...some, reads: 3, moves: 1, cells: n }, d),
    tolerance,
  },
  // Sums of up to a hundred products of numbers up to 3, of which the larger are some hundred.
  {
    kernel: 'memoryStepBackward',
    args: (n, d) => backward({ ...some, width: n }, d, true),
    tolerance: { absolute: 1e-3, relative: 1e-5 },
  },
  {
    kernel: 'memoryStepBackward',
    name: 'cells',
    lengths: CELLS,
    args: (n, d) => backward({ ...several, cells: n }, d, true),
    tolerance: { absolute: 1e-3, relative: 1e-5 },
  },
  {
    kernel: 'memoryStepBackward',
    name: 'of weights alone',
    lengths: [3, 8],
    args: (n, d) => backward({ ...some, cells: n }, d, false),
    tolerance: { absolute: 1e-4, relative: 1e-5 },
  },
];
