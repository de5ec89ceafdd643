import { expectSizes } from '../../tensor/check.ts';
import { tensor } from '../../tensor/create.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { powers } from './exact.ts';

/**
 * How steeply each head's score falls with the distance, `[heads]`: `2^(−8h/H)`, h from 1 (Press, Smith and Lewis 2022, "Train short, test long"). Where H is no power
 * of two, those of the next lower power P, then every second one of 2P, as the authors' code has it.
 */
export function alibiSlopes(heads: number): Tensor {
  expectSizes('alibiSlopes', { heads });
  let power = 1;
  while (2 * power <= heads) power *= 2;
  const slopes = powers(256, power, power + 1).slice(1);
  const between = powers(256, 2 * power, 2 * power).filter((_, i) => i % 2 === 1);
  return tensor([...slopes, ...between].slice(0, heads).map(([high]) => high));
}
