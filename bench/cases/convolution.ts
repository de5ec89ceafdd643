import { grad, scope, type Tensor, tensor } from 'saccade';
import { conv2d } from 'saccade/ops';
import { type Case, drawn, op, parametersOf, resultOf, sizeOf, valuesOf } from '../case.ts';

/** Images of `side` × `side` pixels, and 3 × 3 filters that keep the size. */
interface Sizes {
  batch: number;
  side: number;
  input: number;
  output: number;
}

const SIZE = 3;
const shapesOf = ({ batch, side, input, output }: Sizes) =>
  [
    [batch, side, side, input],
    [output, input, SIZE, SIZE],
  ] as const;

/** Calls `f` with the places of each product: in the image, the filter and the result. */
function each({ batch, side, input, output }: Sizes, from: number, f: (x: number, w: number, y: number) => void): void {
  for (let at = from; at < batch * side * side; at++) {
    const [b, r, c] = [Math.floor(at / (side * side)), Math.floor(at / side) % side, at % side];
    for (let p = 0; p < SIZE; p++) {
      for (let q = 0; q < SIZE; q++) {
        const [i, j] = [r + p - 1, c + q - 1];
        if (i < 0 || i >= side || j < 0 || j >= side) continue;
        for (let k = 0; k < input; k++) {
          for (let o = 0; o < output; o++)
            f(((b * side + i) * side + j) * input + k, ((o * input + k) * SIZE + p) * SIZE + q, at * output + o);
        }
      }
    }
  }
}

const nameOf = ({ batch, side, input, output }: Sizes) => `${batch} × ${side}² pixels, ${input} → ${output} channels`;
const flop = ({ batch, side, input, output }: Sizes) => 2 * batch * side * side * input * output * SIZE * SIZE;

function forward(sizes: Sizes): Case {
  const shapes = shapesOf(sizes);
  const setup = op(shapes, (x, w) => conv2d(x as Tensor, w as Tensor, undefined, { padding: 'same' }));
  const first = sizes.batch * sizes.side * sizes.side - 64;
  return {
    name: nameOf(sizes),
    bound: 'compute',
    work: flop(sizes),
    setup,
    proof: () => {
      const [x, w] = valuesOf(shapes) as [Float32Array, Float32Array];
      const wanted = new Float64Array(64 * sizes.output);
      each(sizes, first, (i, k, o) => {
        const at = o - first * sizes.output;
        wanted[at] = (wanted[at] as number) + (x[i] as number) * (w[k] as number);
      });
      return { got: Array.from(resultOf(setup)).slice(first * sizes.output), wanted };
    },
    tolerance: 2e-6,
    task: { op: 'conv2d', shapes },
    target: { fraction: 0.75, peers: 1 },
  };
}

/** The result, and the gradients by images and filters: the work of three. The gradient by the filters is what is proved. */
function training(sizes: Sizes): Case {
  const shapes = shapesOf(sizes);
  const result = [sizes.batch, sizes.side, sizes.side, sizes.output];
  const setup = () => {
    const [x, w] = parametersOf(shapes) as [Tensor, Tensor];
    const gradient = tensor(drawn(sizeOf(result), 3), { shape: result });
    return () => scope(() => grad(conv2d(x, w, undefined, { padding: 'same' }), [x, w], { gradient })[1] as Tensor);
  };
  return {
    name: `${nameOf(sizes)}, with gradients`,
    bound: 'compute',
    work: 3 * flop(sizes),
    setup,
    proof: () => {
      const [x, , g] = valuesOf([...shapes, result]) as [Float32Array, Float32Array, Float32Array];
      const wanted = new Float64Array(sizeOf(shapes[1]));
      each(sizes, 0, (i, k, o) => {
        wanted[k] = (wanted[k] as number) + (x[i] as number) * (g[o] as number);
      });
      return { got: resultOf(setup), wanted };
    },
    tolerance: 2e-5,
    task: { op: 'conv2dGradients', shapes: [...shapes, result] },
    target: { fraction: 0.75, peers: 1 },
  };
}

const all: Sizes[] = [
  { batch: 8, side: 28, input: 16, output: 16 },
  { batch: 8, side: 14, input: 32, output: 32 },
  { batch: 8, side: 7, input: 64, output: 64 },
];

/** 3 × 3 convolutions, forward and with both gradients. */
export const convolution: Case[] = all.flatMap((sizes) => [forward(sizes), training(sizes)]);
