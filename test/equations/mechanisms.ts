// The formula of every mechanism of `test/attention/mechanisms.ts`, by name.
import {
  attention,
  biased,
  chosenItem,
  combined,
  coverage,
  distant,
  hard,
  highest,
  type Look,
  localMonotonic,
  localPredictive,
  masked,
  monotonicHard,
  monotonicSoft,
  multiHead,
  pointing,
  type Read,
  related,
  type Selection,
  score,
  sliding,
  soft,
  sparse,
  valued,
  type Window,
} from './attention.ts';
import { bucketOf } from './betweens.ts';
import { at } from './plain.ts';
import type { Weights } from './weights.ts';

type Make = (w: Weights) => Look;

/** A score by name with other parts. */
const of =
  (name: string, parts: { window?: (w: Weights) => Window; selection?: Selection; read?: Read } = {}): Make =>
  (w) => {
    const { window, ...rest } = parts;
    return attention({ score: score(name, w.within('score')), ...rest, ...(window && { window: window(w.within('window')) }) });
  };

/** The additive score under one window. */
const under = (window: Window) => of('additive', { window: () => window });

const names = { location: 'location', dot: 'dot', general: 'general', concat: 'additive' };
const windows = { global: undefined, 'local-m': () => localMonotonic(2), 'local-p': (w: Weights) => localPredictive(w, 2) };

const luongs = Object.entries(windows).flatMap(([place, window]) =>
  Object.entries(names).map(([name, formula]): [string, Make] => [`luong, ${place} ${name}`, of(formula, window && { window })]),
);

export const mechanismEquations: Record<string, Make> = {
  bahdanau: of('additive'),
  'softAttention, scaledDot': of('scaledDot'),
  ...Object.fromEntries(luongs),
  locationAware: of('locationAware'),
  'locationAware of the sum': of('locationAwareOfSum'),
  contentBased: of('cosine'),
  multiHead: (w) => multiHead(w, 3, attention({ score: score('scaledDot', w) })),
  'multiHead, locationAware, sliding, hard': (w) =>
    multiHead(
      w,
      2,
      attention({
        score: score('locationAware', w.within('attention.score')),
        window: sliding(4, Number.POSITIVE_INFINITY),
        selection: hard,
        read: chosenItem,
      }),
    ),
  'multiHead, dropout': (w) => multiHead(w, 2, attention({ score: score('scaledDot', w) })),
  pointer: of('additive', { read: pointing }),
  nearestKey: of('distance', { selection: highest }),
  'nearestKey, REINFORCE': of('distance', { selection: hard }),
  monotonic: of('monotonic', { selection: monotonicSoft }),
  'monotonic, hard': of('monotonic', { selection: monotonicHard }),
  'additive, everywhere': of('additive'),
  'additive, causal': under(sliding(Number.POSITIVE_INFINITY, 0)),
  'additive, sliding': under(sliding(2, 1)),
  'additive, masked': under(masked((t, s) => (t + s) % 3 !== 0)),
  'additive, biased': under(biased((t, s) => (t - s) / 4)),
  'additive, alibi': under(distant((d) => -0.25 * Math.abs(d))),
  'additive, DistanceBias': of('additive', { window: (w) => distant((d) => at(w.matrix('weight'), bucketOf(d))[0] as number) }),
  'additive, RelativePositions': of('additive', { window: (w) => related(w.matrix('keys'), 2) }),
  'additive, coverage': under(coverage(1.5)),
  'additive, localMonotonic': under(localMonotonic(1)),
  'additive, LocalPredictive': of('additive', { window: (w) => localPredictive(w, 2) }),
  'additive, CombinedWindow': of('additive', {
    window: (w) =>
      combined(
        localPredictive(w.within('windows.0'), 3),
        coverage(0.5),
        localPredictive(w.within('windows.2'), 4),
        sliding(Number.POSITIVE_INFINITY, 0),
      ),
  }),
  'additive, soft': of('additive'),
  'additive, tempered': of('additive', { selection: soft(0.5) }),
  'additive, sparse': of('additive', { selection: sparse }),
  'additive, hard': of('additive', { selection: hard }),
  'additive, highest': of('additive', { selection: highest }),
  'additive, exploring': of('additive', { selection: valued }),
  'additive, gumbelSoftmax': of('additive', { selection: soft(0.7) }),
  'additive, gumbelStraightThrough': of('additive', { selection: highest }),
  'additive, highestStraightThrough': of('additive', { selection: highest }),
  'additive, monotonicHard': of('additive', { selection: monotonicHard }),
  'additive, dropping': of('additive'),
  'additive, monotonicSoft': of('additive', { selection: monotonicSoft }),
  'additive, hard, weightedSum': of('additive', { selection: hard }),
  'additive, hard, chosenItem': of('additive', { selection: hard, read: chosenItem }),
  'additive, pointing': of('additive', { read: pointing }),
};
