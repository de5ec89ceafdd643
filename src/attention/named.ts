// The mechanisms by the names of their papers, each a score, a window, a selection and a read. `bahdanau` is in attention.ts.

import { expectKey, expectNames, expectOptions, isFlag, isNumber, isOneOf, isPositive, isSize, maybe } from '../tensor/check.ts';
import type { Key } from '../tensor/random.ts';
import { split } from '../tensor/random.ts';
import { Attention } from './attention.ts';
import { CosineScore, DistanceScore } from './content.ts';
import { highestStraightThrough } from './hard.ts';
import { LocalPredictive, localMonotonic } from './local.ts';
import { type LocationAwareOptions, LocationAwareScore, LocationScore } from './location.ts';
import { MonotonicScore, monotonicHard, monotonicSoft } from './monotonic.ts';
import { MultiHead, type MultiHeadOptions } from './multi-head.ts';
import type { AttentionSizes, Selection, Window } from './parts.ts';
import { pointing } from './read.ts';
import { AdditiveScore, isAttentionSizes, scoreNamed } from './score.ts';

/** Which of Luong's mechanisms to build. */
export interface LuongOptions {
  /** `concat` is the additive score, with the matrix split in two and a bias. Default `general`. */
  score?: 'location' | 'dot' | 'general' | 'concat' | undefined;
  /** Default `global`. */
  window?: 'global' | 'local-m' | 'local-p' | undefined;
  /** Keys to each side of a local window, the paper's D. Default 10. */
  size?: number | undefined;
  /** The longest source for the score `location`. Default 100. */
  most?: number | undefined;
}

/**
 * Luong, Pham, Manning 2015, "Effective approaches to attention-based neural machine translation", §3: a score and a locality. For the
 * order of operations and the input feeding of its decoder (§3.3), see `AttentionSeq2Seq` with decoder `luong`.
 */
export function luong(sizes: AttentionSizes, key: Key, options: LuongOptions = {}): Attention {
  expectOptions('luong', options, {
    score: maybe(isOneOf('location', 'dot', 'general', 'concat')),
    window: maybe(isOneOf('global', 'local-m', 'local-p')),
    size: maybe(isPositive),
    most: maybe(isSize),
  });
  expectOptions('luong', sizes, isAttentionSizes);
  expectKey('luong', key);
  const { score = 'general', window = 'global', size = 10, most = 100 } = options;
  const [forScore, forWindow] = split(key);
  const made =
    score === 'location'
      ? new LocationScore({ query: sizes.query, most }, forScore)
      : scoreNamed(score === 'concat' ? 'additive' : score, sizes, forScore);
  const local = luongWindow(window, { ...sizes, size }, forWindow);
  return new Attention({ score: made, ...(local && { window: local }) });
}

function luongWindow(name: string, sizes: AttentionSizes & { size: number }, key: Key): Window | undefined {
  switch (name) {
    case 'local-m':
      return localMonotonic({ size: sizes.size });
    case 'local-p':
      return new LocalPredictive(sizes, key);
    default:
      return undefined;
  }
}

/** Chorowski, Bahdanau, Serdyuk, Cho, Bengio 2015, "Attention-based models for speech recognition": the score sees the earlier weights. */
export function locationAware(sizes: AttentionSizes, key: Key, options: LocationAwareOptions = {}): Attention {
  expectNames('locationAware', options, { filters: 1, width: 1, of: 1 });
  return new Attention({ score: new LocationAwareScore({ ...sizes, ...options }, key) });
}

/** Graves, Wayne, Danihelka 2014, "Neural Turing machines", §3.3.1: the most similar key, with a sharpness predicted from the query. */
export function contentBased(sizes: AttentionSizes, key: Key): Attention {
  return new Attention({ score: new CosineScore(sizes, key) });
}

/**
 * Vaswani et al. 2017, "Attention is all you need", §3.2.2: several heads, by default with scaled dot scores. The output is as wide as the
 * keys.
 */
export function multiHead(sizes: AttentionSizes, key: Key, options: Partial<Omit<MultiHeadOptions, 'query' | 'key'>> = {}): MultiHead {
  expectOptions('multiHead', sizes, isAttentionSizes);
  const { heads = 4, size = sizes.hidden, output = sizes.key, ...rest } = options;
  return new MultiHead({ query: sizes.query, key: sizes.key, heads, size, output, ...rest }, key);
}

/** Vinyals, Fortunato, Jaitly 2015, "Pointer networks": the additive score; the weights are the answer. */
export function pointer(sizes: AttentionSizes, key: Key): Attention {
  return new Attention({ score: new AdditiveScore(sizes, key), read: pointing });
}

/**
 * Only the item whose key is nearest to a map of the query: hard attention without drawing. By default it learns with the gradient of
 * softmax; with `selection: highest` it has no gradient, with `hard` that of REINFORCE.
 */
export function nearestKey(sizes: AttentionSizes, key: Key, options: { selection?: Selection | undefined } = {}): Attention {
  expectNames('nearestKey', options, { selection: 1 });
  return new Attention({ score: new DistanceScore(sizes, key), selection: options.selection ?? highestStraightThrough });
}

/**
 * Raffel et al. 2017: from key to key, never back. It trains in expectation, with normal `noise` if a random key is given; `hard` decodes
 * key by key and has no gradient to the scores. Both have the same parameters, so one loads what the other learned.
 */
export function monotonic(
  sizes: AttentionSizes,
  key: Key,
  options: { hard?: boolean | undefined; noise?: number | undefined; offset?: number | undefined } = {},
): Attention {
  expectOptions('monotonic', options, { hard: maybe(isFlag), noise: maybe(isNumber), offset: maybe(isNumber) });
  const { hard = false, noise = 1, offset = -1 } = options;
  return new Attention({
    score: new MonotonicScore({ ...sizes, offset }, key),
    selection: hard ? monotonicHard : monotonicSoft({ noise }),
  });
}
