// How models of sources and targets decode.

import { noGrad } from '../../autograd/record.ts';
import { beamSearchAs, type Ranking, ranking } from '../../decode/beam.ts';
import type { Decoder, Hypothesis } from '../../decode/decoder.ts';
import { controls, type GenerateControls } from '../../decode/generate.ts';
import { type SearchOptions, type WritingOptions, writing } from '../../decode/options.ts';
import { type Drawing, drawing, type SampleOptions, sampleAs } from '../../decode/sample.ts';
import type { State } from '../../nn/state.ts';
import { expectOptions, isSize, maybe, type Rules } from '../../tensor/check.ts';
import { scope } from '../../tensor/scope.ts';
import type { Shape } from '../../tensor/shape.ts';
import { empty, type Tensor } from '../../tensor/tensor.ts';
import { expectTokens, type Specials, tokenMask } from '../tokens.ts';

/**
 * Options of decoding. The default is greedy search for at most twice the source's length plus 10 steps. The coverage penalty counts the
 * places of the source that are not padding.
 */
export interface TranslateOptions extends Partial<WritingOptions>, Omit<Ranking, 'coverageMask'> {
  /** Draws instead of searching. `hypotheses` are the samples in order, `tokens` those of the first. */
  sample?: (Drawing & Pick<SampleOptions, 'samples'>) | undefined;
}

/** Options of step-by-step writing, which is greedy, or draws if a key is given. */
export interface ModelGenerateOptions extends Partial<WritingOptions>, Partial<Drawing>, GenerateControls {}

/** The result of decoding. */
export interface Translation {
  /** The best target of each row, without start and end. */
  tokens: number[][];
  /** Log-probability of each, including the penalties. */
  scores: number[];
  /**
   * The alignment `[B, T, S]` (with heads `[B, H, T, S]`), T the longest target, 0 after a target's end; `null` if the model has no
   * attention or the batch no row.
   */
  weights: Tensor | null;
  /** The `nBest` best hypotheses of each row, best first. */
  hypotheses: Hypothesis[][];
}

const writes: Rules<Partial<WritingOptions>> = { ...writing, maxLength: /* @__PURE__ */ maybe(isSize) };

const { coverageMask: _, ...ranks } = ranking;

const draws: Rules<NonNullable<TranslateOptions['sample']>> = { ...drawing, samples: /* @__PURE__ */ maybe(isSize) };

const translating: Rules<TranslateOptions> = {
  ...ranks,
  ...writes,
  sample: /* @__PURE__ */ maybe((op, name, value) => expectOptions(`${op} ${name}`, value as Drawing, draws)),
};

/** The rules of these options. */
export const generating: Rules<ModelGenerateOptions> = { ...writes, ...drawing, key: /* @__PURE__ */ maybe(drawing.key), ...controls };

/** A model that decodes, and its special tokens. */
export interface Translator<Source extends State, S extends State> {
  model: Decoder<Source, S> & { read(source: Tensor): Source };
  specials: Required<Specials>;
  never: readonly number[];
  /** The most tokens of a target. */
  longest: number;
}

/** The options of a search over a model and a source. */
export function searchOf(
  { specials, never, longest }: Omit<Translator<State, State>, 'model'>,
  source: Tensor,
  maxLength: number | undefined,
): Pick<SearchOptions, 'batch' | 'start' | 'end' | 'never' | 'maxLength'> {
  const [batch = 0, length = 0] = source.shape;
  return { batch, start: specials.start, end: specials.end, never, maxLength: Math.min(maxLength ?? 2 * length + 10, longest) };
}

/** Decodes the source (int32 `[B, S]`). */
export function translated<Source extends State, S extends State>(
  by: Translator<Source, S>,
  source: Tensor,
  options: TranslateOptions,
): Translation {
  expectOptions('translate', options, translating);
  expectTokens('translate', 'source', source);
  return scope(() =>
    noGrad(() => {
      let seen: Shape = [];
      const decoder: Decoder<Source, S> = {
        initialState: (read) => by.model.initialState(read),
        step: (...given) => {
          const step = by.model.step(...given);
          seen = step.trace?.shape.slice(1) ?? [];
          return step;
        },
      };
      const hypotheses = decoded(decoder, by, source, options);
      const best = hypotheses.map(([first]) => first as Hypothesis);
      return {
        tokens: best.map(({ tokens }) => tokens),
        scores: best.map(({ score }) => score),
        weights: alignment(best, seen),
        hypotheses,
      };
    }),
  );
}

function decoded<Source extends State, S extends State>(
  decoder: Decoder<Source, S>,
  by: Translator<Source, S>,
  source: Tensor,
  { sample: how, ...options }: TranslateOptions,
): Hypothesis[][] {
  const search = { ...options, ...searchOf(by, source, options.maxLength) };
  const read = by.model.read(source);
  if (!how) {
    const penalised = options.coveragePenalty ? { coverageMask: tokenMask(source, by.specials.pad) } : {};
    return beamSearchAs('translate', decoder, read, { ...search, ...penalised });
  }
  const ranked = Object.keys(ranks).find((name) => options[name as keyof typeof options] !== undefined);
  if (ranked) throw new RangeError(`translate: ${ranked} must not be given with sample, got both`);
  const { beam: _beam, nBest: _nBest, lengthPenalty: _length, coveragePenalty: _coverage, ...writing } = search;
  return sampleAs('translate', decoder, read, { ...writing, ...how });
}

/** Stacks the traces of the hypotheses, each `[S]` or `[H, S]`, as one tensor `[B, T, S]` or `[B, H, T, S]`. */
export function alignment(best: Hypothesis[], shape: Shape): Tensor | null {
  const [length = 0, heads = 1] = shape.toReversed();
  const longest = best.reduce((most, { trace }) => Math.max(most, trace.length), 0);
  if (shape.length === 0) return null;
  const weights = empty([best.length, ...(heads > 1 ? [heads] : []), longest, length]);
  const view = weights.view().fill(0);
  best.forEach(({ trace }, b) => {
    for (const [t, row] of trace.entries()) {
      for (let h = 0; h < heads; h++) view.set(row.subarray(h * length, (h + 1) * length), ((b * heads + h) * longest + t) * length);
    }
  });
  return weights;
}
