// What the ops of images share: lengths along rows and columns, and images with or without an axis of channels.

import { maybe, ruleOf, shown } from '../tensor/check.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { expectDType, type Tensor } from '../tensor/tensor.ts';

/** A number for both axes of an image, or one for its rows and one for its columns. */
export type Pair = number | readonly [rows: number, columns: number];

/** One number for rows and one for columns. */
export type Two = readonly [rows: number, columns: number];

/** `f` of rows (0) and of columns (1). */
export const both = (f: (axis: 0 | 1) => number): [rows: number, columns: number] => [f(0), f(1)];

const whole = (value: unknown, least: number) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) < 2 ** 31;

/** Whether it is a whole number from `least`, or two of them. */
const fits = (value: unknown, least: number) =>
  Array.isArray(value) ? value.length === 2 && value.every((each) => whole(each, least)) : whole(value, least);

/** The rule of an optional {@link Pair}. */
export const isPair = (least: number) => maybe(ruleOf(`a whole number from ${least} or two of them`, (value) => fits(value, least)));

/** A pair as two numbers. */
export function pairOf(op: string, name: string, value: Pair, least: number): [rows: number, columns: number] {
  if (!fits(value, least)) throw new RangeError(`${op}: ${name} must be a whole number from ${least} or two of them, got ${shown(value)}`);
  return typeof value === 'number' ? [value, value] : [value[0], value[1]];
}

/** The lengths of images `[B, height, width]` or `[B, height, width, C]`: with one channel where there is no axis of channels. */
export function imagesOf(op: string, x: Tensor): [batch: number, height: number, width: number, depth: number] {
  expectDType(op, 'x', x, 'float32');
  const [batch = 0, height = 0, width = 0, depth = 1] = x.shape;
  if (x.rank !== 3 && x.rank !== 4)
    throw new RangeError(`${op}: x must be [B, height, width] or [B, height, width, C], got ${show(x.shape)}`);
  return [batch, height, width, depth];
}

/** The shape of `x` with other rows and columns. */
export const resized = (x: Tensor, rows: number, columns: number): Shape => x.shape.with(1, rows).with(2, columns);
