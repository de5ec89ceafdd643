// Every head of a small translator, drawn: a Transformer learns to say a sequence backwards.
import { Adam, cosineSchedule, crossEntropy, foldIn, type Key, key, padBatch, parameters, type Tensor, tensor } from 'saccade';
import { Seq2SeqTransformer } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { type AlignmentPanel, alignmentsSvg } from 'saccade/plot';
import { reverseProblems, type SequenceProblem } from 'saccade/tasks';
import type { Context, Point, Recipe } from '../../runner/recipe.ts';

interface Settings {
  key: number;
}

/** Weights as plain rows: of each layer, each head. */
type Heads = number[][][][];

interface Outcome {
  parameters: number;
  curve: Point[];
  /** Shares of problems solved without an error: as long as in training, and twice as long. */
  exact: [usual: number, twice: number];
  source: number[];
  target: number[];
  encoder: Heads;
  self: Heads;
  cross: Heads;
}

const SYMBOLS = 10;
const usual = { size: 64, heads: 4, layers: 2, longest: 10, batch: 64, steps: 3000, lr: 2e-3 };
const small = { ...usual, size: 32, heads: 2, longest: 5, batch: 32, steps: 500, lr: 4e-3 };

const sourcesOf = (some: readonly SequenceProblem[]) => padBatch(some.map(({ source }) => source)).tokens;
const problems = (from: Key, count: number, minLength: number, maxLength: number) =>
  reverseProblems(from, { count, symbols: SYMBOLS, minLength, maxLength });

/** The share of `count` problems of one length that are solved exactly. */
function exactShare(model: Seq2SeqTransformer, length: number, count: number): number {
  const some = problems(foldIn(key(77), length), count, length, length);
  const { tokens } = model.translate(sourcesOf(some), { maxLength: length + 5 });
  return some.filter(({ target }, i) => [...(tokens[i] ?? []), 2].join() === target.join()).length / count;
}

/** The weights of one example `[1, H, T, S]` for each layer, rounded for a file. */
const headsOf = (layers: readonly Tensor[]): Heads =>
  layers.map((weights) => {
    const [, heads = 0, rows = 0, columns = 0] = weights.shape;
    const all = Array.from(weights.toArray(), (weight) => Math.round(1e4 * weight) / 1e4);
    const row = (h: number, t: number) => all.slice((h * rows + t) * columns, (h * rows + t + 1) * columns);
    return Array.from({ length: heads }, (_, h) => Array.from({ length: rows }, (_, t) => row(h, t)));
  });

async function job({ key: index }: Settings, context: Context): Promise<Outcome> {
  const { size, heads, layers, longest, batch, steps, lr } = context.quick ? small : usual;
  const sizes = { source: SYMBOLS + 3, target: SYMBOLS + 3, size, heads, layers, normFirst: true, length: 64 };
  const model = new Seq2SeqTransformer({ ...sizes, activation: 'gelu' }, foldIn(key(1), index));
  function* batches(_epoch: number, own: Key): Generator<SequenceProblem[]> {
    for (let i = 0; i < 100; i++) yield problems(foldIn(own, i), batch, 1, longest);
  }
  const curve = await context.train({
    model,
    optimizer: new Adam(parameters(model), { lr }),
    key: foldIn(key(2), index),
    batches,
    loss: (some, { key: own }) => {
      const target = padBatch(some.map((one) => one.target)).tokens;
      return crossEntropy(model.forward(sourcesOf(some), target, { key: own }), target, { ignoreIndex: 0 });
    },
    steps,
    schedule: cosineSchedule(lr, { steps, warmup: 100 }),
    clip: 1,
    evaluate: () => exactShare(model, longest, 200),
    every: Math.ceil(steps / 10),
  });
  const [{ source, target }] = problems(key(5), 1, longest - 2, longest - 2) as [SequenceProblem];
  const { weights } = model.look(tensor([source], { dtype: 'int32' }), tensor([target], { dtype: 'int32' }));
  return {
    parameters: parameterCount(model),
    curve,
    exact: [exactShare(model, longest, 1000), exactShare(model, 2 * longest, 1000)],
    ...{ source, target, encoder: headsOf(weights.encoder) },
    self: headsOf(weights.decoder.map((layer) => layer.self)),
    cross: headsOf(weights.decoder.map((layer) => layer.cross)),
  };
}

/** A panel for each head, a row of panels for each layer. */
function drawn(layers: Heads, rows: readonly string[], columns: readonly string[]): string {
  const panels = layers.flatMap((heads, layer) =>
    heads.map((weights, head): AlignmentPanel => ({ weights, rows, columns, title: `layer ${layer + 1}, head ${head + 1}` })),
  );
  return alignmentsSvg(panels, { columns: layers[0]?.length ?? 1 });
}

export const heads: Recipe<Settings, Outcome> = {
  name: 'heads',
  shows: 'Every head of a small Transformer that says sequences of ten symbols backwards.',
  papers: ['Vaswani et al. 2017'],
  jobs: ({ keys }) => Array.from({ length: keys }, (_, index) => ({ name: `transformer-${index}`, settings: { key: index } })),
  job,
  rows: (finished) =>
    ['exact, as long as in training', 'exact, twice as long'].map((figure, i) => ({
      figure,
      ours: finished.map(({ outcome }) => 100 * (outcome.exact[i] ?? 0)),
      unit: '%',
      digits: 1,
      ...(i === 0 && { target: { atLeast: 99 } }),
    })),
  pictures: ([first]) => {
    if (!first) return {};
    const { source, target, encoder, self, cross } = first.outcome;
    const letter = (token: number) => (token < 3 ? ['·', 'start', 'end'][token] : String.fromCharCode(62 + token)) as string;
    const read = source.map(letter); // A, B, C, …
    const fed = ['start', ...target.slice(0, -1).map(letter)];
    const written = target.map(letter);
    return { encoder: drawn(encoder, read, read), decoder: drawn(self, fed, fed), cross: drawn(cross, written, read) };
  },
};
