// Few-shot learners: taught by episodes, measured by episodes of other characters.
import { Adam, crossEntropy, infer, type Key, key, loadCheckpoint, parameters, reshape, scope, split, type Tensor } from 'saccade';
import { ConvEmbedding, type ItemEmbedding, PrototypicalNetwork, SnailClassifier, type SnailLayer } from 'saccade/models';
import { Module, parameterCount } from 'saccade/nn';
import { argmax, equal, mean, toFloat } from 'saccade/ops';
import type { EpisodePanel } from 'saccade/plot';
import { fewShotEpisodes, type PictureEpisodes, type Pictures } from 'saccade/tasks';
import { foldIn } from 'saccade/tensor';
import type { Context } from '../../runner/recipe.ts';

/** How a learner is made and taught. */
export interface Teaching {
  learner: 'snail' | 'prototypes';
  /** N of the episodes that are reported. */
  ways: number;
  /** Channels of the convolutions. */
  width: number;
  /** N of training, its queries of each class, and episodes of a step. */
  trainWays: number;
  queries: number;
  batch: number;
  steps: number;
  lr: number;
  /** Narrow layers, for a look. */
  thin?: boolean;
}

/** An embedding that is not taught any more. */
class Fixed extends Module implements ItemEmbedding {
  readonly inner: ConvEmbedding;
  readonly size: number;

  constructor(inner: ConvEmbedding) {
    super();
    this.inner = inner;
    this.size = inner.size;
  }

  forward(items: Tensor): Tensor {
    return infer(() => this.inner.forward(items));
  }
}

/** Answers episodes. */
export interface Learner extends Module {
  /** Logits `[B, Q, N]`, and how much each query looked at each example `[B, Q, S]`. */
  answer(episodes: PictureEpisodes, ways: number, update: boolean): { logits: Tensor; weights: Tensor };
}

class Prototypes extends PrototypicalNetwork implements Learner {
  answer({ support, labels, query }: PictureEpisodes, classes: number, update: boolean) {
    return this.forward({ support, labels, query }, { classes, update });
  }
}

class Reader extends SnailClassifier implements Learner {
  answer({ support, labels, query }: PictureEpisodes, _: number, update: boolean) {
    const { logits, weights } = this.forward({ support, labels, query }, { update });
    return { logits, weights: weights.at(-1) as Tensor };
  }
}

/** The paper's layers with half as many features: the last attention's rows are 128 wide. */
const half = (length: number): SnailLayer[] => [
  { key: 64, value: 32 },
  { length, filters: 64 },
  { key: 128, value: 64 },
  { length, filters: 64 },
  { key: 256, value: 128 },
];
const thin = (length: number): SnailLayer[] => [
  { key: 16, value: 16 },
  { length, filters: 16 },
  { key: 16, value: 16 },
];

/** Lets attention begin where like finds like: keys start as queries do. */
function matched(reader: Reader): void {
  const parts = reader.snail.stateDict();
  const queries = [...parts].filter(([path]) => path.endsWith('query.weight'));
  const keys = queries.map(([path, weight]) => [path.replace('query', 'key'), weight] as const);
  reader.snail.loadStateDict(new Map([...parts, ...keys]));
}

/** Prototypes of pictures of `side` × `side`. */
const prototypesOf = ({ width }: Teaching, side: number, seed: number) =>
  new Prototypes({ embedding: new ConvEmbedding({ side, width }, split(key(seed), 3)[0] as Key) });

/** A learner of pictures of `side` × `side`. SNAIL has the embedding of the prototypical network that `file` holds, and leaves it as it is. */
export async function learnerOf(teaching: Teaching, side: number, seed: number, file: string): Promise<Learner> {
  const prototypes = prototypesOf(teaching, side, seed);
  if (teaching.learner === 'prototypes') return prototypes;
  prototypes.loadStateDict((await loadCheckpoint(file)).model);
  const { ways } = teaching;
  const embedding = new Fixed(prototypes.embedding as ConvEmbedding);
  const layers = teaching.thin ? thin(ways + 1) : half(ways + 1);
  const reader = new Reader({ embedding, classes: ways, examples: ways, norm: true, layers }, split(key(seed), 3)[1] as Key);
  matched(reader);
  return reader;
}

/** Pictures, and the labels to learn from and to watch the learning on. */
interface Material {
  pictures: Pictures;
  train: readonly number[];
  dev: readonly number[];
}

/** Teaches a learner by episodes of turned characters. */
export async function taught(learner: Learner, teaching: Teaching, { pictures, train, dev }: Material, context: Context, seed: number) {
  const { trainWays: ways, queries, batch, steps, lr } = teaching;
  const turned = pictures.height === pictures.width;
  const curve = await context.train<PictureEpisodes>({
    key: split(key(seed), 3)[2],
    model: learner,
    optimizer: new Adam(parameters(learner instanceof Reader ? learner.snail : learner), { lr }),
    steps,
    clip: 10,
    schedule: (step) => lr * (step < 0.6 * steps ? 1 : 2.5 * (1 - step / steps) + 0.01),
    *batches(_, from) {
      for (let i = 0; i < 1000; i++)
        yield fewShotEpisodes(foldIn(from, i), pictures, { batch, ways, shots: 1, queries, classes: train, turned });
    },
    loss(episodes) {
      const { logits } = learner.answer(episodes, ways, true);
      return crossEntropy(reshape(logits, [-1, ways]), reshape(episodes.answers, [-1]));
    },
    evaluate: () => accuracyOf(learner, { pictures, classes: dev, ways: teaching.ways, count: context.quick ? 50 : 400, from: 77 }).right,
    every: Math.max(1, Math.round(steps / 15)),
    goal: 'max',
  });
  return { curve, parameters: parameterCount(learner) };
}

