// Recurrent attention tells digits from a few glimpses, beside random places and a network that sees all of the image.
import { foldIn, key } from 'saccade';
import { parameterCount } from 'saccade/nn';
import { gazeSvg } from 'saccade/plot';
import { linesSvg } from '../../runner/chart.ts';
import type { Finished, Point, Recipe, Row } from '../../runner/recipe.ts';
import { digits, halved, need } from '../../shared/digits/digits.ts';
import { built, errorOf, type Gaze, gazes, type Kind, type Lesson, taught } from './looking.ts';

interface Settings {
  kind: Kind;
  key: number;
}

interface Outcome {
  parameters: number;
  /** What the figures are of. */
  of: string;
  curve: Point[];
  /** Steps of an epoch. */
  epoch: number;
  /** Error on the reported digits in percent, one for each drawing of first places. */
  errors: number[];
  gazes: Gaze[];
}

const plain: Lesson = {
  side: 28,
  glimpse: { size: 8, scales: 1, reach: 14 },
  glimpses: 6,
  core: 'rnn',
  sigma: 0.05,
  hidden: 256,
  features: 128,
  batch: 128,
  epochs: 20,
  lr: 1e-3,
};
const cluttered: Lesson = {
  ...plain,
  side: 60,
  distractors: 4,
  glimpse: { size: 12, scales: 3, reach: 26 },
  core: 'lstm',
  sigma: 0.1,
  epochs: 10,
};
/** For quick runs, on digits of half the height and width. */
const small: Partial<Lesson> = { glimpses: 4, sigma: 0.1, hidden: 64, features: 32, batch: 50, epochs: 6, lr: 3e-3 };

const names: Record<Kind, string> = { places: 'places of its own choice', random: 'random places', network: 'the whole image' };

/** Drawings of first places, over which the reported error is the mean. */
const STARTS = 5;

/** The mean of a kind's errors over first places, one for each key. */
const errorsOf = (finished: readonly Finished<Settings, Outcome>[], kind: Kind): number[] =>
  finished
    .filter(({ settings }) => settings.kind === kind)
    .map(({ outcome: { errors } }) => errors.reduce((a, b) => a + b, 0) / errors.length);

function recipeOf(
  more: Pick<Recipe, 'name' | 'asked' | 'shows'> & { lesson: Lesson; quick: Partial<Lesson>; row: Partial<Row>; beside: string },
): Recipe<Settings, Outcome> {
  const { lesson: usual, quick, row, beside, ...about } = more;
  return {
    ...about,
    papers: ['Mnih, Heess, Graves and Kavukcuoglu 2014'],
    data: need,
    jobs: ({ keys }) =>
      Array.from({ length: keys }, (_, index) =>
        (['places', 'random', 'network'] as const).map((kind) => ({ name: `${kind}-${index}`, settings: { kind, key: index } })),
      ).flat(),
    async job({ kind, key: index }, context) {
      const lesson = context.quick ? { ...usual, ...small, ...quick } : usual;
      const all = await digits(context);
      const parts = context.quick ? { ...all, train: halved(all.train), dev: halved(all.dev), test: halved(all.test) } : all;
      const pupil = built(kind, lesson, foldIn(key(1), index));
      const curve = await taught(kind, pupil, lesson, parts, context, foldIn(key(2), index));
      const starts = kind === 'network' ? 1 : STARTS;
      return {
        parameters: parameterCount(pupil),
        of: all.name,
        curve,
        epoch: Math.floor(parts.train.labels.length / lesson.batch),
        errors: Array.from({ length: starts }, (_, i) => errorOf(kind, pupil, lesson, parts.test, foldIn(key(3), i), parts.train)),
        gazes: kind === 'places' && index === 0 ? gazes(pupil, lesson, parts.test, 6, parts.train) : [],
      };
    },
    rows: (finished) => {
      const [of = '', ours = []] = [finished[0]?.outcome.of, errorsOf(finished, 'places')];
      const others = (['random', 'network'] as const).flatMap((kind) => {
        const errors = errorsOf(finished, kind);
        return errors.length > 0 ? `${(errors.reduce((a, b) => a + b, 0) / errors.length).toFixed(2)} % ${names[kind]}` : [];
      });
      return [{ figure: `error, ${of}, ${beside}`, ours, unit: '%', baseline: others.join(', '), ...row }];
    },
    pictures,
  };
}

/** Where it looked, and how the errors fell. */
async function pictures(finished: readonly Finished<Settings, Outcome>[]) {
  const panels = finished.flatMap(({ outcome }) => outcome.gazes);
  const lines = finished
    .filter(({ settings }) => settings.key === 0)
    .map(({ settings, outcome }) => ({
      name: names[settings.kind],
      points: outcome.curve.flatMap(({ step, metric }) => (metric === undefined ? [] : [[step / outcome.epoch, metric] as const])),
    }));
  return {
    gaze: gazeSvg(
      panels.map(({ right, told, ...panel }) => ({ ...panel, title: right === told ? `${right}` : `${right}, told as ${told}` })),
      { columns: 3 },
    ),
    error: await linesSvg(lines, { x: 'epoch', y: 'error on development digits, %', log: true }),
  };
}

export const glimpse = recipeOf({
  name: 'glimpse',
  shows: 'Recurrent attention on digits of 28 × 28 pixels, of which it sees 8 × 8 at a time, six times.',
  lesson: plain,
  quick: { side: 14, glimpse: { size: 5, scales: 1, reach: 7 } },
  row: { target: { atMost: 3 }, paper: '1.12, trained for longer' },
  beside: 'six glimpses of 8 × 8',
});

export const glimpseCluttered = recipeOf({
  name: 'glimpse-cluttered',
  asked: 'glimpse --model cluttered',
  shows:
    'Recurrent attention on canvases of 60 × 60 pixels with a digit somewhere and four pieces of others, in six glimpses of three scales.',
  lesson: cluttered,
  quick: { side: 24, distractors: 2, glimpse: { size: 6, scales: 2, reach: 9 } },
  row: { target: { atMost: 6 }, paper: '4.08, trained for longer; 14.4 at random places, with eight glimpses' },
  beside: 'six glimpses of 12 × 12 at three scales',
});
