// How every parameter of every module is initialised: the initialisation column of the module table.
import { Module } from '../../src/nn/module.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

/** A distribution, one value for all elements, or one of these for each. */
export type Start =
  | { kind: 'uniform'; bound: number }
  | { kind: 'normal'; std: number }
  | { kind: 'constant'; value: number }
  | { kind: 'each'; each: readonly Start[] };

/** Depends on a parameter's shape and on those beside it. */
type Rule = (shape: readonly number[], beside: (field: string) => readonly number[]) => Start;

/** U(−1/√n, 1/√n). */
const within = (n: number | undefined): Start => ({ kind: 'uniform', bound: 1 / Math.sqrt(n ?? Number.NaN) });
const constant =
  (value: number): Rule =>
  () => ({ kind: 'constant', value });
const constants =
  (...values: number[]): Rule =>
  () => ({ kind: 'each', each: values.map((value) => ({ kind: 'constant', value })) });

/** As in `nn.Linear`: by the width of the input, also for the bias. */
const linear: Rule = (_, beside) => within(beside('weight')[1]);
/** As in PyTorch's recurrent layers: by the state's width, for all four. `_l1_reverse` is a suffix. */
const recurrent: Rule = (_, beside) => within(beside('weight_hh')[1]);
/** Glorot and Bengio 2010, eq. 16: √6 / √(rows + columns). */
const xavier: Rule = ([rows = Number.NaN, columns = Number.NaN]) => ({ kind: 'uniform', bound: Math.sqrt(6 / (rows + columns)) });
/** N(0, 1/√D). */
const narrow: Rule = (shape) => ({ kind: 'normal', std: 1 / Math.sqrt(shape.at(-1) as number) });
/** All of these, as `nn.Transformer` draws its matrices. */
const glorot = (...paths: string[]): Record<string, Rule> => Object.fromEntries(paths.map((path) => [path, xavier]));
const lastWidth: Rule = (shape) => within(shape.at(-1));

/** As in PyTorch's convolutions: by all axes of the weight but the first, also for the bias. */
const filter: Rule = (_, beside) =>
  within(
    beside('weight')
      .slice(1)
      .reduce((n, length) => n * length, 1),
  );
/** N(0, 0.1²), as the memory networks' authors draw everything. */
const tenth: Rule = () => ({ kind: 'normal', std: 0.1 });
/** That of a core whose forget gate, the second of four, starts at 1. */
const forgetful: Rule = ([gates = 0]) => ({
  kind: 'each',
  each: Array.from(
    { length: gates },
    (_, i): Start => (Math.floor((4 * i) / gates) === 1 ? { kind: 'constant', value: 1 } : within(gates / 4)),
  ),
});
/** As PyTorch's convolution of two taps: by twice the width of the input, also for the bias. */
const pairs: Rule = (_, beside) => within(2 * (beside('weight')[1] ?? Number.NaN));

const core = { weight_ih: recurrent, weight_hh: recurrent, bias_ih: recurrent, bias_hh: recurrent };

/**
 * By class and field; the suffix of a recurrent layer is removed from the field's name. Modules inside a module are initialised as their
 * own class.
 */
