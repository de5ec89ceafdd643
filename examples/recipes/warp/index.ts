// A spatial transformer finds a digit on a cluttered canvas and turns the view to it, beside the same classifiers of the whole canvas.
import { Adam, argmax, cosineSchedule, crossEntropy, foldIn, type Key, key, noGrad, parameters, scope, type Tensor } from 'saccade';
import { ImageClassifier, SpatialTransformer } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { type WarpPanel, warpSvg } from 'saccade/plot';
import { clutteredCanvases, type PictureBatch, type Pictures } from 'saccade/tasks';
import { permutation } from 'saccade/tensor';
import { linesSvg } from '../../runner/chart.ts';
import type { Context, Finished, Point, Recipe, RecipeOptions } from '../../runner/recipe.ts';
import { type Digits, digits, halved, need } from '../../shared/digits/digits.ts';

/** How the digit is read, and whether a transformer turns the view to it first. */
type Kind = 'dense' | 'convolution' | 'warped-dense' | 'warped-convolution';

interface Settings {
  kind: Kind;
  key: number;
}

interface Outcome {
  parameters: number;
  of: string;
  /** Error on the reported digits in percent. */
  error: number;
  curve: Point[];
  /** Steps of an epoch. */
  epoch: number;
  /** What the transformer saw of some canvases. */
  panels: WarpPanel[];
}

interface Lesson {
  /** Sides of the canvas and of the view. */
  side: number;
  view: number;
  /** Samples of each pixel of the view, along both axes. */
  samples: number;
  distractors: number;
  cut: number;
  /** Of the classifiers that read the view, and the whole canvas. */
  filters: { view: readonly number[]; canvas: readonly number[] };
  hidden: readonly number[];
  local: { localFilters: number; localWindow: number; localHidden: number };
  batch: number;
  epochs: number;
  lr: number;
}

const usual: Lesson = {
  side: 60,
  view: 20,
  samples: 2,
  distractors: 4,
  cut: 8,
  filters: { view: [32, 32], canvas: [8, 16] },
  hidden: [256, 200],
  local: { localFilters: 20, localWindow: 5, localHidden: 50 },
  batch: 64,
  epochs: 14,
  lr: 1e-3,
};
const small: Lesson = {
  ...usual,
  side: 28,
  view: 14,
  samples: 1,
  distractors: 1,
  cut: 5,
  hidden: [64],
  local: { localFilters: 8, localWindow: 3, localHidden: 32 },
  batch: 20,
  epochs: 12,
  lr: 4e-3,
};

const names: Record<Kind, string> = {
  'warped-dense': 'transformer, fully connected',
  'warped-convolution': 'transformer, convolutions',
  dense: 'fully connected',
  convolution: 'convolutions',
};

type Net = ImageClassifier | SpatialTransformer;

function built(kind: Kind, { side, view, samples, filters, hidden, local }: Lesson, from: Key): Net {
  const read = kind.endsWith('convolution')
    ? { filters: filters[kind.startsWith('warped') ? 'view' : 'canvas'], hidden: [256] }
    : { hidden };
  if (kind.startsWith('warped'))
    return new SpatialTransformer({ ...read, size: side, view, samples, classes: 10, form: 'affine', ...local }, from);
  return new ImageClassifier({ ...read, ...(kind === 'convolution' && { window: 5 }), size: side, classes: 10 }, from);
}

const logitsOf = (net: Net, images: Tensor): Tensor =>
  net instanceof SpatialTransformer ? net.forward(images).output : net.forward(images);

function canvases(
  { side, distractors, cut }: Lesson,
  from: Key,
  pictures: Pictures,
  chosen: ArrayLike<number>,
  clutter: Pictures,
): PictureBatch {
  return clutteredCanvases(from, pictures, { side, distractors, cut, chosen, clutter });
}

/** Error in percent: each picture once, its canvas drawn under one key, its clutter cut from the training digits. */
function errorOf(net: Net, lesson: Lesson, pictures: Pictures, clutter: Pictures, from: Key): number {
  const count = pictures.labels.length;
  let wrong = 0;
  for (let at = 0; at < count; at += 250) {
    const chosen = Array.from({ length: Math.min(250, count - at) }, (_, i) => at + i);
    wrong += scope(() =>
      noGrad(() => {
        const { images, labels } = canvases(lesson, foldIn(from, at), pictures, chosen, clutter);
        const [told, right] = [Array.from(argmax(logitsOf(net, images), { axis: -1 }).toArray()), labels.toArray()];
        return told.filter((label, i) => label !== right[i]).length;
      }),
    );
  }
  return (100 * wrong) / count;
}

const lessonOf = (name: string, quick: boolean): Lesson => (quick ? small : name === 'warp-long' ? { ...usual, epochs: 60 } : usual);

