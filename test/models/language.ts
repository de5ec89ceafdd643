// A small language for decoders, with every sentence of it enumerated in float64.
import type { BeamOptions } from '../../src/decode/beam.ts';
import type { Decoder } from '../../src/decode/decoder.ts';
import type { SearchOptions } from '../../src/decode/options.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { persist } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { dice, logSoftmax } from '../equations/plain.ts';

export const SYMBOLS = 4; // 0 and 3 are ordinary, 1 starts, 2 ends
export const END = 2;

/** The logits of row `row`'s next token after `before` (the start left out). */
export type Language = (row: number, before: readonly number[]) => number[];

/** Logits drawn from a seed for each beginning; from only `levels` values if given, so that there are ties. */
export const drawn =
  (seed: number, levels?: number): Language =>
  (row, before) => {
    const next = dice(before.reduce((hash, token) => (hash * 31 + token + 1) % 1_000_003, seed * 100 + row));
    return Array.from({ length: SYMBOLS }, () => (levels ? Math.floor(levels * next()) : 5 * next()));
  };

type Source = { row: Tensor };
type Text = { text: { before: Tensor; length: Tensor } };

/** The trace of a step: row, and tokens before. */
const placeOf: Language = (row, before) => [row, before.length];

/** A decoder of a language: its source holds the row, its state everything written. Its trace is `look`. */
export function speaker(
  language: Language,
  batch: number,
  look: Language = placeOf,
): { decoder: Decoder<Source, Text>; source: () => Source } {
  const room = 12;
  const decoder: Decoder<Source, Text> = {
    initialState: ({ row }) => ({ text: { before: zeros([row.size, room], 'int32'), length: zeros([row.size], 'int32') } }),
    step: (tokens, { row }, { text }) => {
      const rows = Array.from(row.toArray());
      const lengths = Array.from(text.length.toArray());
      const [known, last] = [text.before.toArray(), tokens.toArray()];
      const texts = rows.map((_, i) => [...known.subarray(i * room, i * room + (lengths[i] as number)), last[i] as number].slice(0, room));
      const padded = texts.flatMap((known) => [...known, ...new Array<number>(room - known.length).fill(0)]);
      const before = tensor(Int32Array.from(padded), { shape: [rows.length, room] });
      const said = texts.map((known, i) => language(rows[i] as number, known.slice(1)));
      return {
        logits: tensor(said),
        state: { text: { before, length: tensor(Int32Array.from(lengths, (n) => n + 1)) } },
        trace: tensor(texts.map((known, i) => look(rows[i] as number, known.slice(1)))),
      };
    },
  };
  return { decoder, source: () => ({ row: persist(tensor(Int32Array.from({ length: batch }, (_, i) => i))) }) };
}

export interface Sentence {
  tokens: number[];
  logProbability: number;
  score: number;
  ended: boolean;
}

/** Every sentence of row `row` with its score, best first. */
export function sentences(
  language: Language,
  row: number,
  { maxLength, lengthPenalty = 0, never = [] }: Omit<BeamOptions, 'batch'>,
): Sentence[] {
  const found: Sentence[] = [];
  const visit = (tokens: number[], before: number) => {
    logSoftmax(language(row, tokens)).forEach((logP, token) => {
      const logProbability = before + logP;
      if (never.includes(token) || logProbability === Number.NEGATIVE_INFINITY) return;
      const length = tokens.length + 1;
      const score = logProbability / ((5 + length) / 6) ** lengthPenalty;
      if (token === END) found.push({ tokens, logProbability, score, ended: true });
      else if (length === maxLength) found.push({ tokens: [...tokens, token], logProbability, score, ended: false });
      else visit([...tokens, token], logProbability);
    });
  };
  visit([], 0);
  return found.sort((a, b) => b.score - a.score);
}

export const base: SearchOptions = { batch: 3, start: 1, end: END, maxLength: 4 };

/** Beam search as its definition has it, every continuation of a step sorted: the best hypotheses of row `row`. */
export function beamOf(
  language: Language,
  row: number,
  { beam = 1, nBest = 1, maxLength, never = [], lengthPenalty = 0 }: BeamOptions,
): Sentence[] {
  let alive = [{ tokens: [] as number[], logProbability: 0 }];
  const done: Sentence[] = [];
  for (let length = 1; length <= maxLength && alive.length > 0; length++) {
    const all = alive.flatMap(({ tokens, logProbability }) =>
      logSoftmax(language(row, tokens)).map((logP, token) => ({ tokens, token, logProbability: logProbability + logP })),
    );
    const possible = all.filter(({ token, logProbability }) => !never.includes(token) && logProbability > Number.NEGATIVE_INFINITY);
    const best = possible.sort((a, b) => b.logProbability - a.logProbability).slice(0, beam);
    alive = [];
    for (const { tokens, token, logProbability } of best) {
      const text = token === END ? tokens : [...tokens, token];
      if (token !== END && length < maxLength) alive.push({ tokens: text, logProbability });
      else done.push({ tokens: text, logProbability, score: logProbability / ((5 + length) / 6) ** lengthPenalty, ended: token === END });
    }
  }
  return done.sort((a, b) => b.score - a.score).slice(0, nBest);
}
