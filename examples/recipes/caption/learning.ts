// A decoder of captions over the annotations of a frozen net: taught, and measured by what it says and where it looks.
import {
  Adam,
  add,
  crossEntropy,
  foldIn,
  type Key,
  key,
  loadCheckpoint,
  mul,
  noGrad,
  parameters,
  scope,
  type Tensor,
  tensor,
} from 'saccade';
import { ShowAttendTell } from 'saccade/models';
import { cumsum, equal, expand, mean, not, std } from 'saccade/ops';
import type { Pictures } from 'saccade/tasks';
import { reinforceLoss } from 'saccade/train';
import type { Context, Point } from '../../runner/recipe.ts';
import { Annotator, batchOf, falling, type Kind, type Lesson } from './annotator.ts';
import { END, named, overlaps, words } from './canvases.ts';

/** Annotations of images by the frozen net, in units of their standard deviation; for `mean`, their mean in every cell. */
type Annotate = (images: Tensor) => Tensor;

function annotating(net: Annotator, lesson: Lesson, pictures: Pictures, kind: Kind): Annotate {
  const unit = scope(() => noGrad(() => 1 / std(net.annotate(batchOf(key(13), lesson, pictures, 64).images)).item()));
  return (images) =>
    noGrad(() => {
      const a = mul(net.annotate(images), unit);
      return kind === 'mean' ? expand(mean(a, { axis: 1, keepDims: true }), a.shape) : a;
    });
}

/** Rewards to go of each word, in nats: minus the loss of this and later words. */
const toGo = (losses: Tensor) => mul(cumsum(losses, { axis: 1, reverse: true }), -1);

/** Scores of captions. */
export interface Scores {
  /** Captions that are right in every word, in percent. */
  exact: number;
  /** Digit words whose most attended cell overlaps the digit's box, in percent, with the true words before them. */
  inBox: number;
  /** Cells that a digit's box overlaps, in percent: what a cell at random would have. */
  chance: number;
}

export function scoresOf(model: ShowAttendTell, annotate: Annotate, lesson: Lesson, pictures: Pictures, from: Key, count: number): Scores {
  const { layout } = lesson;
  const cells = layout.side / 2 ** lesson.filters.length;
  let [exact, said, hits, covered] = [0, 0, 0, 0];
  for (let at = 0; at < count; at += 100) {
    scope(() =>
      noGrad(() => {
        const { images, scenes: drawn, captions } = batchOf(foldIn(from, at), lesson, pictures, Math.min(100, count - at));
        const annotations = annotate(images);
        const { tokens } = model.describe(annotations, { maxLength: 3 * layout.most + 1 });
        exact += drawn.filter(({ caption }, b) => [...(tokens[b] ?? []), END].join() === caption.join()).length;
        const { weights } = model.teach(annotations, captions);
        const all = weights?.toArray() ?? [];
        const [length, places] = [captions.shape[1] as number, cells * cells];
        drawn.forEach((scene, b) => {
          named(scene).forEach((which, t) => {
            const digit = scene.digits[which];
            if (!digit) return;
            const row = Array.from(all.slice((b * length + t) * places, (b * length + t + 1) * places));
            said++;
            hits += overlaps(layout, cells, row.indexOf(Math.max(...row)), digit) ? 1 : 0;
            covered += row.filter((_, cell) => overlaps(layout, cells, cell, digit)).length / places;
          });
        });
      }),
    );
  }
  return { exact: (100 * exact) / count, inBox: (100 * hits) / said, chance: (100 * covered) / said };
}

/** A caption with the map of each word. */
export interface Shown {
  image: number[][];
  words: string[];
  maps: number[][][];
  title: string;
}

/** The first reported scenes, each with the caption written for it. */
export function shown(model: ShowAttendTell, annotate: Annotate, lesson: Lesson, pictures: Pictures, count: number): Shown[] {
  const { side } = lesson.layout;
  const cells = side / 2 ** lesson.filters.length;
  return scope(() =>
    noGrad(() => {
      const { images, scenes: drawn } = batchOf(key(14), lesson, pictures, count);
      const { tokens, weights } = model.describe(annotate(images), { maxLength: 3 * lesson.layout.most + 1 });
      const [pixels, maps] = [images.toArray(), weights?.toArray() ?? []];
      const [length, places] = [weights?.shape[1] ?? 0, cells * cells];
      const rows = (values: ArrayLike<number>, width: number) =>
        Array.from({ length: values.length / width }, (_, i) =>
          Array.from({ length: width }, (_, j) => Math.round(1e3 * (values[i * width + j] as number)) / 1e3),
        );
      return drawn.map(({ caption }, b) => ({
        image: rows(pixels.slice(b * side * side, (b + 1) * side * side), side),
        words: (tokens[b] ?? []).map((token) => words[token] as string),
        maps: (tokens[b] ?? []).map((_, t) => rows(maps.slice((b * length + t) * places, (b * length + t + 1) * places), cells)),
        title: `true: ${caption
          .slice(0, -1)
          .map((token) => words[token])
          .join(' ')}`,
      }));
    }),
  );
}