/** The first canvases of the reported digits, and where the transformer looked. */
function panelsOf(net: Net, lesson: Lesson, parts: Digits, from: Key): WarpPanel[] {
  if (!(net instanceof SpatialTransformer)) return [];
  return scope(() =>
    noGrad(() => {
      const { images, labels } = canvases(lesson, from, parts.test, [0, 1, 2, 3, 4, 5], parts.train);
      const { output, view, places } = net.forward(images);
      const told = argmax(output, { axis: -1 }).toArray();
      const rowsOf = (x: Tensor, b: number, height: number, width: number) => {
        const all = x.toArray();
        return Array.from({ length: height }, (_, i) => Array.from(all.subarray((b * height + i) * width, (b * height + i + 1) * width)));
      };
      return Array.from(labels.toArray(), (right, b): WarpPanel => {
        const grid = rowsOf(places, b, lesson.view, 2 * lesson.view);
        const corner = (i: number, j: number): [number, number] => [grid[i]?.[2 * j] ?? 0, grid[i]?.[2 * j + 1] ?? 0];
        const last = lesson.view - 1;
        return {
          image: rowsOf(images, b, lesson.side, lesson.side),
          view: rowsOf(view, b, lesson.view, lesson.view),
          corners: [corner(0, 0), corner(0, last), corner(last, last), corner(last, 0)],
          title: right === told[b] ? `${right}` : `${right}, told as ${told[b]}`,
        };
      });
    }),
  );
}

const learn =
  (name: string) =>
  async ({ kind, key: index }: Settings, context: Context): Promise<Outcome> => {
    const lesson = lessonOf(name, context.quick);
    const all = await digits(context);
    const parts = context.quick ? { ...all, train: halved(all.train), dev: halved(all.dev), test: halved(all.test) } : all;
    const net = built(kind, lesson, foldIn(key(1), index));
    const { batch, epochs, lr } = lesson;
    const count = parts.train.labels.length;
    const epoch = Math.floor(count / batch);
    const curve = await context.train({
      model: net,
      optimizer: new Adam(parameters(net), { lr }),
      key: foldIn(key(2), index),
      *batches(_epoch: number, from: Key) {
        const order = permutation(foldIn(from, 0), count);
        for (let i = 0; i < epoch; i++) {
          yield canvases(lesson, foldIn(from, i + 1), parts.train, order.subarray(i * batch, (i + 1) * batch), parts.train);
        }
      },
      loss: ({ images, labels }) => crossEntropy(logitsOf(net, images), labels),
      steps: epochs * epoch,
      schedule: cosineSchedule(lr, { steps: epochs * epoch }),
      clip: 5,
      evaluate: () => errorOf(net, lesson, parts.dev, parts.train, key(4)),
      every: epoch,
    });
    return {
      parameters: parameterCount(net),
      of: all.name,
      error: errorOf(net, lesson, parts.test, parts.train, key(3)),
      curve,
      epoch,
      panels: index === 0 ? panelsOf(net, lesson, parts, key(3)) : [],
    };
  };

type Runs = readonly Finished<Settings, Outcome>[];
const errorsOf = (finished: Runs, kind: Kind) =>
  finished.filter(({ settings }) => settings.kind === kind).map(({ outcome }) => outcome.error);
const kindsOf = ({ quick }: RecipeOptions): Kind[] =>
  quick ? ['warped-dense', 'dense'] : ['warped-dense', 'dense', 'warped-convolution', 'convolution'];

function recipeOf(about: Pick<Recipe, 'name' | 'asked' | 'shows'>): Recipe<Settings, Outcome> {
  return {
    ...about,
    papers: ['Jaderberg, Simonyan, Zisserman and Kavukcuoglu 2015'],
    data: need,
    jobs: (options) =>
      Array.from({ length: options.keys }, (_, index) =>
        kindsOf(options).map((kind) => ({ name: `${kind}-${index}`, settings: { kind, key: index } })),
      ).flat(),
    job: learn(about.name),
    rows: (finished) =>
      (['dense', 'convolution'] as const).flatMap((read) => {
        const ours = errorsOf(finished, `warped-${read}`);
        const without = errorsOf(finished, read);
        const baseline = without.length > 0 ? `${(without.reduce((a, b) => a + b, 0) / without.length).toFixed(2)} % without it` : '';
        const [target, paper] =
          read === 'dense' ? [4, '2.0 with six pieces; 13.2 without it'] : [2.5, '1.7 with six pieces; 3.5 without it'];
        const of = finished[0]?.outcome.of;
        const figure = `error, ${of}, ${names[`warped-${read}`]}`;
        return ours.length > 0 ? [{ figure, ours, unit: '%', target: { atMost: target }, paper, baseline }] : [];
      }),
    pictures: async (finished) => {
      const lines = finished
        .filter(({ settings }) => settings.key === 0)
        .map(({ settings, outcome }) => ({
          name: names[settings.kind],
          points: outcome.curve.flatMap(({ step, metric }) => (metric === undefined ? [] : [[step / outcome.epoch, metric] as const])),
        }));
      const panels = finished.find(({ settings }) => settings.kind === 'warped-dense')?.outcome.panels ?? [];
      return {
        views: warpSvg(panels, { columns: 3 }),
        error: await linesSvg(lines, { x: 'epoch', y: 'error on development digits, %', log: true }),
      };
    },
  };
}

export const warp = recipeOf({
  name: 'warp',
  shows:
    'A spatial transformer on canvases of 60 × 60 pixels with a digit somewhere and four pieces of others: a view of 20 × 20, in minutes.',
});

export const warpLong = recipeOf({
  name: 'warp-long',
  asked: 'warp --model long',
  shows: 'A spatial transformer on canvases of 60 × 60 pixels with a digit somewhere and four pieces of others, for 60 epochs.',
});
