import { LanguageModel } from '../../models/transformer/language-model.ts';
import type { StateMapEntry } from '../../nn/state-entry.ts';
import { activationOf } from '../activation.ts';
import type { Config } from '../config.ts';
import { biasOf, countOf, expectAgreed, type Family, type FamilyPlan, type FileShapes, prefixOf, shapeOf } from '../family.ts';
import { headOf } from '../head.ts';

/**
 * GPT-2 (Radford et al. 2019), as Hugging Face's `GPT2LMHeadModel` writes it, whose matrices are `[in, out]`, and as minGPT and nanoGPT do under the same
 * names, `[out, in]`. Which it is, the shape of `c_attn` says for the whole file: `c_proj` is square and says nothing. Names may begin with
 * `transformer.`, with nothing or with more. A config of nanoGPT must name the activation, which GPT-2 and nanoGPT have unlike.
 */
export const gpt2: Family<LanguageModel> = {
  name: 'gpt2',
  types: ['gpt2'],
  recognises: (names) => [...names].some((name) => name.endsWith('h.0.attn.c_attn.weight')),
  plan,
};

function plan(config: Config, shapes: FileShapes): FamilyPlan<LanguageModel> {
  const at = prefixOf('gpt2', shapes, 'wte.weight');
  const [symbols = 0, size = 0] = shapeOf('gpt2', shapes, `${at}wte.weight`, 2);
  const [length = 0] = shapeOf('gpt2', shapes, `${at}wpe.weight`, 2);
  const layers = countOf(shapes, `${at}h.`);
  const [rows] = shapeOf('gpt2', shapes, `${at}h.0.attn.c_attn.weight`, 2);
  const agreed = (names: readonly string[], found: number) => expectAgreed('gpt2', names[0] as string, config.size(names, found), found);
  expectKnown(config);
  const options = {
    symbols: agreed(['vocab_size'], symbols),
    size: agreed(['n_embd', 'hidden_size', 'd_model'], size),
    layers: agreed(['n_layer', 'num_hidden_layers', 'num_layers'], layers),
    length: agreed(['n_positions', 'n_ctx', 'block_size', 'max_position_embeddings'], length),
    heads: config.size(['n_head', 'num_attention_heads']),
    hidden: Math.max(...shapeOf('gpt2', shapes, `${at}h.0.mlp.c_fc.weight`, 2)),
    bias: shapes.has(`${at}h.0.mlp.c_fc.bias`),
    attentionBias: biasOf(shapes, `${at}h.0.attn.c_attn.bias`, `${at}h.0.attn.c_proj.bias`),
    activation: activationOf(config, ['activation_function', 'hidden_act']),
    eps: config.number(['layer_norm_epsilon', 'layer_norm_eps'], 1e-5),
  };
  const head = headOf(shapes, `${at.replace(/transformer\.$/, '')}lm_head.weight`, `${at}wte.weight`);
  const entries = entriesOf(at, rows === size);
  return {
    make: (key) => new LanguageModel({ ...options, tied: head.tied }, key),
    map: [...head.entries, ...entries],
    loaded: (model) => [...head.settled(model), ...entries],
  };
}

/** Refuses what would compute another function. */
function expectKnown(config: Config): void {
  for (const name of ['scale_attn_by_inverse_layer_idx', 'add_cross_attention']) if (config.flag(name, false)) config.refuse(name, 'false');
  if (!config.flag('scale_attn_weights', true)) config.refuse('scale_attn_weights', 'true');
}

/** `transposed`: matrices are `[in, out]`. */
function entriesOf(at: string, transposed: boolean): StateMapEntry[] {
  const turned = transposed ? { transpose: true as const } : {};
  const matrices: readonly [string, string][] = [
    ['attn.c_attn.weight', 'self_attn.in_proj_weight'],
    ['attn.c_proj.weight', 'self_attn.out_proj.weight'],
    ['mlp.c_fc.weight', 'linear1.weight'],
    ['mlp.c_proj.weight', 'linear2.weight'],
  ];
  const others: readonly [string, string][] = [
    ['attn.c_attn.bias', 'self_attn.in_proj_bias'],
    ['attn.c_proj.bias', 'self_attn.out_proj.bias'],
    ['mlp.c_fc.bias', 'linear1.bias'],
    ['mlp.c_proj.bias', 'linear2.bias'],
    ['ln_1.*', 'norm1.*'],
    ['ln_2.*', 'norm2.*'],
  ];
  return [
    { from: `${at}wte.weight`, to: 'symbols.weight' },
    { from: `${at}wpe.weight`, to: 'positions.weight' },
    ...matrices.map(([from, to]) => ({ from: `${at}h.*.${from}`, to: `layers.*.${to}`, ...turned })),
    ...others.map(([from, to]) => ({ from: `${at}h.*.${from}`, to: `layers.*.${to}` })),
    { from: `${at}ln_f.*`, to: 'norm.*' },
    { from: `${at}h.*.attn.bias`, ignore: true }, // the causal mask
    { from: `${at}h.*.attn.masked_bias`, ignore: true },
  ];
}
