// The mechanisms that recipes compare; they are the part in which the decoders differ.
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

/** A mechanism in the form that a recipe uses. */
export interface Built {
  attention: Mechanism;
  /** A replacement with the same parameters, for measuring the trained model. */
  decoding?: Mechanism;
  decoder?: 'bahdanau';
  /** How its lessons differ from the usual ones. */
  lesson?: MakeLesson;
}

/** A mechanism with its descriptions. */
export interface Variant {
  name: string;
  title: string;
  /** Title of its picture. */
  short: string;
  paper: string;
  /** For mechanisms that choose one item: the soft variant of the same score. */
  hardOf?: string;
  build(): Built;
}

/**
 * One of Luong's. The longest word of the dictionaries has 34 letters. A window of 3 letters to each side is too narrow: in long words the
 * t-th phone is further from the t-th letter than that, and letters outside a predicted window give no gradient.
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

/** Luong's scores × localities, and later mechanisms. */
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
    // Their score, which grows slowly: dot and general soon leave one letter, and no gradient to any other.
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

/** Further mechanisms of the gallery. */
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
