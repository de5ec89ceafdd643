// The mechanisms that recipes set side by side, each as the part of the decoder that differs.
import {
  Attention,
  type AttentionSeq2SeqOptions,
  bahdanau,
  contentBased,
  GeneralScore,
  gumbelStraightThrough,
  type LuongOptions,
  locationAware,
  luong,
  monotonic,
  multiHead,
  nearestKey,
  type Selection,
  sparse,
} from 'saccade';
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
  /** Whether one item is chosen. */
  hard?: true;
  build(): Built;
}

/** One of Luong's; D is 3 letters. The longest word of the dictionaries has 34. */
function ofLuong(score: NonNullable<LuongOptions['score']>, window: NonNullable<LuongOptions['window']>): Variant {
  return {
    name: `${window}-${score}`,
    title: `${score}, ${window}`,
    short: window === 'global' ? score : `${score}, ${window}`,
    paper: 'Luong et al. 2015',
    build: () => ({ attention: (sizes, key) => luong(sizes, key, { score, window, size: 3, most: 40 }) }),
  };
}

/** The general score with another selection. */
const selecting =
  (selection: Selection): Mechanism =>
  (sizes, key) =>
    new Attention({ score: new GeneralScore(sizes, key), selection });

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
    title: 'sparsemax over general',
    short: 'sparsemax',
    paper: 'Martins and Astudillo 2016',
    build: () => ({ attention: selecting(sparse) }),
  },
  {
    name: 'monotonic',
    title: 'monotonic, learnt in expectation, hard when decoding',
    short: 'monotonic, hard',
    paper: 'Raffel et al. 2017',
    hard: true,
    build: () => ({ attention: monotonic, decoding: (sizes, key) => monotonic(sizes, key, { hard: true }) }),
  },
  {
    name: 'gumbel',
    title: 'hard over general, straight-through Gumbel',
    short: 'Gumbel',
    paper: 'Jang et al. 2017',
    hard: true,
    build() {
      const { read, lesson } = cooling();
      return { attention: selecting(gumbelStraightThrough({ temperature: read })), lesson };
    },
  },
  {
    name: 'reinforce',
    title: 'hard over general, REINFORCE',
    short: 'REINFORCE',
    paper: 'Xu et al. 2015',
    hard: true,
    build() {
      const { selection, lesson } = drawing();
      return { attention: selecting(selection), lesson };
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
    hard: true,
    build: () => ({ attention: nearestKey }),
  },
];
