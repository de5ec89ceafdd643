import { TextEncoder } from '../../models/transformer/text-encoder.ts';
import type { StateMapEntry } from '../../nn/state-entry.ts';
import { activationOf } from '../activation.ts';
import type { Config } from '../config.ts';
import { countOf, expectAgreed, type Family, type FamilyPlan, type FileShapes, prefixOf, shapeOf } from '../family.ts';

/** How the names of one writer are: what stands before a layer's number, and pairs of names of a layer and of a {@link TextEncoder}'s. */
interface Names {
  readonly layer: string;
  readonly parts: readonly (readonly [from: string | readonly string[], to: string])[];
}

const BERT: Names = {
  layer: 'encoder.layer.',
  parts: [
    [['query', 'key', 'value'].map((name) => `attention.self.${name}.*`), 'self_attn.in_proj_*'],
    ['attention.output.dense.*', 'self_attn.out_proj.*'],
    ['attention.output.LayerNorm.*', 'norm1.*'],
    ['intermediate.dense.*', 'linear1.*'],
    ['output.dense.*', 'linear2.*'],
    ['output.LayerNorm.*', 'norm2.*'],
  ],
};

const DISTILBERT: Names = {
  layer: 'transformer.layer.',
  parts: [
    [['q_lin', 'k_lin', 'v_lin'].map((name) => `attention.${name}.*`), 'self_attn.in_proj_*'],
    ['attention.out_lin.*', 'self_attn.out_proj.*'],
    ['sa_layer_norm.*', 'norm1.*'],
    ['ffn.lin1.*', 'linear1.*'],
    ['ffn.lin2.*', 'linear2.*'],
    ['output_layer_norm.*', 'norm2.*'],
  ],
};

/** Heads for words that were left out, and what is no parameter. */
const IGNORED = ['cls.**', 'lm_head.**', 'vocab_transform.**', 'vocab_layer_norm.**', 'vocab_projector.**'];

const EMBEDDING = 'embeddings.word_embeddings.weight';

/**
 * BERT (Devlin et al. 2019) and what is built alike: MiniLM and the encoders of sentence-transformers, RoBERTa and XLM-R, whose first token stands at
 * place 2, and DistilBERT, whose tokens have no kind. Names may begin with `bert.`, with nothing or with more; norms may have the old names `gamma`
 * and `beta`. Heads that guess words are handed on and not used.
 */
export const bert: Family<TextEncoder> = {
  name: 'bert',
  types: ['bert', 'roberta', 'xlm-roberta', 'camembert', 'distilbert'],
  recognises: (names) =>
    [...names].some((name) => name.endsWith(EMBEDDING)) && [...names].some((name) => /\.layer\.0\.attention\./.test(name)),
  plan,
};

function plan(config: Config, shapes: FileShapes): FamilyPlan<TextEncoder> {
  const at = prefixOf('bert', shapes, EMBEDDING);
  const [symbols = 0, size = 0] = shapeOf('bert', shapes, at + EMBEDDING, 2);
  const [places = 0] = shapeOf('bert', shapes, `${at}embeddings.position_embeddings.weight`, 2);
  const names = countOf(shapes, `${at}${DISTILBERT.layer}`) > 0 ? DISTILBERT : BERT;
  const wide = names === BERT ? 'intermediate.dense.weight' : 'ffn.lin1.weight';
  const [hidden = 0] = shapeOf('bert', shapes, `${at}${names.layer}0.${wide}`, 2);
  const types = shapes.get(`${at}embeddings.token_type_embeddings.weight`)?.[0] ?? 0;
  const agreed = (found: number, ...spelled: string[]) => expectAgreed('bert', spelled[0] as string, config.size(spelled, found), found);
  expectKnown(config);
  agreed(places, 'max_position_embeddings');
  const first = firstPlace(config);
  const options = {
    symbols: agreed(symbols, 'vocab_size'),
    size: agreed(size, 'hidden_size', 'dim'),
    layers: agreed(countOf(shapes, `${at}${names.layer}`), 'num_hidden_layers', 'n_layers'),
    hidden: agreed(hidden, 'intermediate_size', 'hidden_dim'),
    heads: config.size(['num_attention_heads', 'n_heads']),
    length: places - first,
    first,
    types,
    activation: activationOf(config, ['hidden_act', 'activation']),
    eps: config.number('layer_norm_eps', 1e-12),
    pooler: shapes.has(`${at}pooler.dense.weight`),
  };
  return { make: (key) => new TextEncoder(options, key), map: entriesOf(at, names, shapes) };
}

/** The row of the table that the first token has: behind that of padding in RoBERTa and its kin. */
function firstPlace(config: Config): number {
  const type = config.text('model_type', 'bert');
  return ['roberta', 'xlm-roberta', 'camembert'].includes(type) ? config.number('pad_token_id', 1) + 1 : 0;
}

/** Refuses what would compute another function. */
function expectKnown(config: Config): void {
  if (config.text('position_embedding_type', 'absolute') !== 'absolute') config.refuse('position_embedding_type', "'absolute'");
  for (const name of ['is_decoder', 'add_cross_attention', 'sinusoidal_pos_embds'])
    if (config.flag(name, false)) config.refuse(name, 'false');
}

function entriesOf(at: string, { layer, parts }: Names, shapes: FileShapes): StateMapEntry[] {
  const entries: StateMapEntry[] = [
    { from: at + EMBEDDING, to: 'symbols.weight' },
    { from: `${at}embeddings.position_embeddings.weight`, to: 'positions.weight' },
    { from: `${at}embeddings.token_type_embeddings.weight`, to: 'types.weight' },
    { from: `${at}embeddings.LayerNorm.*`, to: 'norm.*' },
    ...parts.map(([from, to]) => {
      const all = [from].flat().map((name) => `${at}${layer}*.${name}`);
      return { from: all.length === 1 ? (all[0] as string) : all, to: `layers.*.${to}` };
    }),
    { from: `${at}pooler.dense.*`, to: 'pooler.*' },
    { from: `${at}embeddings.position_ids`, ignore: true },
    { from: `${at}embeddings.token_type_ids`, ignore: true },
    ...IGNORED.map((from) => ({ from, ignore: true as const })),
  ];
  const old = [...shapes.keys()].some((name) => /LayerNorm\.(gamma|beta)$/.test(name));
  return old ? entries.flatMap(withOldNorms) : entries;
}

/** An entry of a norm for each of the two names that its fields once had. */
function withOldNorms(entry: StateMapEntry): StateMapEntry[] {
  if (!('to' in entry && 'from' in entry && typeof entry.from === 'string' && /LayerNorm\.\*$/.test(entry.from))) return [entry];
  const { from, to } = entry;
  return [
    { from: from.replace(/\*$/, 'gamma'), to: `${to}`.replace(/\*$/, 'weight') },
    { from: from.replace(/\*$/, 'beta'), to: `${to}`.replace(/\*$/, 'bias') },
  ];
}