/** REINFORCE for hard attention: the reward of a word is minus the loss of it and of later ones, beside its average at that place. */
class Choices {
  private readonly averages: number[];

  constructor(places: number) {
    this.averages = new Array<number>(places).fill(0);
  }

  /** The loss of the choices of a batch; the averages follow its rewards. */
  loss(taught: { logits: Tensor; logProbability: Tensor; entropy: Tensor }, captions: Tensor): Tensor {
    const { logits, logProbability, entropy } = taught;
    const mask = not(equal(captions, 0));
    const reward = noGrad(() => toGo(crossEntropy(logits, captions, { ignoreIndex: 0, reduction: 'none' })));
    const [count = 0, length = 0] = captions.shape;
    const baseline = expand(tensor(this.averages.slice(0, length), { shape: [1, length] }), [count, length]);
    const loss = reinforceLoss(logProbability, reward, { baseline, entropy, entropyWeight: 0.02, mask });
    const [values, real] = [reward.toArray(), mask.toArray()];
    for (let t = 0; t < length; t++) {
      const here = Array.from({ length: count }, (_, b) => b * length + t).filter((i) => real[i]);
      const level = here.reduce((sum, i) => sum + (values[i] as number), 0) / Math.max(1, here.length);
      this.averages[t] = 0.9 * (this.averages[t] as number) + 0.1 * level;
    }
    return mul(loss, 0.1 / length);
  }

  readonly numbers = {
    save: () => Object.fromEntries(this.averages.map((value, t) => [`reward ${t}`, value])),
    load: (saved: Record<string, number>) => {
      for (const t of this.averages.keys()) this.averages[t] = saved[`reward ${t}`] ?? 0;
    },
  };
}

/** A decoder; one with hard attention starts from what soft attention learned. */
async function decoderOf(
  kind: Kind,
  { hidden, embedding, last, layout, filters }: Lesson,
  from: Key,
  soft: string,
): Promise<ShowAttendTell> {
  const cells = (layout.side / 2 ** filters.length) ** 2;
  const selection = kind === 'hard' ? 'hard' : 'soft';
  const model = new ShowAttendTell({ symbols: words.length, features: last, cells, hidden, embedding, score: 64, selection }, from);
  if (kind === 'hard') model.loadStateDict((await loadCheckpoint(soft)).model);
  return model;
}

/** Teaches a decoder over the annotations of a net that other jobs have trained. */
export async function described(
  kind: Kind,
  lesson: Lesson,
  parts: { train: Pictures; dev: Pictures; test: Pictures },
  context: Context,
  from: Key,
  files: { net: string; soft: string },
): Promise<{ curve: Point[]; scores: Scores; pictures: Shown[] }> {
  const net = new Annotator(lesson, key(0));
  net.loadStateDict((await loadCheckpoint(files.net)).model);
  const model = await decoderOf(kind, lesson, foldIn(from, 1), files.soft);
  const annotate = annotating(net, lesson, parts.train, kind);
  const [steps, lr] = [kind === 'hard' ? lesson.steps.hard : lesson.steps.decoder, lesson.lr.decoder];
  const choices = new Choices(3 * lesson.layout.most + 1);
  const curve = await context.train({
    model,
    optimizer: new Adam(parameters(model), { lr }),
    key: foldIn(from, 2),
    *batches(_epoch: number, own: Key) {
      for (let i = 0; i < 50; i++) yield batchOf(foldIn(own, i), lesson, parts.train, lesson.batch);
    },
    loss: ({ images, captions }, { key: own, step }) => {
      const draws = kind === 'hard' && step % 2 === 0; // the expectation in every other batch
      const { logits, logProbability, entropy } = model.teach(annotate(images), captions, draws ? { key: own } : { expected: true });
      const loss = crossEntropy(logits, captions, { ignoreIndex: 0 });
      return logProbability && entropy ? add(loss, choices.loss({ logits, logProbability, entropy }, captions)) : loss;
    },
    numbers: choices.numbers,
    steps,
    schedule: falling(lr, steps),
    clip: 5,
    evaluate: () => 100 - scoresOf(model, annotate, lesson, parts.dev, key(15), lesson.scenes.dev).exact,
    every: Math.ceil(steps / 10),
  });
  const scores = scoresOf(model, annotate, lesson, parts.test, key(12), lesson.scenes.test);
  return { curve, scores, pictures: kind === 'mean' ? [] : shown(model, annotate, lesson, parts.test, 4) };
}
