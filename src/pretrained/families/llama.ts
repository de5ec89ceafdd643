import { LanguageModel } from '../../models/transformer/language-model.ts';
import type { LanguageModelOptions, RotaryChoice } from '../../models/transformer/language-options.ts';
import type { StateMapEntry } from '../../nn/state-entry.ts';
import type { Key } from '../../tensor/random.ts';
import { activationOf } from '../activation.ts';
import type { Config } from '../config.ts';
import { biasOf, countOf, expectAgreed, type Family, type FamilyPlan, type FileShapes, prefixOf, shapeOf } from '../family.ts';
import { headOf } from '../head.ts';
import { rotaryOf } from '../rotary.ts';

/** The names in a file; the star stands for the layer. */
interface Names {
  /** Of the embedding: by what stands before it, all other names are found. */
  readonly embedding: string;
  readonly head: string;
  readonly last: string;
  readonly layers: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
  readonly gate: string;
  readonly up: string;
  readonly down: string;
  readonly first: string;
  readonly second: string;
  /** Which elements of heads its rotary positions turn together. */
  readonly layout: 'halves' | 'pairs';
}

/** Hugging Face's. */
const HUGGING: Names = {
  ...{ embedding: 'embed_tokens.weight', head: 'lm_head.weight', last: 'norm.weight', layers: 'layers.' },
  ...{ query: 'self_attn.q_proj', key: 'self_attn.k_proj', value: 'self_attn.v_proj', output: 'self_attn.o_proj' },
  ...{ gate: 'mlp.gate_proj', up: 'mlp.up_proj', down: 'mlp.down_proj' },
  ...{ first: 'input_layernorm', second: 'post_attention_layernorm', layout: 'halves' },
};

/** Meta's own, and Mistral's. */
const META: Names = {
  ...{ embedding: 'tok_embeddings.weight', head: 'output.weight', last: 'norm.weight', layers: 'layers.' },
  ...{ query: 'attention.wq', key: 'attention.wk', value: 'attention.wv', output: 'attention.wo' },
  ...{ gate: 'feed_forward.w1', up: 'feed_forward.w3', down: 'feed_forward.w2' },
  ...{ first: 'attention_norm', second: 'ffn_norm', layout: 'pairs' },
};

const namesOf = (names: Iterable<string>): Names => ([...names].some((name) => name.endsWith(META.embedding)) ? META : HUGGING);

/**
 * LLaMA (Touvron et al. 2023) and what is built like it, Mistral with its window (Jiang et al. 2023): Hugging Face's names, whose rotary positions turn the halves
 * of a head, and Meta's, whose turn pairs. A config may say it too: `rope_interleaved`.
 */
export const llama: Family<LanguageModel> = {
  name: 'llama',
  types: ['llama', 'mistral'],
  recognises: (names) =>
    [...names].some((name) => name.endsWith('layers.0.self_attn.q_proj.weight') || name.endsWith('layers.0.attention.wq.weight')),
  plan: (config, shapes) => planOf('llama', config, shapes, windowOf(config)),
};

/** Qwen2 (Yang et al. 2024), whose maps of queries, keys and values have biases. */
export const qwen2: Family<LanguageModel> = {
  name: 'qwen2',
  types: ['qwen2'],
  recognises: (names) => [...names].some((name) => name.endsWith('layers.0.self_attn.q_proj.bias')),
  plan: (config, shapes) => planOf('qwen2', config, shapes, config.flag('use_sliding_window', false) ? windowOf(config) : undefined),
};

function planOf(family: string, config: Config, shapes: FileShapes, window: LanguageModelOptions['window']): FamilyPlan<LanguageModel> {
  const names = namesOf(shapes.keys());
  const at = prefixOf(family, shapes, names.embedding);
  const head = headOf(shapes, `${at.replace(/model\.$/, '')}${names.head}`, `${at}${names.embedding}`);
  const options = { ...optionsOf(family, config, shapes, names, at), window, tied: head.tied };
  const own = entriesOf(at, names, options);
  return {
    make: (key: Key) => new LanguageModel(options, key),
    map: [...head.entries, ...own],
    loaded: (model) => [...head.settled(model), ...own],
  };
}

