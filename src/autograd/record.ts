import { tick } from '../runtime/clock.ts';
import { expectSynchronous } from '../runtime/synchronous.ts';
import { type Call, observer } from '../tensor/observe.ts';
import { expectTensor, type Recorded, type Tensor } from '../tensor/tensor.ts';

let on = true;

/** Whether ops are being recorded. */
export function recording(): boolean {
  return on;
}

/**
 * Says that the op `op` made `y`: to the tape, where an input needs a gradient and there is one, and to whoever observes. The call names every
 * tensor that the op read, masks and indices too, and its attributes. `backward` takes the gradient of `y` and returns one per input, `null`
 * where there is none; written in ops it is differentiable itself. It changes nothing that it is given, and what it returns may be what it was
 * given. A gradient may still have the broadcast shape: the tape sums it to the input's. Returns `y`.
 */
export function record(op: string, y: Tensor, call: Call, backward?: Recorded['backward']): Tensor {
  const { inputs } = call;
  if (backward) taped(op, y, inputs, backward);
  if (observer) observer(op, [y], call);
  return y;
}

/** {@link record} for the tape alone: `y` is no op's result, but what another made under another gradient. */
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
  const before = on;
  on = state;
  try {
    const result = fn();
    expectSynchronous(op, result); // what goes on after its first `await` would run in another mode
    return result;
  } finally {
    on = before;
  }
}

/** Runs `fn`, which is synchronous, without recording: no graph, no gradients through it. */
export function noGrad<T>(fn: () => T): T {
  return withRecording('noGrad', false, fn);
}

/** Runs `fn`, which is synchronous, with recording, also inside {@link noGrad}. */
export function withGrad<T>(fn: () => T): T {
  return withRecording('withGrad', true, fn);
}
