// The ladder: step by step from one vector for a whole word to attention over the items that were read.
import {
  type Attended,
  AttentionSeq2Seq,
  type AttentionSeq2SeqOptions,
  type AttentionSizes,
  add,
  div,
  foldIn,
  type Key,
  key,
  Linear,
  type Mechanism,
  Module,
  mul,
  ones,
  reshape,
  Seq2Seq,
  type State,
  split,
  stack,
  sum,
  type Tensor,
  tanh,
  toFloat,
  unstack,
} from 'saccade';
import { nearestKey, type Prepared, type Step } from 'saccade/attention';
import { picture } from '../../runner/documents.ts';
import type { Recipe } from '../../runner/recipe.ts';
import { tableOf } from '../../runner/tables.ts';
import { brief, small } from '../../shared/mechanisms/trial.ts';
import { Alphabets, type Model } from '../../shared/pronunciation/speaker.ts';
import {
  baselines,
  dictionaryFor,
  lengthsSvg,
  lossSvg,
  MEMORY,
  need,
  remembered,
  shapeFor,
  type Taught,
  taught,
  wordSvg,
} from '../../shared/pronunciation/words.ts';

/**
 * The encoding conditioned on the decoder's state: for a query q, `1/S Σᵢ tanh(W hᵢ + U q + b)` over the items hᵢ. Every item has the same
 * weight; the state decides what is kept of each.
 */
class Conditioned extends Module implements Mechanism {
  readonly item: Linear;
  readonly state: Linear;

  constructor({ query, key: width }: AttentionSizes, from: Key) {
    super();
    const [forItem, forState] = split(from);
    this.item = new Linear({ input: width, output: width }, forItem);
    this.state = new Linear({ input: query, output: width, bias: false }, forState);
  }

  prepare(keys: Tensor, values: Tensor = keys, options: { mask?: Tensor } = {}): Prepared {
    const [batch = 0, length = 0] = values.shape;
    const real = options.mask ? toFloat(options.mask) : ones([batch, length]);
    return { keys: this.item.forward(keys), values, share: div(real, sum(real, { axis: 1, keepDims: true })) }; // share: [B, S]
  }

  initialState(): State {
    return {};
  }

  step(query: Tensor, prepared: Prepared, state: State): Step {
    const weights = prepared.share as Tensor;
    const asked = this.state.forward(query); // [B, W]
    const [batch = 0, width = 0] = asked.shape;
    const items = tanh(add(prepared.keys, reshape(asked, [batch, 1, width]))); // [B, S, W]
    const context = sum(mul(items, reshape(weights, [...weights.shape, 1])), { axis: 1 });
    return { context, weights, state };
  }

  forward(query: Tensor, keys: Tensor, values?: Tensor, options: { mask?: Tensor } = {}): Attended {
    const prepared = this.prepare(keys, values, options);
    const steps = unstack(query, 1).map((one) => this.step(one, prepared, {}));
    return { output: stack(steps.map(({ context }) => context), 1), weights: stack(steps.map(({ weights }) => weights), 1) }; // biome-ignore format: two lists
  }
}

/** A rung: what the decoder receives of the word at each step. */
interface Rung {
  name: string;
  title: string;
  /** Title of its picture. */
  short: string;
  /** The formula, for items hᵢ (the encoder's vectors), the last states z of the encoder, and the decoder's state q. */
  formula: string;
  meaning: string;
  build: (options: Omit<AttentionSeq2SeqOptions, 'score' | 'attention'>, key: Key) => Model;
}

