// How a Transformer learns SCAN's commands, and how many of others it follows.
import { bucketBatches, crossEntropy, foldIn, infer, type Key, key, padBatch, split, Vocabulary } from 'saccade';
import { CombinedWindow, causal, RelativePositions } from 'saccade/attention';
import { Seq2SeqTransformer } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { trapezoidSchedule } from 'saccade/train';
import { Nearest } from '../../runner/nearest.ts';
import type { Context, Point } from '../../runner/recipe.ts';
import { muonOptimizer, type Rates } from '../../shared/muon.ts';
import { allCommands, type Command, type Part, wordsOf } from './commands.ts';

export type Places = 'sinusoidal' | 'rotary' | 'relative';

/** A model's sizes and how it is taught. */
export interface Teaching extends Rates {
  size: number;
  heads: number;
  layers: number;
  steps: number;
  batch: number;
  warmup: number;
  /** The share of the steps over which the rates fall to 0. */
  fall: number;
}

/** What came of it. */
export interface Learnt {
  /** Percent of commands whose actions are all right, of each part that was asked for. */
  right: Partial<Record<Part, number>>;
  parameters: number;
  points: Point[];
}

type Asked = readonly (readonly [Part, readonly Command[]])[];

/** Percent of each part that is followed to the letter. */
function rightOf(asked: Asked, follow: (commands: readonly Command[]) => string[]): Learnt['right'] {
  const right = asked.map(([part, commands]): [Part, number] => {
    const ours = follow(commands);
    return [part, (100 * commands.filter(({ actions }, i) => actions.join(' ') === ours[i]).length) / commands.length];
  });
  return Object.fromEntries(right);
}

/** The actions of the closest command of the training part. */
export function remembered(train: readonly Command[], asked: Asked): Learnt {
  const memory = new Nearest<string, string>();
  for (const { command, actions } of train) memory.set(command, actions.join(' '));
  return { right: rightOf(asked, (commands) => commands.map(({ command }) => memory.get(command) ?? '')), parameters: 0, points: [] };
}

const SPECIALS = ['<pad>', '<bos>', '<eos>'];

/** Numbers for the words of commands and for actions. */
function vocabularies(): { words: Vocabulary; actions: Vocabulary } {
  const all = allCommands();
  const of = (lists: readonly string[][]) => new Vocabulary(wordsOf(lists), { specials: SPECIALS });
  return { words: of(all.map(({ command }) => command)), actions: of(all.map(({ actions }) => actions)) };
}

/** What a model does, greedily, by commands of like length together. */
function followedBy(
  model: Seq2SeqTransformer,
  commands: readonly Command[],
  { words, actions }: ReturnType<typeof vocabularies>,
): string[] {
  const order = Array.from(commands.keys()).sort((a, b) => (commands[a]?.actions.length ?? 0) - (commands[b]?.actions.length ?? 0));
  const done: string[] = [];
  for (let at = 0; at < order.length; at += 128) {
    const some = order.slice(at, at + 128);
    const source = padBatch(some.map((i) => words.encode(commands[i]?.command ?? []))).tokens;
    const { tokens } = infer(() => model.translate(source, { maxLength: 60 }));
    for (const [row, i] of some.entries()) done[i] = actions.decode(tokens[row] ?? []).join(' ');
  }
  return done;
}

/** Waves that are added, queries and keys that turn, or learned vectors of distances up to 16 (Shaw et al. 2018), the same for all layers. */
function placesOf(places: Places, width: number, from: Key) {
  if (places !== 'relative') return { positions: places };
  const [forEncoder, forDecoder] = split(from);
  const distances = (own: Key) => new RelativePositions({ size: width, reach: 16 }, own);
  const back = new CombinedWindow(causal, distances(forDecoder));
  return { positions: 'none' as const, encoder: { window: distances(forEncoder) }, decoder: { window: back } };
}

/** Trains a model of its own, and measures it on the parts that are asked for. */
export async function learnt(
  how: Teaching & { places: Places; key: number },
  train: readonly Command[],
  asked: Asked,
  context: Context,
): Promise<Learnt> {
  const numbers = vocabularies();
  const { words, actions } = numbers;
  const { size, heads, layers, steps, batch, muon, warmup, fall } = how;
  const sizes = { source: words.size, target: actions.size, size, heads, layers, length: 64 };
  const [forModel, forPlaces] = split(foldIn(key(62), how.key));
  const model = new Seq2SeqTransformer({ ...sizes, ...placesOf(how.places, size / heads, forPlaces), normFirst: true }, forModel);
  const examples = train.map((one) => ({
    source: words.encode(one.command),
    target: [...actions.encode(one.actions), words.index('<eos>')],
  }));
  const lengths = examples.map(({ source, target }) => [source.length, target.length]);
  function* batches(_epoch: number, order: Key) {
    for (const indices of bucketBatches(lengths, { batchSize: batch, key: order, bucketWidth: 4 })) {
      const some = indices.flatMap((i) => examples[i] ?? []);
      yield { source: padBatch(some.map(({ source }) => source)).tokens, target: padBatch(some.map(({ target }) => target)).tokens };
    }
  }
  const points = await context.train({
    model,
    optimizer: muonOptimizer(model, how),
    key: foldIn(key(63), how.key),
    batches,
    loss: ({ source, target }) => crossEntropy(model.forward(source, target), target, { ignoreIndex: 0 }),
    steps,
    schedule: trapezoidSchedule(muon, { steps, warmup, fall }),
    clip: 1,
  });
  return {
    right: rightOf(asked, (commands) => followedBy(model, commands, numbers)),
    parameters: parameterCount(model),
    points,
  };
}
