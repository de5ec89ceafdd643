// Characters of Shakespeare: a recurrent core that attends to its own past states, compared with a plain one of equal size.
import { readFileSync } from 'node:fs';
import {
  Adam,
  cosineSchedule,
  crossEntropy,
  Embedding,
  foldIn,
  type Key,
  key,
  Linear,
  LSTM,
  Module,
  noGrad,
  parameters,
  scope,
  split,
  type Tensor,
  tensor,
} from 'saccade';
import { IntraAttention } from 'saccade/attention';
import { parameterCount } from 'saccade/nn';
import { randomInt } from 'saccade/tensor';
import { linesSvg } from '../../runner/chart.ts';
import type { Context, Finished, Point, Recipe } from '../../runner/recipe.ts';

type Kind = 'intra' | 'plain';

interface Settings {
  kind: Kind;
  key: number;
}

interface Outcome {
  /** Bits per character of the held-out text. */
  bits: number;
  /** The same by the character's position in its passage, as means over runs of 8. */
  byPlace: number[];
  parameters: number;
  points: Point[];
  /** Bits per character of count models of the training text, by their order. */
  counted: number[];
}

/** Sizes and training of a model. */
interface Teaching {
  embedding: number;
  /** Width of the core with attention; that of the plain core follows from the number of parameters. */
  hidden: number;
  score: number;
  /** Characters in a passage; each passage begins from the initial state. */
  passage: number;
  batch: number;
  steps: number;
  lr: number;
  warmup: number;
}

const usual: Teaching = { embedding: 48, hidden: 112, score: 48, passage: 128, batch: 32, steps: 2500, lr: 5e-3, warmup: 100 };
const small: Teaching = { embedding: 24, hidden: 32, score: 32, passage: 48, batch: 32, steps: 400, lr: 1.5e-2, warmup: 20 };

/** Reads characters and predicts the next one at each place. */
class Reader extends Module {
  readonly embedding: Embedding;
  readonly core: IntraAttention | LSTM;
  readonly output: Linear;

  constructor(symbols: number, how: Teaching, kind: Kind, from: Key) {
    super();
    const [forEmbedding, forCore, forOutput] = split(from, 3);
    const { embedding: input, hidden, score, passage } = how;
    this.embedding = new Embedding({ symbols, size: input }, forEmbedding);
    this.core =
      kind === 'intra'
        ? new IntraAttention({ input, hidden, score, window: passage }, forCore)
        : new LSTM({ input, hidden: plainWidth(symbols, how) }, forCore);
    this.output = new Linear({ input: this.core.hidden, output: symbols }, forOutput);
  }

  /** Maps int32 `[B, T]` to logits `[B, T, symbols]`. */
  forward(text: Tensor): Tensor {
    return this.output.forward(this.core.forward(this.embedding.forward(text)).output);
  }
}

/** Number of parameters, with the output, of an LSTM of a given width and of the core with attention. */
const plainSize = (symbols: number, input: number, width: number) => 4 * width * (input + width + 2) + (width + 1) * symbols;
const intraSize = (symbols: number, { embedding, hidden, score }: Teaching) =>
  plainSize(symbols, embedding, hidden) + 2 * score * hidden + 2 * score + 2 * hidden * hidden;

/** The smallest width with which a plain core has at least as many parameters. */
function plainWidth(symbols: number, how: Teaching): number {
  let width = how.hidden;
  while (plainSize(symbols, how.embedding, width) < intraSize(symbols, how)) width++;
  return width;
}

/** The text as numbers, for training and held out. */
interface Corpus {
  symbols: number;
  train: Int32Array;
  held: Int32Array;
}

/** Holds out the last tenth. */
function corpusOf(text: string): Corpus {
  const letters = [...new Set(text)].sort();
  const numbers = new Map(letters.map((letter, i) => [letter, i]));
  const all = Int32Array.from(text, (letter) => numbers.get(letter) as number);
  const end = Math.floor(0.9 * all.length);
  return { symbols: letters.length, train: all.subarray(0, end), held: all.subarray(end) };
}

