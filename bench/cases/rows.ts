import { crossEntropy, grad, layerNorm, logSoftmax, softmax, type Tensor, tensor } from 'saccade';
import { rmsNorm } from 'saccade/ops';
import { type Case, drawn, op, parametersOf, resultOf, type Target, valuesOf } from '../case.ts';
import * as plain from '../plain.ts';

const ROWS = 4096;
const WIDTH = 1024;
const SHAPE = [ROWS, WIDTH];
const target: Target = { peers: 1.5 };

/** An op on rows that is limited by the exponential of each element. */
const exponentials = { bound: 'exp', work: ROWS * WIDTH, tolerance: 2e-6, target } as const;
/** An op that reads and writes each element once. */
const moving = { bound: 'copy', work: 8 * ROWS * WIDTH, tolerance: 2e-6, target } as const;

/** A class for each row. */
const classOf = (row: number) => (row * 37) % WIDTH;
const classes = () => tensor(Int32Array.from({ length: ROWS }, (_, i) => classOf(i)));

/** Rows that float64 computes: the first and the last. */
const PROVED = [0, 1, ROWS - 2, ROWS - 1];

/** Some rows of a result and of float64's, which computes from the row of x, the weight, the bias and the incoming gradient. */
function proofOf(
  setup: Case['setup'],
  wanted: (x: number[], weight: Float32Array, bias: Float32Array, g: number[]) => number[],
): Case['proof'] {
  return () => {
    const [x, weight, bias] = valuesOf([SHAPE, [WIDTH], [WIDTH]]) as [Float32Array, Float32Array, Float32Array];
    const g = drawn(ROWS * WIDTH, 9);
    const all = resultOf(setup);
    return {
      got: PROVED.flatMap((i) => plain.row(all, i, WIDTH)),
      wanted: PROVED.flatMap((i) => wanted(plain.row(x, i, WIDTH), weight, bias, plain.row(g, i, WIDTH))),
    };
  };
}

/** The loss of each row: `−ln p` of its class. */
const lossOf = (x: Float32Array, row: number) => -(plain.logSoftmax(plain.row(x, row, WIDTH))[classOf(row)] as number);
const allRows = Array.from({ length: ROWS }, (_, i) => i);

/** The gradient of `f` alone with respect to every operand; the forward pass runs once. */
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

const softmaxForward = op([SHAPE], (x) => softmax(x as Tensor));
const softmaxBackward = gradient([SHAPE], (x) => softmax(x as Tensor));
const logForward = op([SHAPE], (x) => logSoftmax(x as Tensor));
const normForward = op([SHAPE, [WIDTH], [WIDTH]], normalise);
const normBackward = gradient([SHAPE, [WIDTH], [WIDTH]], normalise);

const rooted = (x?: Tensor, weight?: Tensor) => rmsNorm(x as Tensor, weight as Tensor);
const rootForward = op([SHAPE, [WIDTH]], rooted);
const rootBackward = gradient([SHAPE, [WIDTH]], rooted);

const loss: Case['setup'] = () => {
  const [x] = parametersOf([SHAPE]) as [Tensor];
  const index = classes();
  return () => crossEntropy(x, index);
};

const lossGradient: Case['setup'] = () => {
  const [x] = parametersOf([SHAPE]) as [Tensor];
  const index = classes();
  return () => grad(crossEntropy(x, index), [x])[0] as Tensor;
};

export const rows: Case[] = [
  {
    ...exponentials,
    name: `softmax ${ROWS}×${WIDTH}`,
    setup: softmaxForward,
    proof: proofOf(softmaxForward, plain.softmax),
    task: { op: 'softmax', shapes: [SHAPE] },
  },
  {
    ...moving,
    target: {},
    name: `softmax backward ${ROWS}×${WIDTH}`,
    work: 12 * ROWS * WIDTH,
    setup: softmaxBackward,
    proof: proofOf(softmaxBackward, (x, _weight, _bias, g) => plain.softmaxBackward(plain.softmax(x), g)),
  },
  {
    ...exponentials,
    name: `logSoftmax ${ROWS}×${WIDTH}`,
    setup: logForward,
    proof: proofOf(logForward, plain.logSoftmax),
    task: { op: 'logSoftmax', shapes: [SHAPE] },
  },
  {
    ...exponentials,
    name: `crossEntropy ${ROWS}×${WIDTH}`,
    setup: loss,
    proof: () => {
      const [x] = valuesOf([SHAPE]) as [Float32Array];
      return { got: resultOf(loss), wanted: [allRows.reduce((sum, i) => sum + lossOf(x, i), 0) / ROWS] };
    },
    task: { op: 'crossEntropy', shapes: [SHAPE] },
  },
  {
    ...exponentials,
    target,
    name: `crossEntropy with gradient ${ROWS}×${WIDTH}`,
    setup: lossGradient,
    proof: () => {
      const [x] = valuesOf([SHAPE]) as [Float32Array];
      const all = resultOf(lossGradient);
      const wanted = (i: number) => plain.softmax(plain.row(x, i, WIDTH)).map((p, j) => (p - Number(j === classOf(i))) / ROWS);
      return { got: PROVED.flatMap((i) => plain.row(all, i, WIDTH)), wanted: PROVED.flatMap(wanted) };
    },
    task: { op: 'crossEntropyGradient', shapes: [SHAPE] },
  },
  {
    ...moving,
    name: `layerNorm ${ROWS}×${WIDTH}`,
    setup: normForward,
    proof: proofOf(normForward, plain.layerNorm),
    task: { op: 'layerNorm', shapes: [SHAPE, [WIDTH], [WIDTH]] },
  },
  {
    ...moving,
    target: {},
    name: `layerNorm backward ${ROWS}×${WIDTH}`,
    work: 12 * ROWS * WIDTH,
    setup: normBackward,
    proof: proofOf(normBackward, (x, weight, _bias, g) => plain.layerNormBackward(x, weight, g)),
  },
  {
    ...moving,
    target: {},
    name: `rmsNorm ${ROWS}×${WIDTH}`,
    setup: rootForward,
    proof: proofOf(rootForward, plain.rmsNorm),
  },
  {
    ...moving,
    target: {},
    name: `rmsNorm backward ${ROWS}×${WIDTH}`,
    work: 12 * ROWS * WIDTH,
    setup: rootBackward,
    proof: proofOf(rootBackward, (x, weight, _bias, g) => plain.rmsNormBackward(x, weight, g)),
  },
];
