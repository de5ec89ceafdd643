// DRAW paints binarised digits step by step, beside the same without windows, a variational autoencoder, and independent pixels.
import { Adam, foldIn, type Key, key, less, mean, noGrad, parameters, scope, sigmoid, type Tensor, toFloat, uniform } from 'saccade';
import { Draw, type DrawOptions } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { canvasesSvg } from 'saccade/plot';
import { type Pictures, pictureBatch } from 'saccade/tasks';
import { permutation } from 'saccade/tensor';
import { linesSvg } from '../../runner/chart.ts';
import type { Context, Point, Recipe } from '../../runner/recipe.ts';
import { chosen, digits, halved, need } from '../../shared/digits/digits.ts';

type Kind = 'windows' | 'whole' | 'autoencoder';

interface Settings {
  kind: Kind;
  key: number;
}

/** How an image came about: numbers for a picture. */
interface Painting {
  canvases: number[][][];
  writes: number[][];
  reads?: number[][];
  image?: number[][];
}

interface Outcome {
  parameters: number;
  /** What the figures are of. */
  of: string;
  curve: Point[];
  /** The bound on the reported digits and its share that z costs, in nats a digit. */
  bound: number;
  divergence: number;
  /** What independent pixels cost. */
  pixels: number;
  paintings: Painting[];
}

interface Lesson {
  model: Omit<DrawOptions, 'height' | 'width'>;
  batch: number;
  steps: number;
  lr: number;
}

const usual: Record<Kind, Lesson> = {
  windows: { model: { steps: 10, read: 5, write: 5 }, batch: 32, steps: 14_000, lr: 2e-3 },
  // Fewer updates: each costs three times as much.
  whole: { model: { steps: 10, read: null, write: null }, batch: 32, steps: 3000, lr: 2e-3 },
  autoencoder: { model: { steps: 1, read: null, write: null, hidden: 112 }, batch: 64, steps: 8000, lr: 2e-3 },
};
/** For quick runs. */
const small: Record<Kind, Lesson> = {
  windows: { model: { steps: 4, read: 4, write: 4, hidden: 48, latent: 6 }, batch: 20, steps: 300, lr: 1e-2 },
  whole: { model: { steps: 4, read: null, write: null, hidden: 48, latent: 6 }, batch: 20, steps: 100, lr: 1e-2 },
  autoencoder: { model: { steps: 1, read: null, write: null, hidden: 40, latent: 6 }, batch: 20, steps: 200, lr: 1e-2 },
};

const names: Record<Kind, string> = { windows: 'windows that read and write', whole: 'without windows', autoencoder: 'one step' };

/** Images of zeros and ones: each pixel is 1 with the probability that its grey says, drawn under a key. */
function binarised(pictures: Pictures, some: ArrayLike<number>, from: Key): Tensor {
  const { images } = pictureBatch(pictures, some);
  return toFloat(less(uniform(from, images.shape), images));
}

/** For quick runs: digits of two kinds, of half the height and width. */
const zerosAndOnes = (part: Pictures): Pictures =>
  halved(
    chosen(
      part,
      Array.from(part.labels, (_, i) => i).filter((i) => (part.labels[i] as number) < 2),
    ),
  );

/** The mean bound on pictures, binarised once under one key, in nats a picture, and what z costs of it. One draw of z each. */
function boundOf(model: Draw, pictures: Pictures): { bound: number; divergence: number } {
  const count = pictures.labels.length;
  const sums = { bound: 0, divergence: 0 };
  for (let at = 0; at < count; at += 250) {
    const some = Array.from({ length: Math.min(250, count - at) }, (_, i) => at + i);
    const { bound, divergence } = scope(() =>
      noGrad(() => {
        const told = model.bound(binarised(pictures, some, foldIn(key(784), at)), { key: foldIn(key(785), at) });
        return { bound: mean(told.bound).item(), divergence: mean(told.divergence).item() };
      }),
    );
    sums.bound += (bound * some.length) / count;
    sums.divergence += (divergence * some.length) / count;
  }
  return sums;
}

/** How often each pixel is 1, at least `least` and at most 1 − `least`. */
function shares({ pixels, labels, height, width }: Pictures, least: number): Float64Array {
  const size = height * width;
  const share = new Float64Array(size);
  pixels.forEach((grey, i) => {
    share[i % size] = (share[i % size] as number) + grey / 255 / labels.length;
  });
  return share.map((p) => Math.min(1 - least, Math.max(least, p)));
}

/** What pictures cost, in nats each, if every pixel is drawn by itself with its frequency in training. */
function independent(train: Pictures, pictures: Pictures): number {
  const share = shares(train, 1e-4);
  const some = Array.from(pictures.labels, (_, i) => i);
  const values = scope(() => binarised(pictures, some, foldIn(key(784), 0)).toArray());
  let cost = 0;
  values.forEach((value, i) => {
    const p = share[i % share.length] as number;
    cost -= Math.log(value === 1 ? p : 1 - p);
  });
  return cost / some.length;
}

const rounded = (values: ArrayLike<number>, width: number): number[][] =>
  Array.from({ length: values.length / width }, (_, y) =>
    Array.from({ length: width }, (_, x) => Math.round(100 * (values[y * width + x] as number)) / 100),
  );

