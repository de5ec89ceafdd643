import { crossEntropy, grad, layerNorm, logSoftmax, softmax, type Tensor, tensor } from 'saccade';
import { type Case, drawn, op, parametersOf, type Target } from '../case.ts';

const ROWS = 4096;
const WIDTH = 1024;
const SHAPE = [ROWS, WIDTH];
const target: Target = { peers: 1.5 };

/** An op of rows that is bounded by the exponential of each element. */
const exponentials = { bound: 'exp', work: ROWS * WIDTH, tolerance: 2e-6, target } as const;
/** One that reads and writes each element once. */
const moving = { bound: 'copy', work: 8 * ROWS * WIDTH, tolerance: 2e-6, target } as const;

/** A class for each row. */
const classes = () => tensor(Int32Array.from({ length: ROWS }, (_, i) => (i * 37) % WIDTH));

/** The gradient of `f` alone, with respect to every operand; the forward pass is made once. */
function gradient(shapes: readonly (readonly number[])[], f: (...inputs: Tensor[]) => Tensor): Case['setup'] {
  return () => {
    const inputs = parametersOf(shapes);
    const y = f(...inputs);
    const g = tensor(drawn(y.size, 9), { shape: y.shape });
    return () => {
      const [first, ...others] = grad(y, inputs, { gradient: g });
      for (const other of others) other.storage.free();
      return first as Tensor;
    };
  };
}

const normalise = (x?: Tensor, weight?: Tensor, bias?: Tensor) =>
  layerNorm(x as Tensor, { weight: weight as Tensor, bias: bias as Tensor });

export const rows: Case[] = [
  {
    ...exponentials,
    name: `softmax ${ROWS}×${WIDTH}`,
    setup: op([SHAPE], (x) => softmax(x as Tensor)),
    task: { op: 'softmax', shapes: [SHAPE] },
  },
  {
    ...moving,
    target: {},
    name: `softmax backward ${ROWS}×${WIDTH}`,
    work: 12 * ROWS * WIDTH,
    setup: gradient([SHAPE], (x) => softmax(x as Tensor)),
  },
  {
    ...exponentials,
    name: `logSoftmax ${ROWS}×${WIDTH}`,
    setup: op([SHAPE], (x) => logSoftmax(x as Tensor)),
    task: { op: 'logSoftmax', shapes: [SHAPE] },
  },
  {
    ...exponentials,
    name: `crossEntropy ${ROWS}×${WIDTH}`,
    setup: () => {
      const [x] = parametersOf([SHAPE]) as [Tensor];
      const index = classes();
      return () => crossEntropy(x, index);
    },
    task: { op: 'crossEntropy', shapes: [SHAPE] },
  },
  {
    ...exponentials,
    target,
    name: `crossEntropy with gradient ${ROWS}×${WIDTH}`,
    setup: () => {
      const [x] = parametersOf([SHAPE]) as [Tensor];
      const index = classes();
      return () => grad(crossEntropy(x, index), [x])[0] as Tensor;
    },
    task: { op: 'crossEntropyGradient', shapes: [SHAPE] },
  },
  {
    ...moving,
    name: `layerNorm ${ROWS}×${WIDTH}`,
    setup: op([SHAPE, [WIDTH], [WIDTH]], normalise),
    task: { op: 'layerNorm', shapes: [SHAPE, [WIDTH], [WIDTH]] },
  },
  {
    ...moving,
    target: {},
    name: `layerNorm backward ${ROWS}×${WIDTH}`,
    work: 12 * ROWS * WIDTH,
    setup: gradient([SHAPE, [WIDTH], [WIDTH]], normalise),
  },
];
