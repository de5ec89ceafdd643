// Pictures at random places of a wide canvas, among pieces of others: what a model that looks has to find.

import type { View } from '../runtime/backend.ts';
import { anything, expectOptions, isSize, isWhole, maybe } from '../tensor/check.ts';
import { foldIn, type Key, randomInt } from '../tensor/random.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';
import { expectChosen, expectPictures, expectSmaller, labelsOf, type PictureBatch, type Pictures } from './pictures.ts';

/** Canvases, what each shows, and where. */
export interface Canvases extends PictureBatch {
  /** int32 `[B, 2]`: row and column of the picture's first pixel. */
  readonly places: Tensor;
}

/** Options of {@link clutteredCanvases}. */
export interface CanvasOptions {
  /** Height and width of a canvas, in pixels. */
  side: number;
  /** Pieces of other pictures on each canvas. Default 0: the picture is only moved. */
  distractors?: number | undefined;
  /** Height and width of a piece, in pixels. Default 8. */
  cut?: number | undefined;
  /** Indices of the pictures to use, one for each canvas. Default: all of them, in order. */
  chosen?: ArrayLike<number> | undefined;
  /** The pictures that pieces are cut from. Default: the same. Test canvases take those of training. */
  clutter?: Pictures | undefined;
}

const rules = {
  side: isSize,
  distractors: /* @__PURE__ */ maybe(/* @__PURE__ */ isWhole(0)),
  cut: /* @__PURE__ */ maybe(isSize),
  chosen: anything,
  clutter: anything,
};

/** A rectangle of a picture: where its first pixel stands among all pixels, and its size. */
interface Piece {
  readonly at: number;
  readonly height: number;
  readonly width: number;
}

/** Adds a piece of pictures to a canvas that begins at `to`; ink above 1 is 1. */
function stamp(canvas: View, to: number, side: number, { pixels, width }: Pictures, piece: Piece): void {
  for (let row = 0; row < piece.height; row++) {
    for (let column = 0; column < piece.width; column++) {
      const [at, from] = [to + row * side + column, piece.at + row * width + column];
      canvas[at] = Math.min(1, (canvas[at] as number) + (pixels[from] as number) / 255);
    }
  }
}

/**
 * Cluttered canvases (Mnih et al. 2014, "Recurrent models of visual attention", §4.1, after their published generator): each starts empty;
 * `distractors` times a square of `cut` pixels, at an evenly drawn corner of an evenly drawn picture of `clutter`, is added at an evenly
 * drawn place; then the picture itself at an evenly drawn place. Everything lies within the canvas, and ink above 1 is 1. Canvas i depends
 * on the key, on i and on its picture only: a new key an epoch gives fresh canvases, one fixed key the same test canvases each time.
 */
export function clutteredCanvases(key: Key, pictures: Pictures, options: CanvasOptions): Canvases {
  const op = 'clutteredCanvases';
  expectOptions(op, options, rules);
  const { side, distractors = 0, cut = 8, clutter = pictures } = options;
  expectPictures(op, 'pictures', pictures);
  expectPictures(op, 'clutter', clutter);
  const { height, width } = pictures;
  expectSmaller(op, 'pictures', [height, width], side);
  if (distractors > 0) {
    expectSmaller(op, 'cut', [cut, cut], Math.min(side, clutter.height, clutter.width));
    if (clutter.labels.length === 0) throw new RangeError(`${op}: clutter must hold a picture, got none`);
  }
  const chosen = expectChosen(op, options.chosen, pictures);
  const images = empty([chosen.length, side, side]);
  const places = empty([chosen.length, 2], 'int32');
  const [canvas, corner] = [images.view().fill(0), places.view()];
  for (let b = 0; b < chosen.length; b++) {
    const own = foldIn(key, b);
    let draws = 0;
    const below = (bound: number) => randomInt(own, draws++, bound);
    const start = b * side * side;
    for (let d = 0; d < distractors; d++) {
      const [picture, row, column] = [below(clutter.labels.length), below(clutter.height - cut + 1), below(clutter.width - cut + 1)];
      const at = (picture * clutter.height + row) * clutter.width + column;
      const to = start + below(side - cut + 1) * side + below(side - cut + 1);
      stamp(canvas, to, side, clutter, { at, height: cut, width: cut });
    }
    const [row, column] = [below(side - height + 1), below(side - width + 1)];
    stamp(canvas, start + row * side + column, side, pictures, { at: (chosen[b] as number) * height * width, height, width });
    corner[2 * b] = row;
    corner[2 * b + 1] = column;
  }
  return { images, labels: labelsOf(op, pictures, chosen), places };
}
