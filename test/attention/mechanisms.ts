// Every mechanism of the family, for the conformance tests and the module table.
import { Attention, bahdanau, softAttention } from '../../src/attention/attention.ts';
import { alibi, DistanceBias, RelativePositions } from '../../src/attention/distance.ts';
import { dropping } from '../../src/attention/dropping.ts';
import { exploring, gumbelSoftmax, gumbelStraightThrough, hard, highest, highestStraightThrough } from '../../src/attention/hard.ts';
import { LocalPredictive, localMonotonic } from '../../src/attention/local.ts';
import { monotonicHard, monotonicSoft } from '../../src/attention/monotonic.ts';
import { contentBased, locationAware, luong, monotonic, multiHead, nearestKey, pointer } from '../../src/attention/named.ts';
import type { AttentionSizes, Mechanism, Read, Selection, Window } from '../../src/attention/parts.ts';
import { chosenItem, pointing, weightedSum } from '../../src/attention/read.ts';
import { AdditiveScore } from '../../src/attention/score.ts';
import { soft, sparse, tempered } from '../../src/attention/selection.ts';
import { biased, CombinedWindow, causal, coverage, everywhere, masked, sliding } from '../../src/attention/window.ts';
import { tensor } from '../../src/tensor/create.ts';
import { type Key, key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { beside } from '../nn/row.ts';
import { S, T, V, widths } from './table.ts';

export interface MechanismRow {
  name: string;
  build(sizes: AttentionSizes, key: Key): Mechanism;
  square?: true;
  /** Axes of the weights before T and S: heads. */
  heads?: number;
  /** Width of the output; V by default. */
  output?: number;
  /**
   * The sum of a row of weights if it may look anywhere. Default 1; `less`: at most 1; `windowed`: 0 where the window is empty; `dropped`:
   * anything, if a key is given.
   */
  sums?: 'less' | 'windowed' | 'dropped';
  /** Why more keys behind the mask may change its bits: one of its parts counts all keys. */
  counts?: string;
  /** Draws if a key is given. */
  draws?: true;
  /** Parameters that get no gradient: a prefix of their paths. `none` if gradients are those of other weights (straight-through). */
  learns?: { not?: string; as?: 'biased' };
  /** Gives a choice. */
  chooses?: true;
}

const additive = (sizes: AttentionSizes, key: Key) => new AdditiveScore(sizes, key);

/** The additive score with other parts. */
const composed = (
  name: string,
  parts: { window?: Window; selection?: Selection; read?: Read },
  rest: Partial<MechanismRow> = {},
): MechanismRow => ({
  name,
  build: (sizes, key) => new Attention({ score: additive(sizes, key), ...parts }),
  ...rest,
});

const table = (f: (t: number, s: number) => number) => Array.from({ length: T }, (_, t) => Array.from({ length: S }, (_, s) => f(t, s)));

const fromTheEnd = 'the last query stands at the last key, real or not';
const byTable = 'its table has a column for each key';
const byWeight = 'its weight has a row for each key';

/** Parts by their exported names: every window, selection and read has its row. */
export const composedParts: Record<string, () => MechanismRow> = {
  everywhere: () => composed('additive, everywhere', { window: everywhere }),
  causal: () => composed('additive, causal', { window: causal }, { sums: 'windowed', counts: fromTheEnd }),
  sliding: () => composed('additive, sliding', { window: sliding({ before: 2, after: 1 }) }, { sums: 'windowed', counts: fromTheEnd }),
  masked: () => ({
    name: 'additive, masked',
    build: (sizes, key) => {
      const allowed = tensor(
        table((t, s) => +((t + s) % 3 !== 0)),
        { dtype: 'bool' },
      );
      return new Attention({ score: additive(sizes, key), window: masked(allowed) });
    },
    sums: 'windowed',
    counts: byTable,
  }),
  biased: () => ({
    name: 'additive, biased',
    build: (sizes, key) => new Attention({ score: additive(sizes, key), window: biased(tensor(table((t, s) => (t - s) / 4))) }),
    counts: byTable,
  }),
  alibi: () => ({
    name: 'additive, alibi',
    build: (sizes, key) => new Attention({ score: additive(sizes, key), window: alibi([0.25]) }),
    counts: fromTheEnd,
  }),
  DistanceBias: () => ({
    name: 'additive, DistanceBias',
    build: (sizes, key) => {
      const window = new DistanceBias({ heads: 1, buckets: 4, distance: 3 }, key);
      return new Attention({ score: additive(sizes, key), window });
    },
    counts: fromTheEnd,
  }),
  RelativePositions: () => ({
    name: 'additive, RelativePositions',
    build: (sizes, key) => {
      const window = new RelativePositions({ size: sizes.query, reach: 2, values: false }, key);
      return new Attention({ score: additive(sizes, key), window });
    },
    counts: fromTheEnd,
  }),
  coverage: () => composed('additive, coverage', { window: coverage({ strength: 1.5 }) }),
  localMonotonic: () => composed('additive, localMonotonic', { window: localMonotonic({ size: 1 }) }, { sums: 'windowed' }),
  LocalPredictive: () => ({
    name: 'additive, LocalPredictive',
    build: (sizes, key) => new Attention({ score: additive(sizes, key), window: new LocalPredictive({ ...sizes, size: 2 }, key) }),
    sums: 'less',
  }),
  CombinedWindow: () => ({
    name: 'additive, CombinedWindow',
    build: (sizes, key) => {
      const windows = [
        new LocalPredictive({ ...sizes, size: 3 }, key),
        coverage({ strength: 0.5 }),
        new LocalPredictive({ ...sizes, size: 4 }, key),
        causal,
      ];
      return new Attention({ score: additive(sizes, key), window: new CombinedWindow(...windows) });
    },
    sums: 'less',
    counts: fromTheEnd,
  }),
  soft: () => composed('additive, soft', { selection: soft }),
  tempered: () => composed('additive, tempered', { selection: tempered({ temperature: 0.5 }) }),
  sparse: () => composed('additive, sparse', { selection: sparse }),
  hard: () => composed('additive, hard', { selection: hard }, { draws: true, chooses: true }),
  highest: () => composed('additive, highest', { selection: highest }, { learns: { not: 'score' }, chooses: true }),
  exploring: () => composed('additive, exploring', { selection: exploring({ epsilon: 0.9 }) }, { draws: true, chooses: true }),
  gumbelSoftmax: () => composed('additive, gumbelSoftmax', { selection: gumbelSoftmax({ temperature: () => 0.7 }) }, { draws: true }),
  gumbelStraightThrough: () =>
    composed(
      'additive, gumbelStraightThrough',
      { selection: gumbelStraightThrough({ temperature: 0.7 }) },
      { draws: true, learns: { as: 'biased' }, chooses: true },
    ),
  highestStraightThrough: () =>
    composed('additive, highestStraightThrough', { selection: highestStraightThrough }, { learns: { as: 'biased' }, chooses: true }),
  monotonicHard: () =>
    composed('additive, monotonicHard', { selection: monotonicHard }, { sums: 'windowed', learns: { not: 'score' }, chooses: true }),
  dropping: () => composed('additive, dropping', { selection: dropping({ p: 0.5 }) }, { sums: 'dropped', draws: true }),
  monotonicSoft: () => composed('additive, monotonicSoft', { selection: monotonicSoft() }, { sums: 'less', draws: true }),
  weightedSum: () => composed('additive, hard, weightedSum', { selection: hard, read: weightedSum }, { draws: true, chooses: true }),
  chosenItem: () => composed('additive, hard, chosenItem', { selection: hard, read: chosenItem }, { draws: true, chooses: true }),
  pointing: () => composed('additive, pointing', { read: pointing }, { output: S }),
};

const luongs: MechanismRow[] = (['global', 'local-m', 'local-p'] as const).flatMap((window) =>
  (['location', 'dot', 'general', 'concat'] as const).map((score) => ({
    name: `luong, ${window} ${score}`,
    build: (sizes: AttentionSizes, key: Key) => luong(sizes, key, { score, window, size: 2 }),
    ...(score === 'dot' && { square: true as const }),
    ...(score === 'location' && { counts: byWeight }),
    ...(window !== 'global' && { sums: window === 'local-p' ? ('less' as const) : ('windowed' as const) }),
  })),
);

/** Every mechanism. */
export const mechanisms: MechanismRow[] = [
  { name: 'bahdanau', build: bahdanau },
  { name: 'softAttention, scaledDot', build: (sizes, key) => softAttention('scaledDot', sizes, key), square: true },
  ...luongs,
  { name: 'locationAware', build: (sizes, key) => locationAware(sizes, key, { width: 3 }) },
  { name: 'locationAware of the sum', build: (sizes, key) => locationAware(sizes, key, { filters: 4, width: 5, of: 'sum' }) },
  { name: 'contentBased', build: contentBased },
  {
    name: 'multiHead',
    build: (sizes, key) => multiHead({ ...sizes, hidden: 6 }, key, { heads: 3, value: V, output: 3 }),
    heads: 3,
    output: 3,
  },
  {
    name: 'multiHead, locationAware, sliding, hard',
    build: (sizes, key) =>
      multiHead({ ...sizes, hidden: 6 }, key, {
        heads: 2,
        value: V,
        output: V,
        score: (inner, from) => locationAware(inner, from, { width: 3 }).score,
        window: sliding({ before: 4 }),
        selection: hard,
        read: chosenItem,
      }),
    heads: 2,
    sums: 'windowed',
    counts: fromTheEnd,
    draws: true,
    chooses: true,
  },
  {
    name: 'multiHead, dropout',
    build: (sizes, key) => multiHead({ ...sizes, hidden: 6 }, key, { heads: 2, value: V, output: V, dropout: 0.4, bias: false }),
    heads: 2,
    sums: 'dropped',
    draws: true,
  },
  { name: 'pointer', build: pointer, output: S },
  { name: 'nearestKey', build: nearestKey, learns: { as: 'biased' }, chooses: true },
  { name: 'nearestKey, REINFORCE', build: (sizes, key) => nearestKey(sizes, key, { selection: hard }), draws: true, chooses: true },
  { name: 'monotonic', build: monotonic, sums: 'less', draws: true },
  {
    name: 'monotonic, hard',
    build: (sizes, key) => monotonic(sizes, key, { hard: true, offset: 0 }),
    sums: 'windowed',
    learns: { not: 'score' },
    chooses: true,
  },
  ...Object.values(composedParts).map((make) => make()),
];

export const build = (row: MechanismRow, seed = 1) => row.build(widths(row), key(seed));

/** A mechanism that draws is also tried with a key. */
export const keysOf = (row: MechanismRow): (Key | undefined)[] => (row.draws ? [undefined, key(5)] : [undefined]);

export const keyed = (from: Key | undefined) => (from ? { key: from } : {});

/** All results with a gradient, one row per example. */
export const results = (attended: {
  output: Tensor;
  weights: Tensor;
  logProbability?: Tensor;
  entropy?: Tensor;
  value?: Tensor;
}): Tensor => {
  const { output, weights, logProbability, entropy, value } = attended;
  return beside(output, weights, ...(logProbability && entropy ? [logProbability, entropy] : []), ...(value ? [value] : []));
};
