// Models that look at images as graphs: rows as those of all other models.
import { GaussianGlimpse, Look, reparametrisedPlacement } from '../../src/attention/index.ts';
import { Draw, ImageClassifier, RecurrentAttention, SelfAttention2d, SpatialTransformer } from '../../src/models/index.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { given, type ModelRow, real, row } from './model-row.ts';

/** What starts at 0 moved from there: a view that turns, a block that adds something. */
function turned<M extends SpatialTransformer | SelfAttention2d>(model: M): M {
  const zero = model instanceof SpatialTransformer ? [model.theta.weight, model.theta.bias as Tensor] : [model.gamma];
  for (const x of zero) {
    const view = x.view();
    view.set(Float32Array.from(view, (_, i) => 0.3 - 0.1 * (i % 5)));
  }
  return model;
}

export const pictureModels: ModelRow[] = [
  ...(['rnn', 'lstm'] as const).map((core) =>
    row(`RecurrentAttention through Gaussian filters, ${core}`, {
      module: new RecurrentAttention(
        {
          ...{ classes: 3, glimpses: 3, hidden: 6, features: 5, core },
          look: new Look({ window: new GaussianGlimpse({ size: 3, scales: 2 }), placement: reparametrisedPlacement() }),
        },
        key(9),
      ),
      inputs: { images: real('batch', 9, 8), start: real('batch', 2) },
      call: (module, inputs) => ({ ...module.forward(given(inputs, 'images'), { start: given(inputs, 'start') }) }),
    }),
  ),
  row('Draw, z being their means', {
    module: new Draw({ height: 7, width: 7, steps: 3, hidden: 6, latent: 3, read: 3, write: 4 }, key(9)),
    inputs: { images: real('batch', 7, 7) },
    call: (module, inputs) => ({ ...module.forward(given(inputs, 'images')) }),
  }),
  ...Object.entries({ affine: {}, attention: { form: 'attention' }, 'four samples': { samples: 2 } } as const).map(([name, options]) =>
    row(`SpatialTransformer, ${name}`, {
      module: turned(
        new SpatialTransformer(
          { size: [16, 18], view: [8, 9], classes: 3, ...options, filters: [4], hidden: [6], localFilters: 3, localWindow: 2 },
          key(9),
        ),
      ),
      inputs: { images: real('batch', 16, 18) },
      call: (module, inputs) => ({ ...module.forward(given(inputs, 'images')) }),
    }),
  ),
  row('ImageClassifier of images with channels', {
    module: new ImageClassifier({ size: 10, channels: 2, classes: 3, filters: [4, 5], hidden: [6] }, key(9)),
    inputs: { images: real('batch', 10, 10, 2) },
    call: (module, inputs) => module.forward(given(inputs, 'images')),
  }),
  row('SelfAttention2d with weights', {
    module: turned(new SelfAttention2d({ channels: 6, inner: 2 }, key(9))),
    inputs: { x: real('batch', 3, 4, 6) },
    call: (module, inputs) => module.attend(given(inputs, 'x')),
  }),
];