function optionsOf(family: string, config: Config, shapes: FileShapes, names: Names, at: string): LanguageModelOptions {
  const [symbols = 0, size = 0] = shapeOf(family, shapes, `${at}${names.embedding}`, 2);
  const layers = countOf(shapes, `${at}${names.layers}`);
  const first = (part: string) => `${at}${names.layers}0.${part}`;
  const [inner = 0] = shapeOf(family, shapes, first(`${names.query}.weight`), 2);
  const [grouped = 0] = shapeOf(family, shapes, first(`${names.key}.weight`), 2);
  const [hidden = 0] = shapeOf(family, shapes, first(`${names.up}.weight`), 2);
  const agreed = (spellings: readonly string[], found: number) =>
    expectAgreed(family, spellings[0] as string, config.size(spellings, found), found);
  const heads = config.size(['num_attention_heads', 'n_heads', 'n_head']);
  const headSize = agreed(['head_dim'], inner / heads);
  agreed(['vocab_size'], symbols);
  agreed(['hidden_size', 'dim', 'd_model', 'n_embd'], size);
  agreed(['num_hidden_layers', 'n_layers', 'n_layer'], layers);
  agreed(['intermediate_size', 'hidden_dim'], hidden);
  const attentionBias = biasOf(shapes, first(`${names.query}.bias`), first(`${names.output}.bias`));
  return {
    ...{ symbols, size, layers, heads, headSize, hidden, attentionBias },
    keyHeads: agreed(['num_key_value_heads', 'n_kv_heads'], grouped / headSize),
    length: config.size(['max_position_embeddings', 'max_seq_len', 'n_positions']),
    ...{ positions: 'rotary', norm: 'rms', gated: true },
    rotary: layoutOf(config, rotaryOf(config, headSize), names),
    eps: config.number(['rms_norm_eps', 'norm_eps', 'layer_norm_epsilon']),
    activation: activationOf(config, ['hidden_act', 'hidden_activation'], 'silu'),
    bias: shapes.has(first(`${names.up}.bias`)),
  };
}

function layoutOf(config: Config, rotary: RotaryChoice, { layout }: Names): RotaryChoice {
  const pairs = config.flag(['rope_interleaved', 'rope_interleave'], layout === 'pairs');
  return { ...rotary, layout: pairs ? 'pairs' : 'halves' };
}

/** The window of each layer: some may see all. */
function windowOf(config: Config): LanguageModelOptions['window'] {
  if (config.find('sliding_window') === undefined) return undefined;
  const width = config.size('sliding_window');
  const types = config.find('layer_types');
  if (Array.isArray(types)) return types.map((type) => (type === 'sliding_attention' ? width : null));
  const [all, from] = [config.find('num_hidden_layers'), config.find('max_window_layers')];
  if (typeof all !== 'number' || typeof from !== 'number') return width;
  return Array.from({ length: all }, (_, i) => (i < from ? null : width)); // Qwen2's lower layers see all
}

function entriesOf(at: string, names: Names, { heads, keyHeads }: LanguageModelOptions): StateMapEntry[] {
  const layer = (from: string, to: string): StateMapEntry => ({ from: `${at}${names.layers}*.${from}`, to: `layers.*.${to}` });
  const { query, key, value } = names;
  const inThree = [query, key, value].map((part) => `${at}${names.layers}*.${part}`);
  const inputs: StateMapEntry[] =
    keyHeads === heads
      ? ['weight', 'bias'].map((part) => ({ from: inThree.map((one) => `${one}.${part}`), to: `layers.*.self_attn.in_proj_${part}` }))
      : [layer(`${query}.*`, 'self_attn.q_proj.*'), layer(`${key}.*`, 'self_attn.k_proj.*'), layer(`${value}.*`, 'self_attn.v_proj.*')];
  return [
    { from: `${at}${names.embedding}`, to: 'symbols.weight' },
    { from: `${at}${names.last}`, to: 'norm.weight' },
    ...inputs,
    layer(`${names.output}.*`, 'self_attn.out_proj.*'),
    layer(`${names.gate}.*`, 'gate.*'),
    layer(`${names.up}.*`, 'linear1.*'),
    layer(`${names.down}.*`, 'linear2.*'),
    layer(`${names.first}.weight`, 'norm1.weight'),
    layer(`${names.second}.weight`, 'norm2.weight'),
    { from: `${at}${names.layers}*.self_attn.rotary_emb.inv_freq`, ignore: true }, // of old checkpoints
    { from: `${at}rope.freqs`, ignore: true },
  ];
}