/** Generates talk in which names of four letters occur twice, so that the second occurrence can be predicted. */
function invented(lines: number): string {
  const line = (i: number) => {
    const name = Array.from({ length: 4 }, (_, n) => 'abcdefghijklmnop'[randomInt(foldIn(key(41), i), n, 16)]).join('');
    return `(${name}) is ${name}. `;
  };
  return Array.from({ length: lines }, (_, i) => line(i)).join('');
}

const corpusFor = (context: Context) =>
  corpusOf(context.quick ? invented(3000) : readFileSync(context.path('tinyshakespeare.txt'), 'utf8'));

/** Passages of a text from given places: `[B, T]`, with the characters that follow each. */
function passages(text: Int32Array, starts: readonly number[], length: number): { input: Tensor; target: Tensor } {
  const cut = (shift: number) =>
    tensor(Int32Array.from(starts.flatMap((start) => Array.from(text.subarray(start + shift, start + shift + length)))), {
      shape: [starts.length, length],
    });
  return { input: cut(0), target: cut(1) };
}

/** Loss in nats over the held-out text, cut into passages without overlap: sums by place, and the number of passages. */
function lossByPlace(model: Reader, { held }: Corpus, length: number): { sums: Float64Array; passages: number } {
  const starts = Array.from({ length: Math.floor((held.length - 1) / length) }, (_, i) => i * length);
  const sums = new Float64Array(length);
  for (let at = 0; at < starts.length; at += 64) {
    scope(() =>
      noGrad(() => {
        const { input, target } = passages(held, starts.slice(at, at + 64), length);
        const losses = crossEntropy(model.forward(input), target, { reduction: 'none' }).toArray();
        losses.forEach((loss, i) => {
          sums[i % length] = (sums[i % length] as number) + loss;
        });
      }),
    );
  }
  return { sums, passages: starts.length };
}

const bitsOf = (sums: Float64Array, passages: number) => sums.reduce((a, b) => a + b, 0) / (sums.length * passages * Math.LN2);

/**
 * Bits per character of a count model: each context of up to `order − 1` characters is mixed with the next shorter one, weighted by the
 * number of different characters seen after it (Witten and Bell 1991); the empty context with the uniform distribution.
 */
function countedBits({ symbols, train, held }: Corpus, order: number): number {
  const tables = Array.from({ length: order }, () => new Map<string, Map<number, number>>());
  const context = (text: Int32Array, at: number, n: number) => String.fromCharCode(...text.subarray(at - n, at));
  for (let at = order; at < train.length; at++) {
    tables.forEach((table, n) => {
      const name = context(train, at, n);
      const seen = table.get(name) ?? new Map<number, number>();
      if (seen.size === 0) table.set(name, seen);
      seen.set(train[at] as number, (seen.get(train[at] as number) ?? 0) + 1);
    });
  }
  const totals = tables.map((table) => new Map([...table].map(([name, seen]) => [name, [...seen.values()].reduce((a, b) => a + b)])));
  let bits = 0;
  for (let at = order; at < held.length; at++) {
    let p = 1 / symbols;
    tables.forEach((table, n) => {
      const name = context(held, at, n);
      const seen = table.get(name);
      if (!seen) return;
      const total = totals[n]?.get(name) as number;
      p = ((seen.get(held[at] as number) ?? 0) + seen.size * p) / (total + seen.size);
    });
    bits -= Math.log2(p);
  }
  return bits / (held.length - order);
}

