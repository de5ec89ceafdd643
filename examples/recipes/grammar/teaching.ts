// Teaches parsers from sentences with trees, and keeps the weights that parse the development sentences best.
import { Adam, bucketBatches, crossEntropy, foldIn, infer, type Key, key, padBatch, parameters, type Tensor } from 'saccade';
import type { Stateful } from 'saccade/io';
import type { GrammarParse, GrammarParser } from 'saccade/models';
import { Snapshot, trapezoidSchedule } from 'saccade/train';
import type { ParseTree } from 'saccade/trees';
import type { Context, Point } from '../../runner/recipe.ts';

/** A sentence as a parser sees it, and its tree. */
export interface Example {
  readonly words: readonly number[];
  readonly tree: ParseTree;
}

export interface Teaching {
  batch: number;
  steps: number;
  lr: number;
  /** The share of the steps over which the rate falls to 0. */
  fall: number;
  clip: number;
  /** How often the development sentences are parsed. */
  evaluations: number;
}

/** How wide the beam is that parses what is reported (Vinyals, Kaiser et al. 2015, §3.2); development sentences are parsed greedily. */
export const BEAM = 10;

/** Parses in the order of the sentences, which are parsed in batches of like length. */
export function parsesOf(parser: GrammarParser, sentences: readonly (readonly number[])[], beam = 1): GrammarParse[] {
  const parses: GrammarParse[] = new Array(sentences.length);
  for (const some of bucketBatches(
    sentences.map(({ length }) => length),
    { batchSize: 128, bucketWidth: 4 },
  )) {
    const { tokens } = padBatch(some.map((i) => sentences[i] as number[]));
    const found = infer(() => parser.parse(tokens, { beam }));
    some.forEach((i, at) => {
      parses[i] = found[at] as GrammarParse;
    });
  }
  return parses;
}

/** A model and the copy of its best weights as one part of a checkpoint. */
function withBest(model: GrammarParser, best: Snapshot): Stateful {
  const parts = { model, best };
  const own = (dict: ReadonlyMap<string, Tensor>, name: string) =>
    new Map([...dict].filter(([path]) => path.startsWith(`${name}.`)).map(([path, x]) => [path.slice(name.length + 1), x]));
  return {
    stateDict: () =>
      new Map(Object.entries(parts).flatMap(([name, part]) => [...part.stateDict()].map(([path, x]) => [`${name}.${path}`, x] as const))),
    loadStateDict: (dict) => {
      for (const [name, part] of Object.entries(parts)) part.loadStateDict(own(dict, name));
    },
  };
}

/** Trains a parser to the end and leaves it with the weights that had the best `score` of development sentences. */
export async function taught(
  parser: GrammarParser,
  { train, score, how, run }: { train: readonly Example[]; score: (parser: GrammarParser) => number; how: Teaching; run: number },
  context: Pick<Context, 'train'>,
): Promise<Point[]> {
  const { batch, steps, lr, fall, clip, evaluations } = how;
  const examples = train.map(({ words, tree }) => ({ words, target: parser.encode(tree) }));
  const lengths = examples.map(({ words, target }) => [words.length, target.length]);
  function* batches(_epoch: number, order: Key) {
    for (const indices of bucketBatches(lengths, { batchSize: batch, key: order, bucketWidth: 2 })) {
      const some = indices.flatMap((i) => examples[i] ?? []);
      yield { words: padBatch(some.map((one) => one.words)).tokens, target: padBatch(some.map(({ target }) => target)).tokens };
    }
  }
  const best = new Snapshot(parser);
  const points = await context.train({
    model: withBest(parser, best),
    optimizer: new Adam(parameters(parser), { lr }),
    key: foldIn(key(82), run),
    batches,
    loss: ({ words, target }, { key: step }) => crossEntropy(parser.forward(words, target, { key: step }), target, { ignoreIndex: 0 }),
    steps,
    schedule: trapezoidSchedule(lr, { steps, warmup: 20, fall }),
    clip,
    evaluate: () => score(parser),
    every: Math.ceil(steps / evaluations),
    goal: 'max',
    keepBest: best,
  });
  best.restore();
  return points;
}