/** Which episodes are measured. */
export interface Task {
  pictures: Pictures;
  classes: readonly number[];
  ways: number;
  count: number;
  from: number;
}

const CHUNK = 50;

/** Calls `use` with all episodes of a task, some at a time: one query of each class. */
function each({ pictures, classes, ways, count, from }: Task, use: (episodes: PictureEpisodes) => void): void {
  for (let at = 0; at < count; at += CHUNK) {
    const sizes = { batch: Math.min(CHUNK, count - at), ways, shots: 1, queries: 1, classes };
    scope(() => use(fewShotEpisodes(foldIn(key(from), at), pictures, sizes)));
  }
}

const shareOf = (logits: Tensor, answers: Tensor) => mean(toFloat(equal(argmax(logits, { axis: -1 }), answers)), { axis: 1 }).toArray();

/** The share of right answers, and the standard error over episodes. */
export function accuracyOf(learner: Learner, task: Task): { right: number; error: number } {
  const rights: number[] = [];
  each(task, (episodes) => {
    rights.push(...infer(() => shareOf(learner.answer(episodes, task.ways, false).logits, episodes.answers)));
  });
  const right = rights.reduce((a, b) => a + b, 0) / rights.length;
  const spread = rights.reduce((so, one) => so + (one - right) ** 2, 0) / Math.max(1, rights.length - 1);
  return { right, error: Math.sqrt(spread / rights.length) };
}

/** The nearest example by the pixels that differ. */
export function nearestPixels(task: Task): number {
  let [right, all] = [0, 0];
  each(task, ({ support, labels, query, answers }) => {
    const [s, q, l, a] = [support.peek(), query.peek(), labels.peek(), answers.peek()];
    const [count, items, asked] = [support.shape[0] as number, support.shape[1] as number, query.shape[1] as number];
    const size = task.pictures.height * task.pictures.width;
    for (let i = 0; i < count * asked; i++) {
      const b = Math.floor(i / asked);
      let [best, least] = [-1, Number.POSITIVE_INFINITY];
      for (let j = b * items; j < (b + 1) * items; j++) {
        let apart = 0;
        for (let p = 0; p < size; p++) apart += ((s[j * size + p] as number) - (q[i * size + p] as number)) ** 2;
        if (apart < least) [best, least] = [l[j] as number, apart];
      }
      right += best === a[i] ? 1 : 0;
      all++;
    }
  });
  return right / all;
}

/** One-shot runs: 20 characters of one alphabet, each asked once (Lake et al. 2015); our runs of theirs, ten of each alphabet that has as many. */
export function withinAlphabets(learner: Learner, pictures: Pictures, alphabets: readonly (readonly number[])[]) {
  const fit = alphabets.filter((labels) => labels.length >= 20);
  const tasks = fit.map((classes, i): Task => ({ pictures, classes, ways: 20, count: 10, from: 1000 + i }));
  const over = (of: (task: Task) => number) => tasks.reduce((sum, task) => sum + of(task), 0) / Math.max(1, tasks.length);
  return { ours: over((task) => accuracyOf(learner, task).right), pixels: over(nearestPixels), count: 10 * tasks.length };
}

/** Some episodes with what their first query looked at. */
export function shown(learner: Learner, task: Task): EpisodePanel[] {
  const panels: EpisodePanel[] = [];
  each(task, (episodes) => {
    const { weights, logits } = infer(() => learner.answer(episodes, task.ways, false));
    const [w, s, q, l, a] = [weights, episodes.support, episodes.query, episodes.labels, episodes.answers].map((x) => x.toArray()) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Int32Array,
      Int32Array,
    ];
    const chosen = argmax(logits, { axis: -1 }).toArray();
    const [items, asked] = [episodes.support.shape[1] as number, episodes.query.shape[1] as number];
    const { height, width } = task.pictures;
    const image = (from: Float32Array, at: number) =>
      Array.from({ length: height }, (_, y) => Array.from(from.slice((at * height + y) * width, (at * height + y + 1) * width)));
    for (let b = 0; b < task.count; b++) {
      const i = b * asked;
      panels.push({
        query: image(q, i),
        items: Array.from({ length: items }, (_, j) => image(s, b * items + j)),
        weights: Array.from(w.slice(i * items, (i + 1) * items), (one) => Math.min(1, one)),
        right: Array.from(l.slice(b * items, (b + 1) * items)).indexOf(a[i] as number),
        title: chosen[i] === a[i] ? 'right' : 'wrong',
      });
    }
  });
  return panels;
}
