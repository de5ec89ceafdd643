import { expectOptions, isCount, isOneOf, isSize, maybe, ruleOf } from '../../tensor/check.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { powers, waves } from './exact.ts';

/** Options of {@link sinusoidalTable}. */
export interface SinusoidalOptions {
  /** Rows. */
  length: number;
  /** D, even. */
  size: number;
  /**
   * `vaswani`: sine and cosine of a rate side by side, rates 10000^(−2i/D) (Vaswani et al. 2017, §3.5; Marian). `tensor2tensor`: all sines, then all
   * cosines, rates 10000^(−i/(D/2 − 1)) (tensor2tensor, OpenNMT-tf, Universal Sentence Encoder). Default `vaswani`.
   */
  preset?: 'vaswani' | 'tensor2tensor' | undefined;
  /** The position of row 0: 0, the default, or 1 as OpenNMT-tf has it. */
  first?: number | undefined;
  /** Default 10000. */
  base?: number | undefined;
}

/** A size that is even. */
export const isEven = /* @__PURE__ */ ruleOf(
  'an even whole number from 2',
  (value) => Number.isSafeInteger(value) && (value as number) > 0 && (value as number) % 2 === 0,
);

/** What rates are powers of. */
export const isBase = /* @__PURE__ */ ruleOf('a number above 1', (value) => Number.isFinite(value) && (value as number) > 1);

/**
 * Positions as waves, `[length, size]`: the sine and the cosine of `position · rate` for size/2 rates that fall geometrically from 1. Worked out beyond
 * float64 by operations that every engine rounds alike, then rounded once: each element is the float32 nearest to its true value.
 */
export function sinusoidalTable(options: SinusoidalOptions): Tensor {
  expectOptions('sinusoidalTable', options, {
    length: isSize,
    size: isEven,
    preset: maybe(isOneOf('vaswani', 'tensor2tensor')),
    first: maybe(isCount),
    base: maybe(isBase),
  });
  const { length, size, preset = 'vaswani', first = 0, base = 10000 } = options;
  const half = size / 2;
  if (preset === 'vaswani') return waves(length, first, powers(base, half, half), (i) => 2 * i, (i) => 2 * i + 1); // biome-ignore format: one line
  return waves(length, first, powers(base, Math.max(half - 1, 1), half), (i) => i, (i) => half + i); // biome-ignore format: one line
}
