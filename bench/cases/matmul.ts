import { linear, matmul, mul, type Tensor } from 'saccade';
import { type Case, op, parametersOf, resultOf, type Target, valuesOf } from '../case.ts';
import { product as plain } from '../plain.ts';

interface Options {
  transposeA?: boolean;
  transposeB?: boolean;
}

/** Recorded operands that are not parameters: panels of parameters are cached, which would exclude packing from the measurement. */
const operands = (shapes: readonly (readonly number[])[]) => parametersOf(shapes).map((x) => mul(x, 1)) as [Tensor, Tensor];

/** Multiplications above which float64 computes only a few rows. */
const LARGE = 300 ** 3;
const ROWS = 8;

const letters = ({ transposeA, transposeB }: Options) =>
  transposeA || transposeB ? ` ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}` : '';

function nameOf([m, k, n]: readonly number[], options: Options): string {
  return `${m === n && n === k ? `${n}³` : `${m}×${k}×${n}`}${letters(options)}`;
}

/** The last rows of a product, and those of a loop over its definition; all rows of small products. */
function proofOf(setup: Case['setup'], shapes: readonly (readonly number[])[], [m, k, n]: Sizes, options: Options): Case['proof'] {
  const first = m * n * k > LARGE ? Math.max(0, m - ROWS) : 0;
  return () => {
    const [a, b] = valuesOf(shapes) as [Float32Array, Float32Array];
    return { got: Array.from(resultOf(setup)).slice(first * n), wanted: plain(a, b, { m, k, n, first, ...options }) };
  };
}

/** Sizes of a product: rows, inner length, columns. */
type Sizes = readonly [m: number, k: number, n: number];

/** A product, recorded. */
function product(sizes: Sizes, options: Options = {}, target?: Target): Case {
  const [m, k, n] = sizes;
  const { transposeA = false, transposeB = false } = options;
  const shapes = [transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]];
  const setup = () => {
    const [a, b] = operands(shapes);
    return () => matmul(a, b, options);
  };
  return {
    name: nameOf(sizes, options),
    bound: 'compute',
    work: 2 * m * n * k,
    setup,
    proof: proofOf(setup, shapes, sizes, options),
    tolerance: 2e-6,
    task: { op: 'matmul', shapes, transposeA, transposeB },
    ...(target ? { target } : {}),
  };
}

/** A product that is limited by memory: `bytes` are the bytes it moves. */
function moving(bound: 'read' | 'fill', bytes: number, sizes: Sizes, options: Options = {}, target?: Target): Case {
  return { ...product(sizes, options, target), bound, work: bytes };
}

const cube = (n: number, options?: Options, target?: Target) => product([n, n, n], options, target);

/** The transpositions, without the plain case. */
const turned: Options[] = [{ transposeB: true }, { transposeA: true }, { transposeA: true, transposeB: true }];
const all: Options[] = [{}, ...turned];

/** At least this share of the even size's rate. */
const like = (name: string): Target => ({ like: [name, 0.85] });

const fractions: readonly (readonly [number, number])[] = [
  [32, 0.6],
  [64, 0.85],
  [128, 0.92],
  [256, 0.94],
  [512, 0.94],
  [1024, 0.93],
  [2048, 0.93],
];

const affineShapes = [[512, 256], [1024, 256], [1024]];
const affine = op(affineShapes, (x, weight, bias) => linear(x as Tensor, weight as Tensor, bias));

export const products: Case[] = [
  ...fractions.map(([n, fraction]) =>
    cube(n, {}, { fraction, ...(n >= 256 ? { relaxed: 1.25 } : {}), ...(n === 1024 ? { twoThreads: 1.85 } : {}) }),
  ),
  ...[64, 128, 256].flatMap((n) => turned.map((options) => cube(n, options, like(`${n}³`)))),
  ...[63, 127, 255].flatMap((n) => all.map((options) => cube(n, options, like(`${n + 1}³`)))),
  ...all.map((options) => product([1000, 4, 1000], options)),
  ...all.map((options) => product([1000, 3, 1000], options, like(`1000×4×1000${letters(options)}`))),
  ...all.map((options) => moving('read', 4 * 512 * 512, [1, 512, 512], options, { fraction: 0.85 })),
  ...all.map((options) => moving('read', 4 * 512 * 512, [512, 512, 1], options, { fraction: 0.85 })),
  moving('read', 4 * 2048 * 2048, [1, 2048, 2048], {}, { fraction: 0.85 }),
  moving('read', 4 * 2048 * 2048, [1, 2048, 2048], { transposeB: true }, { fraction: 0.85 }),
  ...all.map((options) => moving('fill', 4 * 512 * 512, [512, 2, 512], options)),
  ...all.map((options) => moving('fill', 4 * 512 * 512, [512, 1, 512], options, like(`512×2×512${letters(options)}`))),
  product([64, 256, 1024]),
  product([512, 256, 1024], { transposeB: true }),
  product([1024, 512, 256], { transposeA: true }),
  product([4096, 64, 32]),
  product([32, 64, 4096]),
  product([8, 256, 1024], { transposeB: true }),
  {
    name: 'linear 512×256 → 1024, one weight',
    bound: 'compute',
    work: 2 * 512 * 256 * 1024,
    setup: affine,
    proof: () => {
      const [x, weight, bias] = valuesOf(affineShapes) as [Float32Array, Float32Array, Float32Array];
      const rows = plain(x, weight, { m: 512, k: 256, n: 1024, first: 512 - ROWS, transposeB: true });
      return { got: Array.from(resultOf(affine)).slice(-ROWS * 1024), wanted: rows.map((value, i) => value + (bias[i % 1024] as number)) };
    },
    tolerance: 2e-6,
  },
];
