// The mechanisms that recipes set side by side, each as the part of the decoder that differs.
import { Attention, type AttentionSeq2SeqOptions, bahdanau, type LuongOptions, luong, multiHead } from 'saccade';
import {
  AdditiveScore,
  contentBased,
  DotScore,
  gumbelStraightThrough,
  locationAware,
  monotonic,
  nearestKey,
  type Selection,
  sparse,
} from 'saccade/attention';
import { cooling, drawing, type MakeLesson } from './lessons.ts';

type Mechanism = NonNullable<AttentionSeq2SeqOptions['attention']>;

/** A mechanism as a recipe builds it. */
export interface Built {
  attention: Mechanism;
  /** What takes its place, and its parameters, when the taught model is measured. */
  decoding?: Mechanism;
  decoder?: 'bahdanau';
  /** What is not as usual in its lessons. */
  lesson?: MakeLesson;
}

/** A mechanism with what is said of it. */
export interface Variant {
  name: string;
  title: string;
  /** Over its picture. */
  short: string;
  paper: string;
  /** Where one item is chosen: the variant of the same score that takes some of all. */
  hardOf?: string;
  build(): Built;
}

/**
 * One of Luong's. The longest word of the dictionaries has 34 letters. Of D, 3 letters are too few: the t-th phone is further than that from the
 * t-th letter in long words, and letters beyond a predicted place teach it nothing.
 */
function ofLuong(score: NonNullable<LuongOptions['score']>, window: NonNullable<LuongOptions['window']>): Variant {
  return {
    name: `${window}-${score}`,
    title: `${score}, ${window}`,
    short: window === 'global' ? score : `${score}, ${window}`,
    paper: 'Luong et al. 2015',
    build: () => ({
      attention: (sizes, key) => luong(sizes, key, { score, window, most: 40, size: 6 }),
    }),
  };
}

/** The dot score with a selection of one item. */
const choosing =
  (selection: Selection): Mechanism =>
  () =>
    new Attention({ score: new DotScore(), selection });

/** Luong's scores × localities, and what came beside them. */
export const variants: readonly Variant[] = [
  ofLuong('location', 'global'),
  ofLuong('dot', 'global'),
  ofLuong('general', 'global'),
  ofLuong('concat', 'global'),
  ofLuong('dot', 'local-m'),
  ofLuong('general', 'local-m'),
  ofLuong('dot', 'local-p'),
  ofLuong('general', 'local-p'),
  {
    name: 'additive',
    title: 'additive, looking before its step',
    short: 'additive',
    paper: 'Bahdanau et al. 2015',
    build: () => ({ attention: bahdanau, decoder: 'bahdanau' }),
  },
  {
    name: 'sparsemax',
    title: 'sparsemax over concat',
    short: 'sparsemax',
    paper: 'Martins and Astudillo 2016',
    // Their score, and one that grows slowly: dot and general soon leave one letter, and no gradient to any other.
    build: () => ({ attention: (sizes, key) => new Attention({ score: new AdditiveScore(sizes, key), selection: sparse }) }),
  },
  {
    name: 'monotonic',
    title: 'monotonic, learnt in expectation, hard when decoding',
    short: 'monotonic, hard',
    paper: 'Raffel et al. 2017',
    hardOf: 'global-concat',
    build: () => ({ attention: monotonic, decoding: (sizes, key) => monotonic(sizes, key, { hard: true }) }),
  },
  {
    name: 'gumbel',
    title: 'hard over dot, straight-through Gumbel',
    short: 'Gumbel',
    paper: 'Jang et al. 2017',
    hardOf: 'global-dot',
    build() {
      const { read, lesson } = cooling();
      return { attention: choosing(gumbelStraightThrough({ temperature: read })), lesson };
    },
  },
  {
    name: 'reinforce',
    title: 'hard over dot, REINFORCE',
    short: 'REINFORCE',
    paper: 'Xu et al. 2015',
    hardOf: 'global-dot',
    build() {
      const { selection, lesson } = drawing();
      return { attention: choosing(selection), lesson };
    },
  },
];

/** What the gallery shows besides. */
export const others: readonly Variant[] = [
  {
    name: 'location-aware',
    title: 'location-aware',
    short: 'location-aware',
    paper: 'Chorowski et al. 2015',
    build: () => ({ attention: (sizes, key) => locationAware(sizes, key, { width: 5 }) }),
  },
  {
    name: 'content-based',
    title: 'content-based',
    short: 'content-based',
    paper: 'Graves et al. 2014',
    build: () => ({ attention: contentBased }),
  },
  {
    name: 'multi-head',
    title: 'four heads, the mean of their weights',
    short: 'four heads, mean',
    paper: 'Vaswani et al. 2017',
    build: () => ({ attention: multiHead }),
  },
  {
    name: 'nearest-key',
    title: 'nearest key, straight-through',
    short: 'nearest key',
    paper: 'Bengio et al. 2013',
    build: () => ({ attention: nearestKey }),
  },
];