async function learn({ kind, key: number }: Settings, context: Context): Promise<Outcome> {
  const how = context.quick ? small : usual;
  const corpus = corpusFor(context);
  const model = new Reader(corpus.symbols, how, kind, foldIn(key(42), number));
  const { passage, batch, steps, lr, warmup } = how;
  const points = await context.train({
    model,
    optimizer: new Adam(parameters(model), { lr }),
    key: foldIn(key(43), number),
    *batches(_epoch: number, from: Key) {
      for (let n = 0; n < 100; n++) {
        const own = foldIn(from, n);
        const starts = Array.from({ length: batch }, (_, i) => randomInt(own, i, corpus.train.length - passage));
        yield passages(corpus.train, starts, passage);
      }
    },
    loss: ({ input, target }) => crossEntropy(model.forward(input), target),
    steps,
    schedule: cosineSchedule(lr, { steps, warmup }),
    clip: 1,
  });
  const { sums, passages: count } = lossByPlace(model, corpus, passage);
  const byPlace = Array.from({ length: passage / 8 }, (_, i) => bitsOf(sums.slice(8 * i, 8 * i + 8), count));
  const counted = kind === 'plain' && number === 0 ? [1, 2, 3, 4, 5, 6].map((order) => countedBits(corpus, order)) : [];
  return { bits: bitsOf(sums, count), byPlace, parameters: parameterCount(model), points, counted };
}

const titles: Record<Kind, string> = { intra: 'LSTM that attends to its past', plain: 'plain LSTM' };
const kinds = Object.keys(titles) as Kind[];
const runsOf = (finished: readonly Finished<Settings, Outcome>[], kind: Kind) =>
  finished.filter(({ settings }) => settings.kind === kind).map(({ outcome }) => outcome);
const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

export const intra: Recipe<Settings, Outcome> = {
  name: 'intra',
  shows:
    'Characters of Shakespeare, each from those before it in a passage of 128: attention to own past states against a plain core of equal size.',
  papers: ['Cheng, Dong and Lapata 2016', 'Daniluk et al. 2017'],
  data: { folder: 'text', files: ['tinyshakespeare.txt'], source: 'github.com/karpathy/char-rnn' },
  keys: 3,
  jobs: ({ keys }) =>
    Array.from({ length: keys }, (_, key) => kinds.map((kind) => ({ name: `${kind}-${key}`, settings: { kind, key } }))).flat(),
  job: learn,
  rows: (finished) => {
    const runs = kinds.map((kind) => runsOf(finished, kind));
    const [ours = [], plain = []] = runs;
    const counted = plain.flatMap((run) => run.counted);
    const best = Math.min(...counted);
    return [
      ...kinds.map((kind, i) => ({
        figure: `bits a character, ${titles[kind]}, ${((runs[i]?.[0]?.parameters ?? 0) / 1e3).toFixed(0)} k parameters`,
        ours: (runs[i] ?? []).map(({ bits }) => bits),
        digits: 3,
        ...(counted.length > 0 ? { baseline: `${best.toFixed(3)}, counts of up to ${counted.indexOf(best) + 1} characters` } : {}),
      })),
      {
        figure: 'gain of attention, bits a character',
        ours: ours.map(({ bits }, i) => (plain[i]?.bits ?? Number.NaN) - bits),
        digits: 3,
        target: { atLeast: 0.01 },
      },
    ];
  },
  pictures: async (finished) => ({
    'by-place': await linesSvg(
      kinds.map((kind) => {
        const runs = runsOf(finished, kind);
        const places = runs[0]?.byPlace.length ?? 0;
        const points = Array.from({ length: places }, (_, i): [number, number] => [
          8 * i + 4,
          average(runs.map((run) => run.byPlace[i] ?? 0)),
        ]);
        return { name: titles[kind], points };
      }),
      { x: 'place in the passage', y: 'bits a character' },
    ),
    loss: await linesSvg(
      kinds.map((kind) => ({
        name: titles[kind],
        points: (runsOf(finished, kind)[0]?.points ?? []).map(({ step, loss }): [number, number] => [step, loss / Math.LN2]),
      })),
      { x: 'step', y: 'bits a character' },
    ),
  }),
};
