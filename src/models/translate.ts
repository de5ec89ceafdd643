import { noGrad } from '../autograd/record.ts';
import type { State } from '../nn/state.ts';
import { scope } from '../tensor/scope.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';
import { type BeamOptions, beamSearch, type DecodeStep, type Hypothesis } from './decode.ts';
import { expectTokens, type Specials } from './tokens.ts';

/** How to decode. The defaults are greedy search for at most twice the source's length and 10 steps more. */
export type TranslateOptions = Partial<Pick<BeamOptions, 'beam' | 'nBest' | 'lengthPenalty' | 'maxLength'>>;

/** What decoding gives. */
export interface Translation {
  /** The best target of each row, without start and end. */
  tokens: number[][];
  /** Log-probability of each, under the length penalty. */
  scores: number[];
  /** The alignment `[B, T, S]`, T the longest target, 0 beyond a target's end; `null` where the model has no attention. */
  weights: Tensor | null;
  /** The `nBest` best of each row, best first. */
  hypotheses: Hypothesis[][];
}

/** Runs beam search over a model: `start` encodes the source and gives the state and the step. */
export function translate<S extends State>(
  source: Tensor,
  specials: Required<Specials>,
  options: TranslateOptions,
  start: () => { state: S; step: DecodeStep<S> },
): Translation {
  expectTokens('translate', 'source', source);
  const [batch = 0, length = 0] = source.shape;
  return scope(() =>
    noGrad(() => {
      const { state, step } = start();
      const search = { batch, start: specials.start, end: specials.end, maxLength: 2 * length + 10, ...options };
      const hypotheses = beamSearch(step, state, search);
      const best = hypotheses.map(([first]) => first as Hypothesis);
      return {
        tokens: best.map(({ tokens }) => tokens),
        scores: best.map(({ score }) => score),
        weights: alignment(best, length),
        hypotheses,
      };
    }),
  );
}

/** The traces of the hypotheses as one tensor `[B, T, S]`. */
function alignment(best: Hypothesis[], length: number): Tensor | null {
  const longest = Math.max(0, ...best.map(({ trace }) => trace.length));
  if (longest === 0) return null;
  const weights = empty([best.length, longest, length]);
  const view = weights.view().fill(0);
  best.forEach(({ trace }, b) => trace.forEach((row, t) => view.set(row, (b * longest + t) * length)));
  return weights;
}
