// Networks that tell digits: one that looks at a few places, one that looks at random ones, and one that sees the whole image.
import {
  Adam,
  add,
  argmax,
  cosineSchedule,
  crossEntropy,
  equal,
  foldIn,
  type Key,
  key,
  Linear,
  Module,
  mul,
  noGrad,
  parameters,
  relu,
  reshape,
  scope,
  split,
  type Tensor,
  toFloat,
  uniform,
} from 'saccade';
import { Glimpse, Look, randomPlacement, reinforcePlacement } from 'saccade/attention';
import { RecurrentAttention, type RecurrentAttentionCall } from 'saccade/models';
import { clutteredCanvases, type PictureBatch, type Pictures, pictureBatch } from 'saccade/tasks';
import { permutation } from 'saccade/tensor';
import { baselineLoss, reinforceLoss } from 'saccade/train';
import type { Context, Point } from '../../runner/recipe.ts';

/** How digits are shown, and how a network of one key is taught. */
export interface Lesson {
  /** Side of the images; those of digits themselves, or canvases with clutter. */
  side: number;
  /** Pieces of other digits on each canvas; without, digits fill their images. */
  distractors?: number;
  glimpse: { size: number; scales: number; reach: number };
  glimpses: number;
  core: 'rnn' | 'lstm';
  sigma: number;
  hidden: number;
  features: number;
  batch: number;
  epochs: number;
  lr: number;
}

/** What decides where to look, or whether to. */
export type Kind = 'places' | 'random' | 'network';

/** Two hidden layers over all pixels. */
class FullImage extends Module {
  readonly layers: Linear[];

  constructor(pixels: number, hidden: number, from: Key) {
    super();
    const [a, b, c] = split(from, 3);
    const sizes = [pixels, hidden, hidden, 10] as const;
    this.layers = [a, b, c].map((own, i) => new Linear({ input: sizes[i] as number, output: sizes[i + 1] as number }, own));
  }

  forward(images: Tensor): Tensor {
    const [first, ...rest] = this.layers as [Linear, ...Linear[]];
    const flat = reshape(images, [images.shape[0] as number, -1]);
    return rest.reduce((x, layer) => layer.forward(relu(x)), first.forward(flat));
  }
}

/** A network of either kind. */
export type Pupil = RecurrentAttention | FullImage;

export function built(kind: Kind, lesson: Lesson, from: Key): Pupil {
  const { side, glimpse, glimpses, core, sigma, hidden, features } = lesson;
  if (kind === 'network') return new FullImage(side * side, hidden, from);
  const placement = kind === 'random' ? randomPlacement() : reinforcePlacement({ sigma });
  const look = new Look({ window: new Glimpse(glimpse), placement });
  return new RecurrentAttention({ classes: 10, glimpses, look, core, identity: core === 'rnn', hidden, features }, from);
}

/** The images of some digits: moved onto fresh canvases under a key, where there is clutter. */
export function shown(
  { side, distractors }: Lesson,
  from: Key,
  digits: Pictures,
  chosen: ArrayLike<number>,
  clutter = digits,
): PictureBatch {
  if (distractors === undefined) return pictureBatch(digits, chosen);
  return clutteredCanvases(from, digits, { side, distractors, chosen, clutter });
}

const looks = (pupil: Pupil): pupil is RecurrentAttention => pupil instanceof RecurrentAttention;

/** The cost of the class, and where places are drawn that of the baseline and of the choice (λ = 0.01, so that clipping spares the rest). */
function lossOf(pupil: Pupil, { images, labels }: PictureBatch, from: Key): Tensor {
  if (!looks(pupil)) return crossEntropy(pupil.forward(images), labels);
  const { logits, logProbability, baseline } = pupil.forward(images, { key: from });
  const loss = crossEntropy(logits, labels);
  if (!logProbability || !baseline) return loss;
  const reward = toFloat(equal(argmax(logits, { axis: -1 }), labels));
  return add(loss, add(baselineLoss(baseline, reward), mul(reinforceLoss(logProbability, reward, { baseline }), 0.01)));
}

