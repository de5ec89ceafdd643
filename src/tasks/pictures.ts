// Grey pictures in plain memory, a byte a pixel, and tensors of some of them.

import { firstWrong, isList, isSize, shown } from '../tensor/check.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';

/** Grey pictures of one size, and what each shows. */
export interface Pictures {
  /** All pictures in turn, row by row: 0 is empty, 255 is full. */
  readonly pixels: Uint8Array;
  /** The class of each picture, a whole number from 0. */
  readonly labels: ArrayLike<number>;
  /** In pixels. */
  readonly height: number;
  /** In pixels. */
  readonly width: number;
}

/** Pictures as tensors. */
export interface PictureBatch {
  /** `[B, height, width]`, from 0 to 1. */
  readonly images: Tensor;
  /** int32 `[B]`. */
  readonly labels: Tensor;
}

/** Checks pictures. */
export function expectPictures(op: string, name: string, pictures: Pictures): void {
  if (typeof pictures !== 'object' || pictures === null)
    throw new TypeError(`${op}: ${name} must be { pixels, labels, height, width }, got ${shown(pictures)}`);
  const { pixels, labels, height, width } = pictures;
  isSize(op, `height of ${name}`, height);
  isSize(op, `width of ${name}`, width);
  isList(op, `labels of ${name}`, labels);
  if (!(pixels instanceof Uint8Array)) throw new TypeError(`${op}: pixels of ${name} must be bytes, a Uint8Array, got ${shown(pixels)}`);
  if (pixels.length !== labels.length * height * width)
    throw new RangeError(`${op}: pixels of ${name} must be ${labels.length} × ${height} × ${width}, got ${pixels.length}`);
}

/** Checks which pictures are chosen; by default all. */
export function expectChosen(op: string, chosen: ArrayLike<number> | undefined, { labels }: Pictures): ArrayLike<number> {
  if (chosen === undefined) return Int32Array.from(labels, (_, i) => i);
  isList(op, 'chosen', chosen);
  const wrong = firstWrong(chosen, (i) => Number.isInteger(i) && i >= 0 && i < labels.length);
  if (wrong.length > 0) throw new RangeError(`${op}: chosen must be in [0, ${labels.length}), got ${shown(wrong[0])}`);
  return chosen;
}

/** The labels of the chosen ones, int32 `[B]`. */
export function labelsOf(op: string, { labels }: Pictures, chosen: ArrayLike<number>): Tensor {
  const found = empty([chosen.length], 'int32');
  const view = found.view();
  for (let b = 0; b < chosen.length; b++) {
    const label = labels[chosen[b] as number];
    if (!Number.isInteger(label) || (label as number) < 0)
      throw new RangeError(`${op}: labels must be whole numbers from 0, got ${shown(label)}`);
    view[b] = label as number;
  }
  return found;
}

/** Pictures by their indices, `chosen` (default: all): `images` `[B, height, width]` from 0 to 1, `labels` int32 `[B]`. */
export function pictureBatch(pictures: Pictures, chosen?: ArrayLike<number>): PictureBatch {
  expectPictures('pictureBatch', 'pictures', pictures);
  const some = expectChosen('pictureBatch', chosen, pictures);
  const { pixels, height, width } = pictures;
  const images = empty([some.length, height, width]);
  const [view, size] = [images.view(), height * width];
  for (let b = 0; b < some.length; b++) {
    const from = (some[b] as number) * size;
    for (let i = 0; i < size; i++) view[b * size + i] = (pixels[from + i] as number) / 255;
  }
  return { images, labels: labelsOf('pictureBatch', pictures, some) };
}

/** Checks that a picture fits onto a canvas. */
export function expectSmaller(op: string, name: string, [height, width]: Shape, side: number): void {
  if ((height as number) <= side && (width as number) <= side) return;
  throw new RangeError(`${op}: ${name} must fit a canvas of ${side} × ${side}, got ${show([height as number, width as number])}`);
}
