// The rules of searches again in float64, for a language whose sentences can be enumerated: what may be written, and how likely it is.
import { at, dice, logSoftmax, range, softmax, type Vector } from '../equations/plain.ts';
import { END, type Language, type Sentence, SYMBOLS } from '../models/language.ts';

export interface Rules {
  maxLength: number;
  never: readonly number[];
  minLength: number;
  noRepeatNgram: number;
  prefix: readonly number[];
  repetitionPenalty: number;
  lengthPenalty: number;
  coveragePenalty: number;
  /** Tokens may not follow themselves. */
  stutters: boolean;
}

export const free: Rules = {
  maxLength: 4,
  never: [],
  minLength: 0,
  noRepeatNgram: 0,
  prefix: [],
  repetitionPenalty: 1,
  lengthPenalty: 0,
  coveragePenalty: 0,
  stutters: true,
};

/** The probabilities after a text, and the tokens that may be written. */
export interface Choice {
  logits: Vector;
  logProbabilities: Vector;
  may: readonly boolean[];
}

/** Whether the last n tokens of `text` occur in it earlier. */
const repeats = (text: Vector, n: number): boolean => {
  const grams = range(text.length - n + 1).map((i) => text.slice(i, i + n).join());
  return grams.slice(0, -1).includes(at(grams, -1));
};

export function choiceOf(language: Language, row: number, text: Vector, rules: Rules): Choice {
  const penalty = rules.repetitionPenalty;
  const logits = language(row, text).map((x, token) => (text.includes(token) ? (x > 0 ? x / penalty : x * penalty) : x));
  const given = rules.prefix[text.length];
  const may = logits.map((logit, token) => {
    if (logit === Number.NEGATIVE_INFINITY) return false;
    if (given !== undefined) return token === given;
    if (rules.never.includes(token) || (token === END && text.length < rules.minLength)) return false;
    if (!rules.stutters && token === text.at(-1)) return false;
    const n = rules.noRepeatNgram;
    return !(n > 0 && token !== END && text.length >= n && repeats([...text, token], n));
  });
  return { logits, logProbabilities: logSoftmax(logits), may };
}

/** The weights of a step: shares of three places, the last of which is padding in rows other than 0. */
export const looks: Language = (row, before) => {
  const next = dice(before.reduce((hash, token) => (hash * 17 + token + 1) % 9_973, row + 3));
  const shares = softmax([6 * next(), 6 * next()]);
  return row === 0 ? [...shares.map((x) => x * 0.75), 0.25] : [...shares, 0];
};

const real = (row: number): number[] => (row === 0 ? [0, 1, 2] : [0, 1]);

export const coverageRows = (batch: number): boolean[][] => range(batch).map((row) => range(3).map((i) => real(row).includes(i)));

/** Wu et al. 2016, eq. 14 and 15, for a sentence whose steps wrote `text` and, if it ended, the end. */
export function scoreOf(row: number, text: Vector, ended: boolean, logProbability: number, rules: Rules): number {
  const steps = text.length + Number(ended);
  const shares = range(steps).map((j) => looks(row, text.slice(0, j)));
  const covered = real(row).reduce(
    (sum, i) =>
      sum +
      Math.log(
        Math.min(
          shares.reduce((all, share) => all + at(share, i), 0),
          1,
        ),
      ),
    0,
  );
  return logProbability / ((5 + steps) / 6) ** rules.lengthPenalty + rules.coveragePenalty * covered;
}

/** Every sentence of a row, best first. */
export function sentences(language: Language, row: number, rules: Rules): Sentence[] {
  const found: Sentence[] = [];
  const visit = (tokens: number[], before: number) => {
    const { logProbabilities, may } = choiceOf(language, row, tokens, rules);
    for (const token of range(SYMBOLS).filter((x) => may[x])) {
      const logProbability = before + at(logProbabilities, token);
      const ended = token === END;
      const text = ended ? tokens : [...tokens, token];
      if (!ended && text.length < rules.maxLength) visit(text, logProbability);
      else found.push({ tokens: text, logProbability, score: scoreOf(row, text, ended, logProbability, rules), ended });
    }
  };
  visit([], 0);
  return found.sort((a, b) => b.score - a.score);
}

/** Beam search by its definition; `null` if no hypothesis is left and none was found. */
export function beamOf(language: Language, row: number, rules: Rules, beam: number, nBest: number): Sentence[] | null {
  let alive = [{ tokens: [] as number[], logProbability: 0 }];
  const done: Sentence[] = [];
  for (let step = 1; step <= rules.maxLength && alive.length > 0; step++) {
    const all = alive.flatMap(({ tokens, logProbability }) => {
      const { logProbabilities, may } = choiceOf(language, row, tokens, rules);
      const open = range(SYMBOLS).filter((token) => may[token]);
      return open.map((token) => ({ tokens, token, logProbability: logProbability + at(logProbabilities, token) }));
    });
    alive = [];
    for (const { tokens, token, logProbability } of all.sort((a, b) => b.logProbability - a.logProbability).slice(0, beam)) {
      const ended = token === END;
      const text = ended ? tokens : [...tokens, token];
      if (ended || step === rules.maxLength) {
        done.push({ tokens: text, logProbability, score: scoreOf(row, text, ended, logProbability, rules), ended });
      } else alive.push({ tokens: text, logProbability });
    }
    if (alive.length === 0 && done.length === 0) return null;
  }
  return done.sort((a, b) => b.score - a.score).slice(0, nBest);
}

/** How tokens are drawn. */
export interface Heat {
  temperature: number;
  topK: number;
  topP: number;
}

/** The probability of drawing each token: softmax at a temperature over the allowed tokens, the k likeliest, and the fewest with mass p. */
export function drawOf({ logits, may }: Pick<Choice, 'logits' | 'may'>, { temperature, topK, topP }: Heat): number[] {
  const open = range(logits.length).filter((token) => may[token]);
  const order = open.sort((a, b) => at(logits, b) - at(logits, a) || a - b).slice(0, topK);
  if (order.length === 0) return [];
  const share = softmax(order.map((token) => at(logits, token) / temperature));
  let [kept, mass] = [0, 0];
  while (kept < order.length && mass < topP) mass += at(share, kept++);
  return logits.map((_, token) => {
    const place = order.indexOf(token);
    return place >= 0 && place < kept ? at(share, place) / mass : 0;
  });
}

/** Every sentence that may be drawn, as text, with its probability; `null` if nothing may follow some text. */
export function drawn(language: Language, row: number, rules: Rules, heat: Heat): Map<string, number> | null {
  const found = new Map<string, number>();
  let stuck = false;
  const visit = (tokens: number[], before: number) => {
    const shares = drawOf(choiceOf(language, row, tokens, rules), heat);
    stuck ||= shares.length === 0;
    for (const [token, share] of shares.entries()) {
      if (share === 0) continue;
      const text = [...tokens, token];
      if (token === END || text.length === rules.maxLength) found.set(text.join(' '), before * share);
      else visit(text, before * share);
    }
  };
  visit([], 1);
  return stuck ? null : found;
}
