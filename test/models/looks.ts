// Rows of models that look at images.
import { FilterBank } from '../../src/attention/looks/filter-bank.ts';
import { GaussianGlimpse } from '../../src/attention/looks/glimpse.ts';
import { Look } from '../../src/attention/looks/look.ts';
import { reparametrisedPlacement } from '../../src/attention/looks/placements.ts';
import { Draw } from '../../src/models/vision/draw.ts';
import { RecurrentAttention } from '../../src/models/vision/recurrent-attention.ts';
import type { Key } from '../../src/tensor/random.ts';
import { beside, type ModuleRow, real, row } from '../nn/row.ts';

const keyed = (key: Key | undefined) => (key ? { key } : {});

export const lookRows: ModuleRow[] = [
  ...Object.entries({ '': { read: 2, write: 3 }, 'whole images': { read: null, write: null } }).map(([name, windows]) =>
    row({
      module: 'Draw',
      ...(name ? { name } : {}),
      build: (key) => new Draw({ height: 4, width: 5, steps: 3, hidden: 4, latent: 3, ...windows }, key),
      constant: ['canvas', 'Window.linear.bias'],
      call: (model, examples, key) => {
        const { logits, divergence } = model.forward(real(examples, [4, 5], 1), keyed(key));
        return beside(logits, divergence);
      },
      dropout: true,
    }),
  ),
  ...Object.entries({
    '': { look: { window: new GaussianGlimpse({ size: 2, scales: 2 }), placement: reparametrisedPlacement({ sigma: 0.2 }) } },
    'lstm, filter bank': { look: { window: new FilterBank({ size: 2 }), placement: reparametrisedPlacement() }, core: 'lstm' as const },
  }).map(([name, { look, ...more }]) =>
    row({
      module: 'RecurrentAttention',
      ...(name ? { name } : {}),
      build: (key) => new RecurrentAttention({ classes: 3, glimpses: 3, hidden: 4, features: 3, look: new Look(look), ...more }, key),
      call: (model, examples, key) => {
        const { logits, places } = model.forward(real(examples, [5, 4], 1), keyed(key));
        return beside(logits, places);
      },
      dropout: true,
    }),
  ),
];
