// How models tell the place of each token.

import type { Between } from '../../attention/between.ts';
import { Rotary } from '../../attention/between.ts';
import { alibi, DistanceBias, RelativePositions } from '../../attention/distance.ts';
import type { Window } from '../../attention/parts.ts';
import { CombinedWindow } from '../../attention/window.ts';
import { Module, param } from '../../nn/module.ts';
import { alibiSlopes } from '../../nn/positions/alibi-slopes.ts';
import { rotaryTable } from '../../nn/positions/rotary-table.ts';
import { type SinusoidalOptions, sinusoidalTable } from '../../nn/positions/sinusoidal.ts';
import { add, gather, mul, normal, slice } from '../../ops/index.ts';
import { expectOptions, isCount, isOneOf, maybe, type Rule, ruleOf } from '../../tensor/check.ts';
import { tensor } from '../../tensor/create.ts';
import type { Key } from '../../tensor/random.ts';
import { outside } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Added waves: which ones, the number of the first position, and the base of their rates. */
export type Waves = Pick<SinusoidalOptions, 'preset' | 'first' | 'base'>;

const waves = {
  sinusoidal: { preset: 'vaswani' },
  tensor2tensor: { preset: 'tensor2tensor' },
  opennmt: { preset: 'tensor2tensor', first: 1 },
} as const satisfies Record<string, Waves>;

/**
 * How a model tells places apart. `sinusoidal` (Vaswani et al. 2017, §3.5), `tensor2tensor` and `opennmt` (the same from position 1) are waves added to the
 * embeddings, and {@link Waves} any others; `learned` vectors are added too (Gehring et al. 2017, §3.1); `rotary` turns queries and keys (Su et al. 2021);
 * `relative` vectors of 16 places to each side meet queries and values (Shaw et al. 2018); `distance` adds T5's learned bias to scores ({@link DistanceBias},
 * one for all layers of a stack) and `alibi` one that is not learned ({@link alibi}); with `none` only the window of a decoder shows the order.
 */
export type Positions =
  | 'sinusoidal'
  | 'tensor2tensor'
  | 'opennmt'
  | 'learned'
  | 'rotary'
  | 'relative'
  | 'distance'
  | 'alibi'
  | 'none'
  | Waves;

const isName = /* @__PURE__ */ isOneOf(...Object.keys(waves), 'learned', 'rotary', 'relative', 'distance', 'alibi', 'none');

/** The rule of {@link Positions}. */
export const arePositions: Rule = (op, name, value) => {
  if (typeof value === 'object' && value !== null)
    expectOptions(`${op} ${name}`, value as Waves, {
      preset: maybe(isOneOf('vaswani', 'tensor2tensor')),
      first: maybe(isCount),
      base: isAbove1,
    });
  else isName(op, name, value);
};

const isAbove1 = /* @__PURE__ */ maybe(
  /* @__PURE__ */ ruleOf('a number above 1', (value) => Number.isFinite(value) && (value as number) > 1),
);

/** Rotary positions for heads of a width, if they are asked for. */
export function betweenOf(positions: Positions, width: number, length: number): Between | undefined {
  return positions === 'rotary' ? new Rotary({ table: outside(() => rotaryTable({ width, length })) }) : undefined;
}

/** The window of a stack that tells distances apart, if the positions do. */
export function distancesOf(
  positions: Positions,
  { heads, width, scale, bidirectional }: { heads: number; width: number; scale: number | undefined; bidirectional: boolean },
  key: Key,
): Window | undefined {
  if (positions === 'alibi') return alibi(outside(() => alibiSlopes(heads)));
  if (positions === 'distance') return new DistanceBias({ heads, bidirectional }, key);
  return positions === 'relative' ? new RelativePositions({ size: width, reach: 16, scale }, key) : undefined;
}

/** Both windows, if there are two. */
export const bothWindows = (one: Window | undefined, other: Window | undefined): Window | undefined =>
  one && other ? new CombinedWindow(one, other) : (one ?? other);

/** Vectors of places that are added to those of tokens. Learned ones are a parameter `weight` `[length, D]`, N(0, 1/√D). */
export class AddedPositions extends Module {
  private readonly weight: Tensor; // [length, D]

  private constructor(weight: Tensor) {
    super();
    this.weight = weight;
  }

  /** The vectors of a kind of positions; `null` if nothing is added. */
  static of(positions: Positions, { length, size }: { length: number; size: number }, key: Key): AddedPositions | null {
    if (typeof positions === 'string' && !(positions === 'learned' || positions in waves)) return null;
    if (positions === 'learned') return new AddedPositions(param(() => mul(normal(key, [length, size]), 1 / Math.sqrt(size))));
    const kind = typeof positions === 'string' ? waves[positions as keyof typeof waves] : positions;
    return new AddedPositions(outside(() => sinusoidalTable({ ...kind, length, size })));
  }

  /** Adds to `x` `[B, N, D]` the vectors of its places, which begin at `from` in each example (default 0). Errors name `op` and `name`. */
  forward(op: string, name: string, x: Tensor, from: readonly number[] = [0]): Tensor {
    const { weight } = this;
    const [length = 0] = weight.shape;
    const count = x.shape[1] as number;
    const most = from.reduce((a, b) => Math.max(a, b), 0) + count;
    if (most > length) throw new RangeError(`${op}: ${name} must be at most ${length} long, got ${most}`);
    const [first = 0] = from;
    if (from.every((place) => place === first)) return add(x, slice(weight, 0, first, first + count));
    const places = from.flatMap((place) => Array.from({ length: count }, (_, i) => place + i));
    return add(x, gather(weight, tensor(Int32Array.from(places), { shape: [from.length, count] })));
  }
}