/** How a network looks when it is measured: places are their means, and only the first is drawn; all of them where it looks at random. */
function measured(kind: Kind, images: Tensor, from: Key): RecurrentAttentionCall {
  if (kind === 'random') return { key: from };
  return { start: uniform(from, [images.shape[0] as number, 2], { low: -1, high: 1 }) };
}

/** The classes that a network tells of some images. */
export function told(kind: Kind, pupil: Pupil, images: Tensor, from: Key): Int32Array {
  const { logits } = looks(pupil) ? pupil.forward(images, measured(kind, images, from)) : { logits: pupil.forward(images) };
  return argmax(logits, { axis: -1 }).toArray() as Int32Array;
}

/** The share of digits that are told wrong, in percent. Canvases and first places are drawn under the key. */
export function errorOf(kind: Kind, pupil: Pupil, lesson: Lesson, digits: Pictures, from: Key, clutter = digits): number {
  const count = digits.labels.length;
  let wrong = 0;
  for (let at = 0; at < count; at += 500) {
    const chosen = Array.from({ length: Math.min(500, count - at) }, (_, i) => at + i);
    wrong += scope(() =>
      noGrad(() => {
        // One key for the canvases of all measurements, so that only first places differ.
        const { images, labels } = shown(lesson, foldIn(key(60), at), digits, chosen, clutter);
        const right = labels.toArray();
        return told(kind, pupil, images, foldIn(from, at)).filter((label, i) => label !== right[i]).length;
      }),
    );
  }
  return (100 * wrong) / count;
}

/** How a network looked at an image: numbers for a picture. */
export interface Gaze {
  image: number[][];
  boxes: number[][][];
  patches: number[][][][];
  right: number;
  told: number;
}

const rowsOf = (values: ArrayLike<number>, width: number): number[][] =>
  Array.from({ length: values.length / width }, (_, y) =>
    Array.from({ length: width }, (_, x) => Math.round(100 * (values[y * width + x] as number)) / 100),
  );

/** The gaze over single images. */
export function gazes(pupil: Pupil, lesson: Lesson, digits: Pictures, count: number, clutter: Pictures): Gaze[] {
  if (!looks(pupil)) return [];
  const { size, scales } = lesson.glimpse;
  return Array.from({ length: count }, (_, i) =>
    scope(() =>
      noGrad(() => {
        const { images, labels } = shown(lesson, foldIn(key(61), i), digits, [i], clutter);
        const seen = pupil.forward(images, measured('places', images, foldIn(key(62), i)));
        const patches = rowsOf(seen.patches.toArray(), size); // all rows of all patches
        return {
          image: rowsOf(images.toArray(), images.shape[2] as number),
          boxes: Array.from({ length: lesson.glimpses }, (_, t) => rowsOf(seen.boxes.toArray(), 4).slice(t * scales, (t + 1) * scales)),
          patches: Array.from({ length: lesson.glimpses }, (_, t) =>
            Array.from({ length: scales }, (_, k) => patches.slice((t * scales + k) * size, (t * scales + k + 1) * size)),
          ),
          right: labels.item(),
          told: argmax(seen.logits).item(),
        };
      }),
    ),
  );
}

/** Trains a network; the metric is the error on development digits, in percent. */
export async function taught(
  kind: Kind,
  pupil: Pupil,
  lesson: Lesson,
  { train, dev }: { train: Pictures; dev: Pictures },
  context: Pick<Context, 'train'>,
  from: Key,
): Promise<Point[]> {
  const { batch, epochs, lr } = lesson;
  const [forOrder, forDev] = split(from);
  const each = Math.floor(train.labels.length / batch);
  function* batches(_epoch: number, order: Key) {
    const mixed = permutation(order, train.labels.length);
    for (let i = 0; i < each; i++) yield mixed.subarray(i * batch, (i + 1) * batch);
  }
  return context.train({
    model: pupil,
    optimizer: new Adam(parameters(pupil), { lr }),
    key: forOrder,
    batches,
    loss: (chosen, { key: own }) => lossOf(pupil, shown(lesson, foldIn(own, 1), train, chosen), own),
    steps: epochs * each,
    schedule: cosineSchedule(lr, { steps: epochs * each }),
    clip: 5,
    evaluate: () => errorOf(kind, pupil, lesson, dev, forDev, train),
    every: Math.max(1, Math.floor((epochs * each) / 20)),
  });
}
