import { reshape, stack, unstack, where } from '../ops/index.ts';
import { expectNames, type Names } from '../tensor/check.ts';
import { type Shape, sameShape, show } from '../tensor/shape.ts';
import { expectDType, expectTensor, Tensor } from '../tensor/tensor.ts';
import { isRowState, type RowState, type State, type StatePart } from './state.ts';
import { withoutUnseen } from './unseen.ts';

/** The result of one step of a recurrence: `output` [B, D], the next state, and any other fields of the core, batch first. */
export interface CoreStep<S extends State = State> {
  /** `[B, D]`. */
  output: Tensor;
  /** The next state. */
  state: S;
}

/** One step of a recurrence. The state is a value, batch first, that holds everything one step needs from the last. */
export interface Core<S extends State = State, Step extends CoreStep<S> = CoreStep<S>> {
  /** The state before the first step. */
  initialState(batch: number): S;
  /** From `input` [B, I] to `output` [B, D] and the next state. */
  step(input: Tensor, state: S): Step;
}

/** Where a core starts, and which steps are real. */
export interface UnrollOptions<S> {
  /** The state before the first step. Default: the core's initial state. */
  state?: S | undefined;
  /** bool [B, T], true where a step is real: at other steps all results are 0 and the state stays. */
  mask?: Tensor | undefined;
  /** Run from the last step to the first; with a mask, from each row's last real step. */
  reverse?: boolean | undefined;
}

const names: Names<UnrollOptions<State>> = { state: 1, mask: 1, reverse: 1 };

/**
 * Runs a core along the time axis of `inputs` `[B, T, I]`: returns every field of its steps as `[B, T, …]` under the same name, and the
 * state after each row's last real step.
 */
export function unroll<S extends State, Step extends CoreStep<S>>(
  core: Core<S, Step>,
  inputs: Tensor,
  options: UnrollOptions<S> = {},
): Step {
  expectNames('unroll', options, names as Names<UnrollOptions<S>>);
  expectTensor('unroll', 'inputs', inputs);
  const [batch, length] = inputs.shape;
  if (inputs.rank !== 3 || batch === undefined || !length) {
    throw new RangeError(`unroll: inputs must be [B, T, I] with at least one step, got ${show(inputs.shape)}`);
  }
  const { mask, reverse = false } = options;
  if (mask) checkMask('unroll', mask, [batch, length]);
  const steps = new Array<Omit<Step, 'state'>>(length);
  const parts = unstack(mask ? withoutUnseen(inputs, mask) : inputs, 1);
  const reals = mask ? unstack(mask, 1) : [];
  let state = options.state ?? core.initialState(batch);
  for (let s = 0; s < length; s++) {
    const t = reverse ? length - 1 - s : s;
    const { state: next, ...given } = core.step(parts[t] as Tensor, state);
    const real = reals[t]; // [B]
    steps[t] = real ? only(real, given) : given;
    state = real ? (merged(real, next, state) as S) : next;
  }
  return { ...stacked(steps), state } as Step;
}

/** Stacks the results of several steps along axis 1, by name: T × [B, …] as [B, T, …]. */
export function stacked<X extends object>(steps: readonly X[]): X {
  const all = (name: keyof X) => steps.map((step) => step[name] as Tensor);
  return Object.fromEntries((Object.keys(steps[0] ?? {}) as (keyof X)[]).map((name) => [name, stack(all(name), 1)])) as X;
}

/** Checks a mask of real steps, bool `[B, T]`. */
export function checkMask(op: string, mask: Tensor, shape: Shape): void {
  expectDType(op, 'mask', mask, 'bool');
  if (!sameShape(mask.shape, shape)) throw new RangeError(`${op}: mask must be ${show(shape)}, got ${show(mask.shape)}`);
}

/** Reshapes [B] to [B, 1, …, 1] of a given rank. */
function column(x: Tensor, rank: number): Tensor {
  return reshape(x, [x.size, ...new Array<number>(rank - 1).fill(1)]);
}

/** The result of a step, with 0 in the rows that are not `real`. */
function only<X extends object>(real: Tensor, given: X): X {
  return Object.fromEntries(Object.entries(given).map(([name, x]) => [name, where(column(real, x.rank), x, 0)])) as X;
}

/** Selects `next` in the rows where `real`, else `before`. */
function merged(real: Tensor, next: StatePart, before: StatePart): StatePart {
  if (next === before) return next;
  if (next instanceof Tensor) return where(column(real, next.rank), next, before as Tensor);
  if (isRowState(next)) return mergedRows(real, next, before as RowState);
  if (Array.isArray(next)) return next.map((part: StatePart, i) => merged(real, part, (before as readonly StatePart[])[i] as StatePart));
  return Object.fromEntries(
    Object.entries(next as State).map(([name, part]) => [name, merged(real, part, (before as State)[name] as StatePart)]),
  );
}

function mergedRows(real: Tensor, next: RowState, before: RowState): RowState {
  if (next.mergeRows) return next.mergeRows(real, before);
  throw new TypeError('unroll: a state whose rows stay under a mask must have mergeRows(), got one without');
}
