// What training steps share.
import { Adam, backward, key, type Module, parameters, randomInt, scope, type Tensor, tensor } from 'saccade';
import type { Case } from '../case.ts';

/** int32 of a shape, from 0 up to `symbols`. */
export function tokens(seed: number, shape: readonly number[], symbols: number): Tensor {
  const size = shape.reduce((p, q) => p * q, 1);
  return tensor(
    Int32Array.from({ length: size }, (_, i) => randomInt(key(seed), i, symbols)),
    { shape },
  );
}

/** A training step with Adam: forward, backward, update. Returns the loss. */
export function step<M extends Module>(model: M, loss: (model: M) => Tensor): () => Tensor {
  const optimizer = new Adam(parameters(model), { lr: 1e-3 });
  return () =>
    scope(() => {
      const y = loss(model);
      backward(y);
      optimizer.step();
      return y;
    });
}

/** What is the same in every training step's case: told as time, bounded by its products, the loss of a second step compared. */
export const training = { bound: 'compute', unit: 'ms', calls: 2, tolerance: 1e-5 } as const satisfies Partial<Case>;
