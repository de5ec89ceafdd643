import { anything, expectOptions, isPositive, isSize, maybe, type Rules, shown } from '../../tensor/check.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Long, powers, waves } from './exact.ts';
import { isBase, isEven } from './sinusoidal.ts';

/**
 * Rates for texts longer than those of the training. `linear`: positions are divided by `factor` (Chen et al. 2023, "Extending context window by
 * positional interpolation"). `llama3`, Llama 3.1's: a wave of more than `originalLength / lowFactor` positions becomes `factor` times as long, one of
 * fewer than `originalLength / highFactor` stays, and between the two the rates are mixed.
 */
export type RotaryScaling =
  | { kind: 'linear'; factor: number }
  | { kind: 'llama3'; factor: number; lowFactor: number; highFactor: number; originalLength: number };

type Linear = Extract<RotaryScaling, { kind: 'linear' }>;
type Llama3 = Extract<RotaryScaling, { kind: 'llama3' }>;

/** Options of {@link rotaryTable}. */
export interface RotaryTableOptions {
  /** How many elements of a head turn: all, or an even number of them. */
  width: number;
  /** Positions. */
  length: number;
  /** θ of the paper and of configurations (`rope_theta`). Default 10000. */
  base?: number | undefined;
  /** How rates are lowered for longer texts. Default: not at all. */
  scaling?: RotaryScaling | undefined;
}

const linear: Rules<Linear> = { kind: anything, factor: isPositive };
const llama3: Rules<Llama3> = { ...linear, lowFactor: isPositive, highFactor: isPositive, originalLength: isPositive };

/**
 * What `rotary` turns by, `[length, width]`: row p holds the width/2 cosines, then the sines, of `p · base^(−2i/width)` (Su et al. 2021, "RoFormer",
 * eq. 15). Worked out beyond float64 by operations that every engine rounds alike, then rounded once. A row depends on its position
 * alone, so longer tables begin with the bits of shorter ones; for the same reason dynamic scaling, by the length of a text, is refused.
 */
export function rotaryTable(options: RotaryTableOptions): Tensor {
  expectOptions('rotaryTable', options, { width: isEven, length: isSize, base: maybe(isBase), scaling: maybe(expectScaling) });
  const { width, length, base = 10000, scaling } = options;
  const half = width / 2;
  const rates = powers(base, half, half);
  return waves(length, 0, scaling ? rates.map((rate) => scaled(rate, scaling)) : rates, (i) => half + i, (i) => i); // biome-ignore format: one line
}

function expectScaling(op: string, name: string, value: unknown): void {
  const scaling = value as RotaryScaling;
  const kind: unknown = typeof value === 'object' && value !== null ? scaling.kind : value;
  if (kind === 'dynamic')
    throw new RangeError(`${op}: ${name} must not change with the length of a text, which a cache could not follow, got 'dynamic'`);
  if (kind !== 'linear' && kind !== 'llama3') throw new RangeError(`${op}: ${name}.kind must be linear or llama3, got ${shown(kind)}`);
  if (scaling.kind === 'linear') expectOptions(op, scaling, linear);
  else expectFactors(op, scaling);
}

function expectFactors(op: string, scaling: Llama3): void {
  expectOptions(op, scaling, llama3);
  const { lowFactor, highFactor } = scaling;
  if (!(lowFactor < highFactor)) throw new RangeError(`${op}: lowFactor must be below highFactor, got ${lowFactor} and ${highFactor}`);
}

function scaled([high, low]: Long, scaling: RotaryScaling): Long {
  const slow: Long = [high / scaling.factor, low / scaling.factor];
  if (scaling.kind === 'linear') return slow;
  const { lowFactor, highFactor, originalLength } = scaling;
  const share = ((originalLength * high) / (2 * Math.PI) - lowFactor) / (highFactor - lowFactor);
  if (share >= 1) return [high, low];
  return share <= 0 ? slow : [(1 - share) * slow[0] + share * high, 0];
}