export const rungs: readonly Rung[] = [
  {
    name: 'one-vector',
    title: 'one vector for everything',
    short: 'one vector',
    formula: 'c = tanh(W z + b)',
    meaning: 'The whole word must fit into one vector, whatever its length; the decoder sees it at every step.',
    build: (options, from) => new Seq2Seq({ ...options, hidden: Math.round(options.hidden * 1.156) }, from),
  },
  {
    name: 'conditioned',
    title: 'the encoding conditioned on the state',
    short: 'conditioned',
    formula: 'c = 1/S Σᵢ tanh(W hᵢ + U q + b)',
    meaning: 'Every step makes its own vector from all items, and the state decides what is kept of each; but no item can be left out.',
    build: (options, from) => new AttentionSeq2Seq({ ...options, attention: (sizes, key) => new Conditioned(sizes, key) }, from),
  },
  {
    name: 'nearest-key',
    title: 'nearest key',
    short: 'nearest key',
    formula: 'c = hⱼ, j = argminᵢ ‖W q + b − hᵢ‖²',
    meaning:
      'The state asks with a vector, and the nearest item answers. A choice has no gradient of its own; it learns with that of softmax, straight through.',
    build: (options, from) => new AttentionSeq2Seq({ ...options, attention: nearestKey }, from),
  },
  {
    name: 'soft',
    title: 'soft attention',
    short: 'soft attention',
    formula: 'c = Σᵢ aᵢ hᵢ, a = softmaxᵢ(qᵀ kᵢ), kᵢ = W hᵢ',
    meaning: 'All items answer, each weighted by how well its key matches: a mean with a gradient.',
    build: (options, from) => new AttentionSeq2Seq({ ...options, score: 'general' }, from),
  },
  {
    name: 'items-as-keys',
    title: 'keys = the encoded items themselves',
    short: 'items as keys',
    formula: 'c = Σᵢ aᵢ hᵢ, a = softmaxᵢ(qᵀ hᵢ)',
    meaning: 'No separate keys: the encoder learns items that can be found by their content.',
    build: (options, from) => new AttentionSeq2Seq({ ...options, score: 'dot', project: options.hidden }, from),
  },
];

interface Settings {
  rung: string;
  key: number;
}

export const ladder: Recipe<Settings, Taught> = {
  name: 'ladder',
  shows: 'From one vector for a whole word to attention over what was read, rung by rung: one task, one budget.',
  papers: ['Sutskever, Vinyals and Le 2014', 'Bahdanau, Cho and Bengio 2015', 'Luong, Pham and Manning 2015'],
  data: need,
  keys: 1,
  jobs: ({ keys }) => [
    ...rungs.flatMap(({ name }) => Array.from({ length: keys }, (_, key) => ({ name: `${name}-${key}`, settings: { rung: name, key } }))),
    { name: MEMORY, settings: { rung: MEMORY, key: 0 } },
  ],
  async job({ rung: name, key: run }, context) {
    const dictionary = await dictionaryFor(context);
    if (name === MEMORY) return remembered(dictionary);
    const rung = rungs.find((one) => one.name === name) as Rung;
    const how = context.quick ? small : brief;
    const shape = shapeFor(dictionary, how);
    const { letters, phones } = new Alphabets(shape);
    const { hidden, embedding, layers, dropout } = shape;
    const model = rung.build({ source: letters.size, target: phones.size, hidden, embedding, layers, dropout }, foldIn(key(41), run));
    return taught(model, shape, dictionary, how, context, { key: run });
  },
  rows(finished) {
    const { word, phone } = baselines(finished);
    return rungs.flatMap(({ name, title }) => {
      const runs = finished.filter(({ settings }) => settings.rung === name).map(({ outcome }) => outcome);
      const size = `${Math.round((runs[0]?.parameters ?? 0) / 1e3)} k parameters`;
      return [
        { figure: `word error rate, ${title}, ${size}`, ours: runs.map(({ wordErrorRate }) => 100 * wordErrorRate), unit: '%', ...word },
        { figure: `phone error rate, ${title}`, ours: runs.map(({ phoneErrorRate }) => 100 * phoneErrorRate), unit: '%', ...phone },
      ];
    });
  },
  pictures: async (finished) => {
    const first = rungs.flatMap(({ name, short }) => {
      const run = finished.find(({ settings }) => settings.rung === name)?.outcome;
      return run ? [{ title: short, ...run, runs: [run] }] : [];
    });
    return {
      word: wordSvg(first, 0, 4),
      'another-word': wordSvg(first, 1, 4),
      'by-length': await lengthsSvg(first),
      loss: await lossSvg(first),
    };
  },
  page: (result) => [
    '# The ladder',
    '',
    'How a decoder learns to attend, rung by rung. Each rung is one model. All learn the same task (letters to sounds) with the same encoder and',
    'decoder, budget and key; the first, which has fewer parts, is widened to the same parameter count. They differ in c, what the decoder receives',
    'of the word at each step. hᵢ are the encoder’s vectors, one per letter (on the last rung mapped linearly to the width of the decoder), z its last',
    'states, q the decoder’s state.',
    '',
    ...rungs.flatMap(({ title, formula, meaning }, i) => [`${i + 1}. **${title}**, ${formula}. ${meaning}`]),
    '',
    ...tableOf(result.rows),
    '',
    'The same word through each model; none of them saw it in training. The first rung has no weights, and those of the second are all equal.',
    ...picture(result, 'word'),
    '',
    'Another word.',
    ...picture(result, 'another-word'),
    '',
    'The limits of a single vector show in long words.',
    ...picture(result, 'by-length', 'loss'),
  ],
};
