import { linear, matmul, type Tensor } from 'saccade';
import { type Case, op } from '../case.ts';

interface Options {
  transposeA?: boolean;
  transposeB?: boolean;
}

function product(m: number, n: number, k: number, options: Options = {}): Case {
  const { transposeA = false, transposeB = false } = options;
  const letters = `${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
  const size = m === n && n === k ? `${m}³` : `${m}×${k}·${k}×${n}`;
  return {
    name: `${size}${letters === 'NN' ? '' : ` ${letters}`}`,
    bound: 'compute',
    work: 2 * m * n * k,
    setup: op([transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]], (a, b) => matmul(a as Tensor, b as Tensor, options)),
    tolerance: 2e-6,
  };
}

const cube = (n: number, options?: Options) => product(n, n, n, options);

export const products: Case[] = [
  ...[32, 64, 128, 256, 512, 1024].map((n) => cube(n)),
  ...[63, 127, 255].map((n) => cube(n)),
  ...[64, 256].flatMap((n) => [
    cube(n, { transposeB: true }),
    cube(n, { transposeA: true }),
    cube(n, { transposeA: true, transposeB: true }),
  ]),
  product(64, 1024, 256),
  product(512, 1024, 256, { transposeB: true }),
  product(1024, 256, 512, { transposeA: true }),
  product(4096, 32, 64),
  product(32, 4096, 64),
  product(1, 1024, 256),
  product(1, 1024, 256, { transposeB: true }),
  product(8, 1024, 256, { transposeB: true }),
  {
    name: 'linear 512×256 → 1024',
    bound: 'compute',
    work: 2 * 512 * 256 * 1024,
    setup: op([[512, 256], [1024, 256], [1024]], (x, weight, bias) => linear(x as Tensor, weight as Tensor, bias)),
    tolerance: 2e-6,
  },
];
