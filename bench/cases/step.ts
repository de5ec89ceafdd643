// Shared parts of training steps.
import { Adam, backward, clipGradNorm, key, type Module, noGrad, parameters, scope, type Tensor, tensor } from 'saccade';
import { referenceBackend, withBackend } from 'saccade/reference';
import { randomInt } from 'saccade/tensor';
import type { Case, Proof } from '../case.ts';

/** int32 of a shape, from 0 up to `symbols`. */
export function tokens(seed: number, shape: readonly number[], symbols: number): Tensor {
  const size = shape.reduce((p, q) => p * q, 1);
  return tensor(
    Int32Array.from({ length: size }, (_, i) => randomInt(key(seed), i, symbols)),
    { shape },
  );
}

/** Makes a model and its loss for each backend; the same key gives the same weights. */
export type Lesson = () => { model: Module; loss: () => Tensor; clip?: number };

const LR = 1e-3;

/** A training step: forward, backward, clipping if the lesson has it, and Adam. Returns the loss. */
export function step(lesson: Lesson): () => Tensor {
  const { model, loss, clip } = lesson();
  const optimizer = new Adam(parameters(model), { lr: LR });
  return () =>
    scope(() => {
      const y = loss();
      backward(y);
      if (clip !== undefined) clipGradNorm(optimizer.parameters, clip);
      optimizer.step();
      return y;
    });
}

/** The loss in float64, without a tape, with each weight shifted by `by` of its path and index. */
function lossAt(lesson: Lesson, by: (path: string, i: number) => number): number {
  return withBackend(referenceBackend(), () =>
    scope(() => {
      const { model, loss } = lesson();
      for (const [path, weight] of parameters(model)) {
        const view = weight.view();
        for (let i = 0; i < view.length; i++) view[i] = (view[i] as number) + by(path, i);
      }
      return noGrad(loss).item();
    }),
  );
}

/**
 * The loss, its slope along the tape's gradient, and the loss after a step; and, from float64 forward passes alone, the loss, its central
 * difference along the same direction, and the loss after Adam's first step (Kingma and Ba 2015, algorithm 1 at t = 1: `lr · g / (|g| +
 * ε)`).
 */
export function proofOf(lesson: Lesson): Proof {
  const { model, loss } = lesson();
  const y = loss();
  backward(y);
  const gradients = new Map([...parameters(model)].flatMap(([path, { grad }]) => (grad ? [[path, grad.toArray()] as const] : [])));
  let squares = 0;
  for (const gradient of gradients.values()) for (const value of gradient) squares += value * value;
  const norm = Math.sqrt(squares);
  for (const weight of parameters(model).values()) weight.grad = null;
  const once = step(() => lessonOf(model, loss));
  once();
  const h = 1e-4 / norm;
  const along = (scale: number) => lossAt(lesson, (path, i) => scale * (gradients.get(path)?.[i] ?? 0));
  const adam = (path: string, i: number) => {
    const g = gradients.get(path)?.[i] ?? 0;
    return (-LR * g) / (Math.abs(g) + 1e-8);
  };
  return {
    got: [y.item(), norm, noGrad(loss).item()],
    wanted: [lossAt(lesson, () => 0), (along(h) - along(-h)) / (2 * h) / norm, lossAt(lesson, adam)],
  };
}

const lessonOf = (model: Module, loss: () => Tensor) => ({ model, loss });

/** The common part of every training step's case: reported as time, limited by its products. */
export const training = { bound: 'compute', unit: 'ms', tolerance: 1e-5 } as const satisfies Partial<Case>;
