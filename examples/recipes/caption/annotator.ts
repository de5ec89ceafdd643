// A convolutional net that learns which digits are on a canvas: its map annotates canvases for a decoder of captions.
import { Adam, foldIn, type Key, key, Linear, Module, noGrad, parameters, relu, reshape, scope, split, type Tensor, tensor } from 'saccade';
import { BatchNorm, Conv2d } from 'saccade/nn';
import { binaryCrossEntropyWithLogits, max, maxPool2d } from 'saccade/ops';
import type { Pictures } from 'saccade/tasks';
import type { Context } from '../../runner/recipe.ts';
import { type Layout, type Scene, scenes } from './canvases.ts';

/** How scenes are read: by soft or hard attention, or all of a canvas at once. */
export type Kind = 'soft' | 'hard' | 'mean';

export interface Lesson {
  layout: Layout;
  /** Filters of the net; each halves the map. */
  filters: readonly number[];
  /** Filters after the last pool: with them a cell sees a digit whole wherever it stands in the cell. They are the width of annotations. */
  last: number;
  hidden: number;
  embedding: number;
  batch: number;
  /** Updates of the net, of the decoder, and of hard attention after soft. */
  steps: { net: number; decoder: number; hard: number };
  lr: { net: number; decoder: number };
  /** Scenes to measure by during training, and to report on. */
  scenes: { dev: number; test: number };
}

/** Convolutions, each with a norm, relu and all but the last a pool of 2: an annotation for each cell of the map. */
export class Annotator extends Module {
  readonly convolutions: readonly Conv2d[];
  readonly norms: readonly BatchNorm[];
  readonly head: Linear;

  constructor({ filters, last, layout }: Lesson, from: Key) {
    super();
    const widths = [...filters, last];
    const keys = split(from, widths.length + 1);
    this.convolutions = widths.map(
      (output, i) => new Conv2d({ input: widths[i - 1] ?? 1, output, size: 3, padding: 'same', bias: false }, keys[i] as Key),
    );
    this.norms = widths.map((size) => new BatchNorm({ size }));
    this.head = new Linear({ input: last, output: layout.kinds }, keys.at(-1) as Key);
  }

  /** From images `[B, height, width]` to annotations `[B, cells, D]`. */
  annotate(images: Tensor, options: { update?: boolean } = {}): Tensor {
    const [batch, height, width] = images.shape as [number, number, number];
    const map = this.convolutions.reduce(
      (x, convolution, i) => {
        const seen = relu((this.norms[i] as BatchNorm).forward(convolution.forward(x), options));
        return i + 1 < this.convolutions.length ? maxPool2d(seen, 2) : seen;
      },
      reshape(images, [batch, height, width, 1]),
    );
    return reshape(map, [batch, -1, map.shape[3] as number]);
  }

  /** Logits of each digit being somewhere, `[B, kinds]`: the largest over the cells. */
  forward(images: Tensor, options: { update?: boolean } = {}): Tensor {
    return max(this.head.forward(this.annotate(images, options)), { axis: 1 });
  }
}

/** Scenes as tensors. */
export interface Batch {
  images: Tensor;
  scenes: Scene[];
  /** int32 `[B, T]`, ends included, padded by 0. */
  captions: Tensor;
}

export function batchOf(from: Key, { layout }: Lesson, pictures: Pictures, count: number): Batch {
  const canvas = new Uint8Array(count * layout.side * layout.side);
  const drawn = scenes(from, pictures, layout, count, canvas);
  const images = tensor(
    Float32Array.from(canvas, (grey) => grey / 255),
    { shape: [count, layout.side, layout.side] },
  );
  const longest = Math.max(...drawn.map(({ caption }) => caption.length));
  const padded = drawn.flatMap(({ caption }) => [...caption, ...new Array<number>(longest - caption.length).fill(0)]);
  return { images, scenes: drawn, captions: tensor(Int32Array.from(padded), { shape: [count, longest] }) };
}

/** Which digits each scene holds, `[B, kinds]`. */
function sets(drawn: readonly Scene[], kinds: number): Tensor {
  const marks = drawn.flatMap(({ digits }) =>
    Array.from({ length: kinds }, (_, kind) => (digits.some(({ digit }) => digit === kind) ? 1 : 0)),
  );
  return tensor(Float32Array.from(marks), { shape: [drawn.length, kinds] });
}

/** The share of scenes, in percent, whose digits the net names all and no others. */
function exactSets(net: Annotator, lesson: Lesson, pictures: Pictures, from: Key, count: number): number {
  return scope(() =>
    noGrad(() => {
      const { images, scenes: drawn } = batchOf(from, lesson, pictures, count);
      const { kinds } = lesson.layout;
      const [logits, marks] = [net.forward(images).toArray(), sets(drawn, kinds).toArray()];
      const right = drawn.filter((_, b) =>
        Array.from({ length: kinds }, (_, i) => b * kinds + i).every((i) => (logits[i] as number) > 0 === ((marks[i] as number) === 1)),
      );
      return (100 * right.length) / count;
    }),
  );
}

/** Teaches the net which digits are where, without saying where. */
export async function annotator(lesson: Lesson, parts: { train: Pictures; dev: Pictures; test: Pictures }, context: Context, from: Key) {
  const net = new Annotator(lesson, foldIn(from, 1));
  const { batch, steps, lr } = lesson;
  const curve = await context.train({
    model: net,
    optimizer: new Adam(parameters(net), { lr: lr.net }),
    key: foldIn(from, 2),
    *batches(_epoch: number, own: Key) {
      for (let i = 0; i < 50; i++) yield batchOf(foldIn(own, i), lesson, parts.train, batch);
    },
    loss: ({ images, scenes: drawn }) =>
      binaryCrossEntropyWithLogits(net.forward(images, { update: true }), sets(drawn, lesson.layout.kinds)),
    steps: steps.net,
    schedule: falling(lr.net, steps.net),
    evaluate: () => 100 - exactSets(net, lesson, parts.dev, key(11), lesson.scenes.dev),
    every: Math.ceil(steps.net / 10),
  });
  return { curve, exact: exactSets(net, lesson, parts.test, key(12), lesson.scenes.test) };
}

/** Constant for the first half, then linearly to a tenth. */
export const falling = (lr: number, steps: number) => (step: number) => lr * (1 - 0.9 * Math.max(0, (2 * step) / steps - 1));
