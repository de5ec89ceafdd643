// The formulas of language models.
import { rmsNorm } from './betweens.ts';
import { tokensOf } from './models.ts';
import type { Equation } from './modules.ts';
import { at, dot, range } from './plain.ts';
import { geluTanh, languageModel, relu, reluSquared, rotary, silu } from './transformer.ts';

const [S, SYMBOLS] = [5, 7];

export const languageEquations: Record<string, Equation> = {
  LanguageModel: (w, e) => languageModel(w, tokensOf(e, S, SYMBOLS, 1), { layers: 2, heads: 2 }).flat(),
  'LanguageModel: as LLaMA': (w, e) =>
    languageModel(w, tokensOf(e, S, SYMBOLS, 1), {
      ...{ layers: 2, heads: 2, keyHeads: 1, window: 2, times: 1.5, cap: 3 },
      ...{ norm: (own, x) => rmsNorm(x, 1e-4, own.vector('weight')), turn: rotary, bend: silu },
    }).flat(),
  'LanguageModel: ALiBi': (w, e) =>
    languageModel(w, tokensOf(e, S, SYMBOLS, 1), {
      ...{ layers: 1, heads: 3, first: false, bend: reluSquared },
      bias: (head, t, s) => (s - t) * ([1 / 16, 1 / 256, 1 / 4][head] as number),
    }).flat(),
  'LanguageModel: buckets': (w, e) =>
    languageModel(w, tokensOf(e, S, SYMBOLS, 1), {
      ...{ layers: 1, heads: 2, bend: relu },
      bias: (head, t, s) => at(at(w.matrix('distances.weight'), t - s), head), // each distance below 16 has a bucket of its own
    }).flat(),
  'LanguageModel: relative': (w, e) =>
    languageModel(w, tokensOf(e, S, SYMBOLS, 1), {
      ...{ layers: 1, heads: 2, scale: 0.4, window: 3 },
      far: {
        score: (q, t, s) => dot(q, at(w.matrix('distances.keys'), 16 + s - t)) * 0.4, // all keys are nearer than 16
        value: (t, s) => at(w.matrix('distances.values'), 16 + s - t),
      },
    }).flat(),
  'LanguageModel: sinusoidal': (w, e) =>
    languageModel(w, tokensOf(e, S, SYMBOLS, 1), {
      ...{ layers: 1, heads: 2, scale: 0.3, bend: geluTanh },
      placed: (t, size) => range(size).map((i) => Math.fround((i % 2 === 0 ? Math.sin : Math.cos)(t * 10000 ** (-(i - (i % 2)) / size)))),
    }).flat(),
};
