import type { Recorded, Tensor } from '../tensor/tensor.ts';

let on = true;
let order = 0;

/** Whether ops are being recorded. */
export function recording(): boolean {
  return on;
}

/** How many tensors have been recorded so far. */
export function recordings(): number {
  return order;
}

/**
 * Notes how `y` came from `inputs`, where any of them needs a gradient. `backward` takes the gradient of `y` and returns one per
 * input, `null` where there is none; written in ops it is differentiable itself. A gradient may still have the broadcast shape:
 * the tape sums it to the input's. Returns `y`.
 */
export function record(name: string, y: Tensor, inputs: readonly Tensor[], backward: Recorded['backward']): Tensor {
  if (on && inputs.some((x) => x.requiresGrad)) y.recorded = { name, inputs, backward, order: order++ };
  return y;
}

function withRecording<T>(state: boolean, fn: () => T): T {
  const before = on;
  on = state;
  try {
    return fn();
  } finally {
    on = before;
  }
}

/** Runs `fn` without recording: no graph, no gradients through it. */
export function noGrad<T>(fn: () => T): T {
  return withRecording(false, fn);
}

/** Runs `fn` with recording, also inside {@link noGrad}. */
export function withGrad<T>(fn: () => T): T {
  return withRecording(true, fn);
}