export const starts: Record<string, Record<string, Rule>> = {
  Linear: { weight: linear, bias: linear },
  Embedding: { weight: () => ({ kind: 'normal', std: 1 }) },
  LayerNorm: { weight: constant(1), bias: constant(0) },
  BatchNorm: { weight: constant(1), bias: constant(0) },
  Conv2d: { weight: filter, bias: filter },
  SpatialTransformer: { 'theta.weight': constant(0), 'theta.bias': constant(0) },
  SelfAttention2d: { gamma: constant(0) },
  ShowAttendTell: { places: () => ({ kind: 'normal', std: 1 }) },
  ConvTranspose2d: { weight: filter, bias: filter },
  RMSNorm: { weight: constant(1) },
  RNNCell: core,
  LSTMCell: core,
  GRUCell: core,
  RNN: core,
  LSTM: core,
  GRU: core,
  GeneralScore: { weight: lastWidth },
  AttentionClassifier: { query: lastWidth },
  AdditiveScore: { v: lastWidth },
  LocationScore: { weight: lastWidth },
  LocationAwareScore: { filters: lastWidth },
  MonotonicScore: {
    gain: (_, beside) => ({ kind: 'constant', value: 1 / Math.sqrt(beside('additive.v')[0] ?? Number.NaN) }),
    offset: constant(-1), // Raffel et al. 2017, §2.4; rows may set another
  },
  LocalPredictive: { v: lastWidth },
  DenseBlock: { weight: pairs, bias: pairs },
  NeuralTuringMachine: {
    weights: constant(0),
    read: () => ({ kind: 'uniform', bound: 0.1 }),
    contents: () => ({ kind: 'normal', std: 0.5 }),
  },
  DistanceBias: { weight: () => ({ kind: 'normal', std: 1 }) },
  RelativePositions: { keys: narrow, values: narrow },
  MultiHead: {
    in_proj_weight: xavier,
    q_proj_weight: xavier,
    k_proj_weight: xavier,
    v_proj_weight: xavier,
    in_proj_bias: constant(0),
    'out_proj.bias': constant(0), // PyTorch's, unlike a linear map's
  },
  PackedProjection: { in_proj_weight: xavier, in_proj_bias: constant(0) },
  SeparateProjection: { q_proj_weight: xavier, k_proj_weight: xavier, v_proj_weight: xavier, in_proj_bias: constant(0) },
  Transformer: glorot(
    ...['encoder.layers.0', 'encoder.layers.1', 'decoder.layers.0', 'decoder.layers.1'].flatMap((layer) => [
      ...['linear1.weight', 'linear2.weight'].map((name) => `${layer}.${name}`),
      ...['self_attn', ...(layer.startsWith('d') ? ['multihead_attn'] : [])].flatMap((attention) =>
        ['q_proj.weight', 'k_proj.weight', 'v_proj.weight', 'out_proj.weight'].map((name) => `${layer}.${attention}.${name}`),
      ),
    ]),
    ...['encoder.layers.0', 'decoder.layers.0'].map((layer) => `${layer}.gate.weight`),
    ...['encoder.layers.0.self_attn', 'decoder.layers.0.self_attn', 'decoder.layers.0.multihead_attn'].map(
      (name) => `${name}.in_proj_weight`,
    ),
  ),
  Seq2SeqTransformer: {
    'embedding.weight': narrow,
    'sourceEmbedding.weight': narrow,
    'positions.weight': narrow,
    'sourcePositions.weight': narrow,
    'output.bias': (_, beside) => within(beside('embedding.weight')[1]), // its weight may be elsewhere
  },
  MemoryNetwork: {
    ...Object.fromEntries([0, 1, 2, 3].map((i) => [`embeddings.${i}`, tenth])),
    between: tenth,
  },
  MemoryLanguageModel: Object.fromEntries(['input', 'output', 'between', 'answers'].map((name) => [name, tenth])),
  EntityNetwork: {
    ...Object.fromEntries(
      'embedding keys gateBias stateWeight stateBias sentenceWeight keyWeight readWeight answers'.split(' ').map((name) => [name, tenth]),
    ),
    ...Object.fromEntries(['storyWeights', 'questionWeights', 'slopes'].map((name) => [name, constant(1)])),
  },
  Draw: {
    canvas: constant(0),
    'readWindow.linear.bias': constants(0, 0, 1.4, -0.4, 2),
    'writeWindow.linear.bias': constants(0, 0, 0.7, -0.7, -2),
    'encoder.bias_ih': forgetful,
    'decoder.bias_ih': forgetful,
  },
  PointerNetwork: { start: () => ({ kind: 'uniform', bound: 1 }), end: () => ({ kind: 'uniform', bound: 1 }) },
};

/** The rule for a parameter, `undefined` if there is none. */
export interface Parameter {
  path: string;
  /** `MultiHead.out_proj.bias`. */
  rule: string;
  x: Tensor;
  start: Start | undefined;
}

const place = /_l\d+(_reverse)?$/;

/** Every parameter of a module and of the modules inside it. */
export function startsOf(module: Module): Parameter[] {
  const found: Parameter[] = [];
  const shapes = new Map<string, readonly number[]>();
  const visit = (value: unknown, path: string[], owners: { name: string; depth: number }[]): void => {
    if (value instanceof Tensor) {
      if (found.some(({ x }) => x === value)) return; // a parameter of several fields counts once
      if (value.leaf) shapes.set(path.join('.'), value.shape);
      if (value.leaf) found.push(entry(path, owners, value));
    } else if (value instanceof Module || Array.isArray(value)) {
      const within = value instanceof Module ? [...owners, { name: value.constructor.name, depth: path.length }] : owners;
      for (const [name, part] of Object.entries(value)) visit(part, [...path, name], within);
    }
  };
  const entry = (path: string[], owners: { name: string; depth: number }[], x: Tensor): Parameter => {
    // The outermost class with a rule for the path inside it.
    for (const { name, depth } of owners) {
      const field = path.slice(depth).join('.').replace(place, '');
      const rule = starts[name]?.[field];
      if (!rule) continue;
      const suffix = place.exec(path.at(-1) ?? '')?.[0] ?? '';
      const beside = (other: string) => shapes.get([...path.slice(0, depth), `${other}${suffix}`].join('.')) ?? [];
      const late = { path: path.join('.'), rule: `${name}.${field}`, x, get start() { return rule(x.shape, beside); } }; // biome-ignore format: one line
      return late;
    }
    return { path: path.join('.'), rule: '', x, start: undefined };
  };
  visit(module, [], []);
  return found;
}
