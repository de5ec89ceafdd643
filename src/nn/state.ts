import { shown } from '../tensor/check.ts';
import { type Shape, sameShape, show } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** What a step form carries from one step to the next: tensors whose first axis is the batch, in named groups. A value, never changed. */
export interface State {
  readonly [name: string]: Tensor | State;
}

/** The same state with `f` applied to each tensor. */
export function mapState<S extends State>(state: S, f: (x: Tensor) => Tensor): S {
  const result: Record<string, Tensor | State> = {};
  for (const [name, part] of Object.entries(state)) result[name] = part instanceof Tensor ? f(part) : mapState(part, f);
  return result as S;
}

/** The tensors of a state with their paths. What is no state is refused: lists, numbers, nothing, a group within itself. */
export function partsOf(op: string, state: State, path = 'state', around: readonly object[] = []): [path: string, x: Tensor][] {
  if (state instanceof Tensor) return [[path, state]];
  const group = Object.prototype.toString.call(state) === '[object Object]';
  if (!group || around.includes(state)) {
    const got = around.includes(state) ? 'the group itself' : shown(state);
    throw new TypeError(`${op}: state must be tensors in named groups, got ${got} at ${path}`);
  }
  return Object.entries(state).flatMap(([name, part]) => partsOf(op, part as State, `${path}.${name}`, [...around, state]));
}

/** Checks a state that is to have these parts, each of one shape. */
export function expectState(op: string, state: State, parts: readonly string[], shape: Shape): void {
  const names = typeof state === 'object' && state && !(state instanceof Tensor) ? Object.keys(state) : undefined;
  if (names?.length !== parts.length || !parts.every((part) => names.includes(part))) {
    const got = names ? `{ ${names.join(', ')} }` : shown(state);
    throw new TypeError(`${op}: state must be { ${parts.join(', ')} } of ${show(shape)} each, got ${got}`);
  }
  for (const name of parts) {
    const part = state[name];
    if (part instanceof Tensor && sameShape(part.shape, shape)) continue;
    throw new RangeError(`${op}: state must be ${show(shape)}, got ${part instanceof Tensor ? show(part.shape) : shown(part)} for ${name}`);
  }
}