/** Digits drawn again, and digits of the model's own. */
function paintings(model: Draw, pictures: Pictures, count: number): Painting[] {
  const { height, width } = pictures;
  const each = (all: Tensor, i: number): number[][][] => {
    const values = sigmoid(all).toArray();
    const steps = all.shape[1] as number;
    return Array.from({ length: steps }, (_, t) => {
      const from = (i * steps + t) * height * width;
      return rounded(values.subarray(from, from + height * width), width);
    });
  };
  const boxes = (all: Tensor | undefined, i: number) =>
    all ? rounded(all.toArray(), 4).slice(i * (all.shape[1] as number), (i + 1) * (all.shape[1] as number)) : [];
  return scope(() =>
    noGrad(() => {
      const images = binarised(
        pictures,
        Array.from({ length: count }, (_, i) => i),
        key(786),
      );
      const [again, own] = [model.forward(images, { key: key(787) }), model.sample(count, key(788))];
      const flat = images.toArray();
      const size = height * width;
      return [
        ...Array.from({ length: count }, (_, i) => ({
          canvases: each(again.canvases, i),
          writes: boxes(again.writes, i),
          reads: boxes(again.reads, i),
          image: rounded(flat.subarray(i * size, (i + 1) * size), width),
        })),
        ...Array.from({ length: count }, (_, i) => ({ canvases: each(own.canvases, i), writes: boxes(own.writes, i) })),
      ];
    }),
  );
}

async function taught(
  model: Draw,
  train: Pictures,
  dev: Pictures,
  lesson: Lesson,
  context: Pick<Context, 'train'>,
  from: Key,
): Promise<Point[]> {
  const { batch, steps, lr } = lesson;
  const few = chosen(
    dev,
    Array.from({ length: Math.min(1000, dev.labels.length) }, (_, i) => i),
  );
  function* batches(_epoch: number, order: Key) {
    const mixed = permutation(order, train.labels.length);
    for (let at = 0; at + batch <= mixed.length; at += batch) yield mixed.subarray(at, at + batch);
  }
  return context.train({
    model,
    optimizer: new Adam(parameters(model), { lr }),
    key: from,
    batches,
    loss: (some, { key: own }) => mean(model.bound(binarised(train, some, foldIn(own, 1)), { key: foldIn(own, 2) }).bound),
    steps,
    // Constant, then over the last 70 % down to a twentieth.
    schedule: (step) => lr * Math.max(0.05, Math.min(1, (1 - step / steps) / 0.7)),
    clip: 10,
    evaluate: () => boundOf(model, few).bound,
    every: Math.ceil(steps / (steps < 1000 ? 4 : 20)),
  });
}

export const draw: Recipe<Settings, Outcome> = {
  name: 'draw',
  shows: 'DRAW on digits of zeros and ones: a bound on what a digit costs, after ten steps that read and write through windows.',
  papers: ['Gregor, Danihelka, Graves, Rezende and Wierstra 2015'],
  data: need,
  jobs: ({ keys }) =>
    Array.from({ length: keys }, (_, index) =>
      (['windows', 'whole', 'autoencoder'] as const).map((kind) => ({ name: `${kind}-${index}`, settings: { kind, key: index } })),
    ).flat(),
  async job({ kind, key: index }, context) {
    const all = await digits(context);
    const [train, dev, test] = [all.train, all.dev, all.test].map((part) => (context.quick ? zerosAndOnes(part) : part)) as [
      Pictures,
      Pictures,
      Pictures,
    ];
    const lesson = (context.quick ? small : usual)[kind];
    const { height, width } = train;
    const model = new Draw({ height, width, ...lesson.model }, foldIn(key(1), index));
    // The canvas starts as independent pixels.
    model.canvas.view().set(shares(train, 1e-2).map((p) => Math.log(p / (1 - p))));
    const curve = await taught(model, train, dev, lesson, context, foldIn(key(2), index));
    return {
      parameters: parameterCount(model),
      of: all.name,
      curve,
      ...boundOf(model, test),
      pixels: independent(train, test),
      paintings: kind === 'windows' && index === 0 ? paintings(model, test, 4) : [],
    };
  },
  rows: (finished) => {
    const of = (kind: Kind) => finished.filter(({ settings }) => settings.kind === kind).map(({ outcome }) => outcome);
    const [first] = of('windows');
    if (!first) return [];
    const updates = ({ curve }: Outcome) => (curve.at(-1)?.step ?? 0).toLocaleString('en');
    const whole = of('whole').map((run) => `${run.bound.toFixed(1)} without windows, after ${updates(run)} updates for ${updates(first)}`);
    const one = of('autoencoder').map(({ bound }) => `${bound.toFixed(1)} an autoencoder of equal size`);
    return [
      {
        figure: `bound, nats, ${first.of}, ten steps`,
        ours: of('windows').map(({ bound }) => bound),
        digits: 1,
        target: { atMost: 100 },
        paper: '80.97 with 64 steps; 87.40 without windows',
        baseline: [...whole.slice(0, 1), ...one.slice(0, 1), `${first.pixels.toFixed(1)} independent pixels`].join(', '),
      },
      { figure: 'of it for z, nats', ours: of('windows').map(({ divergence }) => divergence), digits: 1 },
    ];
  },
  pictures: async (finished) => {
    const painted = finished.flatMap(({ outcome }) => outcome.paintings);
    const title = ({ image }: Painting) => (image ? 'a digit, and drawn again' : 'of its own');
    const lines = finished
      .filter(({ settings }) => settings.key === 0)
      .map(({ settings, outcome }) => ({
        name: names[settings.kind],
        points: outcome.curve.flatMap(({ step, metric }) => (metric === undefined ? [] : [[step, metric] as const])),
      }));
    return {
      canvases: canvasesSvg(painted.map((one) => ({ ...one, title: title(one) }))),
      bound: await linesSvg(lines, { x: 'step', y: 'bound on development digits, nats', log: true }),
    };
  },
};
