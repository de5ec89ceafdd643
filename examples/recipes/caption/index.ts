// Captions of canvases of digits, each word by attention to a place: soft and hard, beside a reader of the mean of all places.
import { foldIn, key } from 'saccade';
import { captionSvg } from 'saccade/plot';
import type { Pictures } from 'saccade/tasks';
import { linesSvg } from '../../runner/chart.ts';
import type { Finished, Point, Recipe, Row } from '../../runner/recipe.ts';
import { digits, halved, need } from '../../shared/digits/digits.ts';
import { annotator, type Kind, type Lesson } from './annotator.ts';
import { scenes } from './canvases.ts';
import { described, type Scores, type Shown } from './learning.ts';

interface Settings {
  kind: Kind | 'net';
  key: number;
}

interface Outcome {
  of: string;
  curve: Point[];
  scores?: Scores;
  /** Sets of digits that the net names exactly, in percent. */
  exactSets?: number;
  /** Captions that the nearest of some training canvases has, in percent. */
  nearest?: number;
  pictures: Shown[];
}

const usual: Lesson = {
  layout: { side: 56, box: 20, apart: 18, clear: 3, most: 4, kinds: 10 },
  filters: [16, 32, 64],
  last: 64,
  hidden: 128,
  embedding: 32,
  batch: 64,
  steps: { net: 2500, decoder: 3000, hard: 2500 },
  lr: { net: 2e-3, decoder: 1e-3 },
  scenes: { dev: 200, test: 2000 },
};
const small: Lesson = {
  layout: { side: 28, box: 12, apart: 12, clear: 1, most: 1, kinds: 2 },
  filters: [8, 16],
  last: 16,
  hidden: 32,
  embedding: 16,
  batch: 24,
  steps: { net: 60, decoder: 140, hard: 0 },
  lr: { net: 1e-2, decoder: 1e-2 },
  scenes: { dev: 20, test: 100 },
};

/** How often the caption of the nearest training canvas, by pixels, is that of a reported one, in percent. */
function nearestExact({ layout }: Lesson, train: Pictures, test: Pictures, count: number, known: number): number {
  const size = layout.side * layout.side;
  const [seen, asked] = [new Uint8Array(known * size), new Uint8Array(count * size)];
  const [memory, questions] = [scenes(key(16), train, layout, known, seen), scenes(key(12), test, layout, count, asked)];
  const right = questions.filter(({ caption }, q) => {
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    for (let m = 0; m < known; m++) {
      let distance = 0;
      for (let i = 0; i < size && distance < least; i++) {
        const d = (asked[q * size + i] as number) - (seen[m * size + i] as number);
        distance += d * d;
      }
      if (distance < least) [best, least] = [m, distance];
    }
    return memory[best]?.caption.join() === caption.join();
  });
  return (100 * right.length) / count;
}

type Runs = readonly Finished<Settings, Outcome>[];
const of = (finished: Runs, kind: Settings['kind']) =>
  finished.filter(({ settings }) => settings.kind === kind).map(({ outcome }) => outcome);
const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;

const titles: Record<Kind, string> = { soft: 'soft attention', hard: 'hard attention, after soft', mean: 'the mean of all places' };

export const caption: Recipe<Settings, Outcome> = {
  name: 'caption',
  shows:
    'Captions of canvases with up to four digits, from left to right, each word by attention to one of 49 places; digits keep some pixels clear of where their caption would be another.',
  papers: ['Xu, Ba, Kiros, Cho, Courville, Salakhutdinov, Zemel and Bengio 2015'],
  data: need,
  jobs: ({ keys, quick }) =>
    Array.from({ length: keys }, (_, index) => [
      { name: `net-${index}`, settings: { kind: 'net' as const, key: index } },
      ...(['soft', 'mean'] as const).map((kind) => ({ name: `${kind}-${index}`, settings: { kind, key: index }, after: [`net-${index}`] })),
      ...(quick
        ? []
        : [{ name: `hard-${index}`, settings: { kind: 'hard' as const, key: index }, after: [`net-${index}`, `soft-${index}`] }]),
    ]).flat(),
  async job({ kind, key: index }, context) {
    const lesson = context.quick ? small : usual;
    const all = await digits(context);
    const parts = context.quick ? { ...all, train: halved(all.train), dev: halved(all.dev), test: halved(all.test) } : all;
    const from = foldIn(key(1), index);
    if (kind === 'net') {
      const { curve, exact } = await annotator(lesson, parts, context, from);
      const [count, known] = context.quick ? [50, 200] : [300, 5000];
      return { of: all.name, curve, exactSets: exact, nearest: nearestExact(lesson, parts.train, parts.test, count, known), pictures: [] };
    }
    const files = { net: context.fileOf(`net-${index}`), soft: context.fileOf(`soft-${index}`) };
    return { of: all.name, ...(await described(kind, lesson, parts, context, foldIn(from, 5), files)) };
  },
  rows: (finished) => {
    const [net] = of(finished, 'net');
    const without = of(finished, 'mean').flatMap(({ scores }) => scores?.exact ?? []);
    const digitsOf = finished[0]?.outcome.of;
    const beside = [
      ...(without.length > 0 ? [`${mean(without).toFixed(1)} % ${titles.mean}`] : []),
      ...(net?.nearest === undefined ? [] : [`${net.nearest.toFixed(1)} % the nearest canvas's`]),
    ].join(', ');
    const rowsOf = (kind: 'soft' | 'hard', exact: number, inBox: number): Row[] => {
      const scores = of(finished, kind).flatMap((outcome) => outcome.scores ?? []);
      if (scores.length === 0) return [];
      const chance = `${mean(scores.map((one) => one.chance)).toFixed(1)} % a cell at random`;
      return [
        {
          figure: `captions right in every word, ${digitsOf}, ${titles[kind]}`,
          ours: scores.map((one) => one.exact),
          target: { atLeast: exact },
          baseline: beside,
        },
        {
          figure: `digit words that look into the digit's box, ${titles[kind]}`,
          ours: scores.map((one) => one.inBox),
          target: { atLeast: inBox },
          baseline: chance,
        },
      ].map((row) => ({ ...row, unit: '%', digits: 1 }));
    };
    const named =
      net?.exactSets === undefined
        ? []
        : [{ figure: 'sets of digits that the frozen net names exactly', ours: [net.exactSets], unit: '%', digits: 1 }];
    return [...rowsOf('soft', 92, 88), ...rowsOf('hard', 86, 85), ...named];
  },
  pictures: async (finished) => {
    const lines = finished
      .filter(({ settings }) => settings.key === 0 && settings.kind !== 'net')
      .map(({ settings, outcome }) => ({
        name: titles[settings.kind as Kind],
        points: outcome.curve.flatMap(({ step, metric }) => (metric === undefined ? [] : [[step, 100 - metric] as const])),
      }));
    const maps = (kind: Kind) => captionSvg(of(finished, kind)[0]?.pictures ?? [], { columns: 1 });
    return {
      maps: maps('soft'),
      'maps-hard': maps('hard'),
      exact: await linesSvg(lines, { x: 'update', y: 'captions right in every word, %' }),
    };
  },
};
