// Rows of the module table for layers of Transformers, and for what is made of them.
import { causal, everywhere } from '../../src/attention/window.ts';
import { TransformerDecoderLayer, type TransformerDecoderLayerOptions } from '../../src/models/transformer/decoder-layer.ts';
import { TransformerEncoderLayer, type TransformerEncoderLayerOptions } from '../../src/models/transformer/layer.ts';
import { TransformerDecoder, TransformerEncoder } from '../../src/models/transformer/stack.ts';
import { Transformer } from '../../src/models/transformer/transformer.ts';
import { type ModuleRow, padding, real, row } from '../nn/row.ts';

const [S, T] = [5, 4];

/** Layers of a Transformer: 6 wide, two heads. */
const layers: Record<string, Partial<TransformerEncoderLayerOptions>> = {
  'post norm': { dropout: 0.2 },
  'pre norm, causal': { normFirst: true, activation: 'gelu', window: causal, hidden: 5 },
  'without bias': { normFirst: true, bias: false, hidden: 5 },
  gated: { gated: true, activation: 'silu', hidden: 5, dropout: 0.2 },
  'grouped, wide heads': { keyHeads: 1, headSize: 4, scale: 0.7, activation: 'relu2', normFirst: true, eps: 1e-2, bias: false, hidden: 5 },
  'as GPT-2': { activation: 'gelu-tanh', normFirst: true, window: causal },
};
const decoderLayers: Record<string, Partial<TransformerDecoderLayerOptions>> = {
  'post norm': { dropout: 0.2 },
  'pre norm, gated, another source': { normFirst: true, gated: true, activation: 'silu', hidden: 5, source: 5 },
  everywhere: { window: everywhere, keyHeads: 1, scale: 1, bias: false, hidden: 5 },
};
const stacked = { size: 6, heads: 2, layers: 2, hidden: 5, activation: 'gelu', dropout: 0.2 } as const;

/** Ends of paths that start alike whatever the key. */
export const drawnAlike = [
  'in_proj_bias',
  'out_proj.bias',
  'norm1.weight',
  'norm1.bias',
  'norm2.weight',
  'norm2.bias',
  'norm3.weight',
  'norm3.bias',
  'norm.weight',
  'norm.bias',
];

export const layerRows: ModuleRow[] = [
  ...Object.entries(layers).map(([name, options]) =>
    row({
      module: 'TransformerEncoderLayer',
      name,
      build: (key) => new TransformerEncoderLayer({ size: 6, heads: 2, ...options }, key),
      constant: drawnAlike,
      call: (layer, examples, key) => layer.forward(real(examples, [S, 6], 1), { mask: padding(examples, S), key }),
      ...(options.dropout && { dropout: true as const }),
    }),
  ),
  ...Object.entries(decoderLayers).map(([name, options]) =>
    row({
      module: 'TransformerDecoderLayer',
      name,
      build: (key) => new TransformerDecoderLayer({ size: 6, heads: 2, ...options }, key),
      constant: drawnAlike,
      call: (layer, examples, key) => {
        const source = real(examples, [S, options.source ?? 6], 2);
        return layer.forward(real(examples, [T, 6], 1), source, { mask: padding(examples, T), crossMask: padding(examples, S), key });
      },
      ...(options.dropout && { dropout: true as const }),
    }),
  ),
  row({
    module: 'TransformerEncoder',
    build: (key) => new TransformerEncoder({ ...stacked, normFirst: true }, key),
    constant: drawnAlike,
    call: (model, examples, key) => model.forward(real(examples, [S, 6], 1), { mask: padding(examples, S), key }),
    dropout: true,
  }),
  row({
    module: 'TransformerDecoder',
    build: (key) => new TransformerDecoder({ ...stacked, normFirst: true }, key),
    constant: drawnAlike,
    call: (model, examples, key) => {
      const masks = { mask: padding(examples, T), crossMask: padding(examples, S) };
      return model.forward(real(examples, [T, 6], 1), real(examples, [S, 6], 2), { ...masks, key });
    },
    dropout: true,
  }),
  row({
    module: 'Transformer',
    build: (key) => new Transformer({ ...stacked, encoder: { layers: 1 } }, key),
    constant: drawnAlike,
    call: (model, examples, key) => {
      const masks = { sourceMask: padding(examples, S), targetMask: padding(examples, T) };
      return model.forward(real(examples, [S, 6], 1), real(examples, [T, 6], 2), { ...masks, key });
    },
    dropout: true,
  }),
];
