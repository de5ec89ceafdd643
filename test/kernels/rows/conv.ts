import { scratchOf } from '../../../src/runtime/scratch.ts';
import type { Draw, KernelRow } from '../row.ts';

/** Images, filters and where patches lie: height, width, depth, outputs, window, strides, what lies before the image, rows and columns. */
interface Shape {
  name: string;
  image: readonly [height: number, width: number];
  window: readonly [rows: number, columns: number];
  stride: readonly [number, number];
  before: readonly [number, number];
  result: readonly [rows: number, columns: number];
}

const shapes: Shape[] = [
  { name: '3 × 3, same', image: [5, 6], window: [3, 3], stride: [1, 1], before: [1, 1], result: [5, 6] },
  { name: 'strides, uneven', image: [7, 9], window: [3, 2], stride: [2, 3], before: [1, 0], result: [4, 3] },
  { name: 'beyond the image', image: [3, 4], window: [2, 3], stride: [1, 1], before: [-2, 4], result: [4, 7] },
  { name: 'one pixel', image: [6, 5], window: [1, 1], stride: [1, 1], before: [0, 0], result: [6, 5] },
];

const sized = ({ image, window, stride, before, result }: Shape, depth: number, outputs: number) => ({
  lengths: { depth, columns: result[1], outputs, windowRows: window[0], windowColumns: window[1], strideY: stride[0], strideX: stride[1] },
  numbers: [...image, depth, ...result, outputs, ...window, ...stride, ...before] as number[],
  terms: window[0] * window[1] * depth,
  pixels: result[0] * result[1],
  image: image[0] * image[1] * depth,
});

/** `less`: so many rows are left out at either end. */
function forward(d: Draw, shape: Shape, batch: number, depth: number, outputs: number, beta: 0 | 1, less = 0) {
  const { lengths, numbers, terms, pixels, image } = sized(shape, depth, outputs);
  const weight = d.real(Math.ceil(outputs / 8) * 8 * terms, -1, 1);
  const out = d.inout(d.real(batch * pixels * outputs));
  return [
    out,
    d.real(batch * image),
    weight,
    less,
    batch * shape.result[0] - less,
    ...numbers,
    beta,
    d.scratch(scratchOf('conv2d', lengths)),
  ];
}

function backward(d: Draw, shape: Shape, batch: number, depth: number, outputs: number, less = 0) {
  const { lengths, numbers, pixels, image, terms } = sized(shape, depth, outputs);
  const places = shape.window[0] * shape.window[1];
  const operands = [d.out(terms * outputs), d.real(batch * pixels * outputs, -1, 1), d.real(batch * image)];
  return [...operands, less, places - less, batch, ...numbers, d.scratch(scratchOf('conv2dWeightBackward', lengths))];
}

const CHANNELS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 17] as const;
const wide: Shape = { name: 'wider than a tile', image: [3, 150], window: [3, 3], stride: [1, 1], before: [1, 1], result: [3, 150] };
/** 3 · 3 · 60 terms: more than a block of a sum, and smaller tiles. */
const tolerance = { absolute: 2e-4 };

export const convolving: KernelRow[] = [
  ...shapes.flatMap((shape): KernelRow[] => [
    { kernel: 'conv2d', name: `${shape.name}, channels`, lengths: CHANNELS, args: (n, d) => forward(d, shape, 2, n, 5, 0), tolerance },
    {
      kernel: 'conv2d',
      name: `${shape.name}, results, added`,
      lengths: CHANNELS,
      args: (n, d) => forward(d, shape, 2, 3, n, 1),
      tolerance,
    },
    {
      kernel: 'conv2dWeightBackward',
      name: `${shape.name}, channels`,
      lengths: CHANNELS,
      args: (n, d) => backward(d, shape, 2, n, 5),
      tolerance,
    },
    {
      kernel: 'conv2dWeightBackward',
      name: `${shape.name}, results`,
      lengths: CHANNELS,
      args: (n, d) => backward(d, shape, 2, 3, n),
      tolerance,
    },
  ]),
  { kernel: 'conv2d', name: 'a part', lengths: [1, 5], args: (n, d) => forward(d, shapes[0] as Shape, 2, n, 5, 0, 2), tolerance },
  {
    kernel: 'conv2dWeightBackward',
    name: 'a part',
    lengths: [1, 5],
    args: (n, d) => backward(d, shapes[0] as Shape, 2, n, 5, 1),
    tolerance,
  },
  { kernel: 'conv2d', name: wide.name, lengths: [0, 3, 60], args: (n, d) => forward(d, wide, 1, n, 2, 0), tolerance },
  { kernel: 'conv2dWeightBackward', name: wide.name, lengths: [0, 3, 60], args: (n, d) => backward(d, wide, 1, n, 2), tolerance },
  { kernel: 'conv2d', name: 'many', lengths: [0, 1, 2, 9], args: (n, d) => forward(d, shapes[0] as Shape, n, 3, 4, 0), tolerance },
  {
    kernel: 'conv2dWeightBackward',
    name: 'many',
    lengths: [0, 1, 2, 9],
    args: (n, d) => backward(d, shapes[0] as Shape, n, 3, 4),
    tolerance: { absolute: 1e-3 }, // 270 terms of up to 3
  },
];
