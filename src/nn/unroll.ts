import { reshape, stack, unstack, where } from '../ops/index.ts';
import { expectNames, type Names } from '../tensor/check.ts';
import { type Shape, sameShape, show } from '../tensor/shape.ts';
import { expectDType, Tensor } from '../tensor/tensor.ts';
import type { State } from './state.ts';
import { withoutUnseen } from './unseen.ts';

/** One step of a recurrence. The state is a value: what it needs from one step to the next, batch first. */
export interface Core<S extends State = State> {
  /** The state before the first step. */
  initialState(batch: number): S;
  /** `input` [B, I] → `output` [B, H] and the state after it. */
  step(input: Tensor, state: S): { output: Tensor; state: S };
}

/** Where a core starts, and which steps are real. */
export interface UnrollOptions<S> {
  /** The state before the first step; the core's initial one by default. */
  state?: S;
  /** Bool [B, T], true where a step is real: at others the output is 0 and the state stays. */
  mask?: Tensor;
  /** From the last step to the first; with a mask, from each row's last real step. */
  reverse?: boolean;
}

const names: Names<UnrollOptions<State>> = { state: 1, mask: 1, reverse: 1 };

/** A core along the time axis of `inputs` [B, T, I]: `outputs` [B, T, H] and the state after each row's last real step. */
export function unroll<S extends State>(core: Core<S>, inputs: Tensor, options: UnrollOptions<S> = {}): { outputs: Tensor; state: S } {
  expectNames('unroll', options, names as Names<UnrollOptions<S>>);
  const [batch, steps] = inputs.shape;
  if (inputs.rank !== 3 || batch === undefined || !steps) {
    throw new RangeError(`unroll: inputs must be [B, T, I] with at least one step, got ${show(inputs.shape)}`);
  }
  const { mask, reverse = false } = options;
  if (mask) checkMask('unroll', mask, [batch, steps]);
  const outputs = new Array<Tensor>(steps);
  const parts = unstack(mask ? withoutUnseen(inputs, mask) : inputs, 1);
  const reals = mask ? unstack(mask, 1) : [];
  let state = options.state ?? core.initialState(batch);
  for (let s = 0; s < steps; s++) {
    const t = reverse ? steps - 1 - s : s;
    const next = core.step(parts[t] as Tensor, state);
    const real = reals[t]; // [B]
    outputs[t] = real ? where(column(real, next.output.rank), next.output, 0) : next.output;
    state = real ? chosen(real, next.state, state) : next.state;
  }
  return { outputs: stack(outputs, 1), state };
}

/** Checks a mask of real steps, bool `[B, T]`. */
export function checkMask(op: string, mask: Tensor, shape: Shape): void {
  expectDType(op, 'mask', mask, 'bool');
  if (!sameShape(mask.shape, shape)) throw new RangeError(`${op}: mask must be ${show(shape)}, got ${show(mask.shape)}`);
}

/** [B] as [B, 1, …, 1] of a rank. */
function column(x: Tensor, rank: number): Tensor {
  return reshape(x, [x.size, ...new Array<number>(rank - 1).fill(1)]);
}

/** Row by row `next` where `real`, else `before`. */
function chosen<S extends State>(real: Tensor, next: S, before: S): S {
  const pick = (a: Tensor | State, b: Tensor | State): Tensor | State => {
    if (a instanceof Tensor && b instanceof Tensor) return a === b ? a : where(column(real, a.rank), a, b);
    return chosen(real, a as State, b as State);
  };
  return Object.fromEntries(Object.entries(next).map(([name, part]) => [name, pick(part, before[name] as Tensor | State)])) as S;
}
