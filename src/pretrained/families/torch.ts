import { causal, everywhere } from '../../attention/window.ts';
import { TransformerDecoder, TransformerEncoder } from '../../models/transformer/stack.ts';
import { Transformer } from '../../models/transformer/transformer.ts';
import type { StateMapEntry } from '../../nn/state-entry.ts';
import { activationOf } from '../activation.ts';
import type { Config } from '../config.ts';
import { biasOf, countOf, expectAgreed, type Family, type FamilyPlan, type FileShapes, shapeOf } from '../family.ts';

const FIRST = 'layers.0.self_attn.in_proj_weight';
const LAYERS = 'layers.*.**';
const NORM = 'norm.*';

/**
 * PyTorch's own modules: the state dict of an `nn.Transformer`, `nn.TransformerEncoder` or `nn.TransformerDecoder`, alone or under the one name that it has in
 * a module (what else the module has must be skipped). The config has the names of their arguments: `nhead`, which files do not tell, and, unless they are
 * PyTorch's defaults, `norm_first`, `activation` and `layer_norm_eps`. A decoder looks back, which `tgt_is_causal: false` changes; an encoder looks
 * everywhere, which `is_causal: true` changes.
 */
export const torch: Family<Transformer | TransformerEncoder | TransformerDecoder> = {
  name: 'torch',
  types: ['torch'],
  recognises: (names) => [...names].some((name) => name === FIRST || name.endsWith(`.${FIRST}`)),
  plan,
};

function plan(config: Config, shapes: FileShapes): FamilyPlan<Transformer | TransformerEncoder | TransformerDecoder> {
  const stacks = stacksOf(shapes);
  const { encoder: forEncoder, decoder: forDecoder } = stacks;
  const common = commonOf(config, shapes, (forEncoder ?? forDecoder) as string);
  const encoder = forEncoder !== undefined && {
    ...ownOf(config, shapes, forEncoder, 'num_encoder_layers'),
    window: windowOf(config, 'is_causal', false),
  };
  const decoder = forDecoder !== undefined && { ...ownOf(config, shapes, forDecoder, 'num_decoder_layers'), window: windowOf(config, 'tgt_is_causal', true) }; // biome-ignore format: like the line above
  const map = (at: string, to: string): StateMapEntry[] => [
    { from: at + LAYERS, to: to + LAYERS },
    { from: at + NORM, to: to + NORM },
  ];
  if (encoder && decoder) {
    const options = { ...common, layers: encoder.layers, encoder, decoder };
    return {
      make: (key) => new Transformer(options, key),
      map: [...map(forEncoder, 'encoder.'), ...map(forDecoder, 'decoder.')],
    };
  }
  if (encoder) return { make: (key) => new TransformerEncoder({ ...common, ...encoder }, key), map: map(forEncoder, '') };
  const alone = decoder as Exclude<typeof decoder, false>;
  return { make: (key) => new TransformerDecoder({ ...common, ...alone }, key), map: map(forDecoder as string, '') };
}

/** What stands before the layers of the encoder and of the decoder. */
function stacksOf(shapes: FileShapes): { encoder?: string; decoder?: string } {
  const found = [...shapes.keys()].flatMap((name) => (name === FIRST || name.endsWith(`.${FIRST}`) ? [name.slice(0, -FIRST.length)] : []));
  const [decoders, encoders] = [true, false].map((reads) =>
    found.filter((at) => shapes.has(`${at}layers.0.multihead_attn.in_proj_weight`) === reads),
  ) as [string[], string[]];
  const [encoder, decoder] = [encoders[0], decoders[0]];
  const together = encoder?.replace(/encoder\.$/, '') === decoder?.replace(/decoder\.$/, '');
  if (found.length === 1 || (found.length === 2 && together))
    return { ...(encoder !== undefined && { encoder }), ...(decoder !== undefined && { decoder }) };
  throw new RangeError(
    `torch: files must hold ${FIRST} once, or of encoder. and decoder. of one module, got ${found.map((at) => `${at}${FIRST}`).join(', ') || `none among ${shapes.size} names`}`,
  );
}

/** What the layers of both stacks have in common, by the first layer of one. */
function commonOf(config: Config, shapes: FileShapes, at: string) {
  const layer = `${at}layers.0.`;
  const [, size = 0] = shapeOf('torch', shapes, `${layer}self_attn.in_proj_weight`, 2);
  const [hidden = 0] = shapeOf('torch', shapes, `${layer}linear1.weight`, 2);
  return {
    size: agreed(config, size, 'd_model'),
    hidden: agreed(config, hidden, 'dim_feedforward'),
    heads: config.size(['nhead', 'num_heads', 'num_attention_heads']),
    normFirst: config.flag('norm_first', false),
    activation: activationOf(config, ['activation'], 'relu'),
    eps: config.number('layer_norm_eps', 1e-5),
    bias: shapes.has(`${layer}linear1.bias`),
    attentionBias: biasOf(shapes, `${layer}self_attn.in_proj_bias`, `${layer}self_attn.out_proj.bias`),
  };
}

/** What a stack has of its own. */
const ownOf = (config: Config, shapes: FileShapes, at: string, name: string) => ({
  layers: agreed(config, countOf(shapes, `${at}layers.`), name, 'num_layers'),
  lastNorm: shapes.has(`${at}norm.weight`),
});

const windowOf = (config: Config, name: string, fallback: boolean) => (config.flag(name, fallback) ? causal : everywhere);

const agreed = (config: Config, found: number, ...names: string[]) =>
  expectAgreed('torch', names[0] as string, config.size(names, found), found);
