import { T5, type T5Options } from '../../models/transformer/t5.ts';
import type { StateMapEntry } from '../../nn/state-entry.ts';
import { activationOf } from '../activation.ts';
import { Config } from '../config.ts';
import { countOf, expectAgreed, type Family, type FamilyPlan, type FileShapes, shapeOf } from '../family.ts';

const EMBEDDING = 'shared.weight';
const HEAD = 'lm_head.weight';
const BIAS = 'block.0.layer.0.SelfAttention.relative_attention_bias.weight';

/**
 * T5 (Raffel et al. 2020) of version 1.0, whose last map is the symbols' vectors, and 1.1, with gated nets and a map of its own, as FLAN-T5 and mT5 have
 * it. Of a head that the file has although the config calls it tied, the values decide: if they are the symbols' it is.
 */
export const t5: Family<T5> = {
  name: 't5',
  types: ['t5', 'mt5'],
  recognises: (names) => names.has(EMBEDDING) && names.has(`decoder.${BIAS}`),
  plan,
};

function plan(config: Config, shapes: FileShapes): FamilyPlan<T5> {
  const options = optionsOf(config, shapes);
  const says = config.flag('tie_word_embeddings', true);
  const has = shapes.has(HEAD);
  if (!has && !says) config.refuse('tie_word_embeddings', `true where the files have no ${HEAD}`);
  const entries = [...entriesOf('encoder', options.gated), ...entriesOf('decoder', options.gated)];
  const separate = [{ from: HEAD, to: 'output.weight' }, ...entries];
  const tied = [...(has ? [{ from: HEAD, tie: EMBEDDING }] : []), ...entries];
  return {
    make: (key) => new T5({ ...options, tied: !has }, key),
    map: has ? separate : tied,
    loaded(model) {
      if (!has) return tied;
      const [symbols, output] = [model.embedding.weight.peek(), model.output.weight.peek()];
      if (!says || !symbols.every((value, i) => Object.is(value, output[i]))) return separate;
      model.tie();
      return tied;
    },
  };
}

function optionsOf(config: Config, shapes: FileShapes): T5Options & { gated: boolean } {
  const [symbols = 0, size = 0] = shapeOf('t5', shapes, EMBEDDING, 2);
  const [buckets = 0, heads = 0] = shapeOf('t5', shapes, `encoder.${BIAS}`, 2);
  const [inner = 0] = shapeOf('t5', shapes, 'encoder.block.0.layer.0.SelfAttention.q.weight', 2);
  const gated = shapes.has('encoder.block.0.layer.1.DenseReluDense.wi_0.weight');
  const [hidden = 0] = shapeOf('t5', shapes, `encoder.block.0.layer.1.DenseReluDense.${gated ? 'wi_0' : 'wi'}.weight`, 2);
  const agreed = (found: number, ...spelled: string[]) => expectAgreed('t5', spelled[0] as string, config.size(spelled, found), found);
  const layers = agreed(countOf(shapes, 'encoder.block.'), 'num_layers', 'num_hidden_layers');
  return {
    symbols: agreed(symbols, 'vocab_size'),
    size: agreed(size, 'd_model', 'hidden_size'),
    layers,
    decoderLayers: agreed(countOf(shapes, 'decoder.block.'), 'num_decoder_layers'),
    heads: agreed(heads, 'num_heads', 'num_attention_heads'),
    headSize: agreed(inner / heads, 'd_kv'),
    hidden: agreed(hidden, 'd_ff'),
    buckets: agreed(buckets, 'relative_attention_num_buckets'),
    distance: config.size('relative_attention_max_distance', 128),
    eps: config.number('layer_norm_epsilon', 1e-6),
    gated,
    activation: activationOfNet(config, gated),
    pad: config.number('pad_token_id', 0),
    start: config.number('decoder_start_token_id', config.number('pad_token_id', 0)),
    end: config.number('eos_token_id', 1),
  };
}

/** `feed_forward_proj` is an activation, after `gated-` where nets are; in `gated-gelu` it is the approximation by tanh. */
function activationOfNet(config: Config, gated: boolean): T5Options['activation'] {
  const said = config.text('feed_forward_proj', '');
  if (said === '')
    return gated || config.find('dense_act_fn') !== undefined ? activationOf(config, ['feed_forward_proj', 'dense_act_fn']) : 'relu';
  const rule = gated ? 'gated, as the nets of the files are' : 'without a gate, as the nets of the files are';
  if (said.startsWith('gated-') !== gated) config.refuse('feed_forward_proj', rule);
  const word = said === 'gated-gelu' ? 'gelu_new' : said.replace('gated-', '');
  return activationOf(new Config({ feed_forward_proj: word }, 't5'), ['feed_forward_proj']);
}

function entriesOf(stack: 'encoder' | 'decoder', gated: boolean): StateMapEntry[] {
  const block = `${stack}.block.*.layer.`;
  const attention = (at: number, from: string, to: string): StateMapEntry[] => [
    { from: ['q', 'k', 'v'].map((one) => `${block}${at}.${from}.${one}.weight`), to: `${stack}.layers.*.${to}.in_proj_weight` },
    { from: `${block}${at}.${from}.o.weight`, to: `${stack}.layers.*.${to}.out_proj.weight` },
    { from: `${block}${at}.layer_norm.weight`, to: `${stack}.layers.*.norm${at + 1}.weight` },
  ];
  const [cross, net] = stack === 'decoder' ? [attention(1, 'EncDecAttention', 'multihead_attn'), 2] : [[], 1];
  const maps = gated ? { wi_0: 'gate', wi_1: 'linear1', wo: 'linear2' } : { wi: 'linear1', wo: 'linear2' };
  return [
    ...(stack === 'encoder' ? [{ from: EMBEDDING, to: 'embedding.weight' }] : []),
    { from: `${stack}.embed_tokens.weight`, tie: EMBEDDING },
    { from: `${stack}.${BIAS}`, to: stack === 'encoder' ? 'sourcePositions.weight' : 'targetPositions.weight' },
    ...attention(0, 'SelfAttention', 'self_attn'),
    ...cross,
    ...Object.entries(maps).map(([from, to]) => ({
      from: `${block}${net}.DenseReluDense.${from}.weight`,
      to: `${stack}.layers.*.${to}.weight`,
    })),
    { from: `${block}${net}.layer_norm.weight`, to: `${stack}.layers.*.norm${net + 1}.weight` },
    { from: `${stack}.final_layer_norm.weight`, to: `${stack}.norm.weight` },
    { from: `${stack}.block.0.layer.1.EncDecAttention.relative_attention_bias.weight`, ignore: true },
  ];
}
