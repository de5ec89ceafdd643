import { tick } from '../runtime/clock.ts';
import { expectSynchronous } from '../runtime/synchronous.ts';
import { expectFields, isFunction } from '../tensor/check.ts';
import { type Call, observer } from '../tensor/observe.ts';
import { expectTensor, type Recorded, type Tensor } from '../tensor/tensor.ts';

let on = true;

/** Whether ops are being recorded. */
export function recording(): boolean {
  return on;
}

/**
 * Records that the op `op` made `y`: for the tape, if an input needs a gradient and recording is on, and for observers. The call names
 * every tensor that the op read, including masks and indices, and its attributes. `backward` takes the gradient of `y` and returns one per
 * input, `null` where there is none; if it is composed of ops, it is differentiable itself. It must not change its argument, but it may
 * return it. A gradient may still have the broadcast shape: the tape sums it to the input's. Returns `y`.
 */
export function record(op: string, y: Tensor, call: Call, backward?: Recorded['backward']): Tensor {
  expectFields('record', 'call', call, 'inputs');
  const { inputs } = call;
  if (backward) taped(op, y, inputs, backward);
  if (observer) observer(op, [y], call);
  return y;
}

/** {@link record} for the tape alone: `y` is not the result of an op, but another op made it under another gradient. */
export function taped(op: string, y: Tensor, inputs: Call['inputs'], backward: Recorded['backward']): Tensor {
  let wanted = false;
  for (const x of inputs) {
    if (!x) continue;
    expectTensor(op, 'inputs', x);
    wanted ||= x.requiresGrad;
  }
  if (on && wanted) y.recorded = { name: op, inputs, backward, order: tick() };
  return y;
}

function withRecording<T>(op: string, state: boolean, fn: () => T): T {
  isFunction(op, 'fn', fn);
  const before = on;
  on = state;
  try {
    const result = fn();
    expectSynchronous(op, result); // code after its first `await` would run in another mode
    return result;
  } finally {
    on = before;
  }
}

/** Runs `fn`, which is synchronous, without recording: no graph, and no gradients through it. */
export function noGrad<T>(fn: () => T): T {
  return withRecording('noGrad', false, fn);
}

/** Runs `fn`, which is synchronous, with recording, even inside {@link noGrad}. */
export function withGrad<T>(fn: () => T): T {
  return withRecording('withGrad', true, fn);
}
