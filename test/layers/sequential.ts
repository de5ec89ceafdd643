// Layers files of a sequence of layers, made by hand.
import type { LayersFile, LayersFiles, WeightSpec } from '../../src/layers/index.ts';

/** Whole numbers / 8, as a generator of weights. */
export const numbers = (size: number, seed: number) => Float32Array.from({ length: size }, (_, i) => (((i * 7 + seed * 5) % 17) - 8) / 8);

export type Spec = [name: string, shape: number[]];

/** A Sequential model of these layers. */
export function sequential(layers: object[], specs: Spec[], change: (specs: WeightSpec[]) => WeightSpec[] = (x) => x) {
  const values = specs.map(([, shape], i) =>
    numbers(
      shape.reduce((a, b) => a * b, 1),
      i,
    ),
  );
  const weights = change(specs.map(([name, shape]) => ({ name, shape, dtype: 'float32' })));
  const bytes = new Uint8Array(values.flatMap((each) => [...new Uint8Array(each.buffer)]));
  const model: LayersFile = {
    modelTopology: { model_config: { class_name: 'Sequential', config: { name: 's', layers } } },
    weightsManifest: [{ paths: ['a.bin'], weights }],
  };
  return { files: { model, weights: () => bytes } satisfies LayersFiles, values };
}
