import { gather } from '../ops/index.ts';
import { shown } from '../tensor/check.ts';
import { type Shape, sameShape, show } from '../tensor/shape.ts';
import { kindOf, Tensor } from '../tensor/tensor.ts';

/**
 * A part of a state that is more than plain tensors, such as a growing cache, and selects its rows itself. It is a value: no holder ever
 * sees it change.
 */
export interface RowState {
  /** The number of rows. */
  readonly rows: number;
  /** The rows that `order` (int32 `[N]`) names, in that order; rows may be left out or occur several times. */
  takeRows(order: Tensor): RowState;
  /** Its own row where `real` (bool `[B]`) is true, that of `before` elsewhere: for {@link unroll} with a mask. */
  mergeRows?(real: Tensor, before: RowState): RowState;
  /** Every tensor it holds: searches free those that no state holds any more. */
  tensors(): readonly Tensor[];
}

/**
 * The contents of a state: tensors whose first axis is the batch, parts that select their rows themselves, and lists and groups of these.
 */
export type StatePart = Tensor | RowState | State | readonly StatePart[];

/** The named values that a step form carries from step to step; never changed. Declare one as a `type`, so that its names are known. */
export interface State {
  readonly [name: string]: StatePart;
}

/** Whether a part selects its rows itself. */
export const isRowState = (part: unknown): part is RowState => typeof (part as RowState | null | undefined)?.takeRows === 'function';

const isGroup = (part: unknown): part is State =>
  Object.prototype.toString.call(part) === '[object Object]' && !('storage' in (part as object));

/** The same lists and groups, with `f` applied to their contents. */
function mapped(part: StatePart, f: (leaf: Tensor | RowState) => StatePart): StatePart {
  if (part instanceof Tensor || isRowState(part)) return f(part);
  if (Array.isArray(part)) return part.map((one: StatePart) => mapped(one, f));
  if (!isGroup(part)) throw new TypeError(`state: must be tensors in named groups or lists, got ${kindOf(part)}`);
  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, mapped(one, f)]));
}

/** The same state with `f` applied to each tensor. Refuses parts that select their rows themselves: see {@link takeRows}. */
export function mapState<S extends State>(state: S, f: (x: Tensor) => Tensor): S {
  return mapped(state, (leaf) => {
    if (leaf instanceof Tensor) return f(leaf);
    throw new TypeError(`mapState: state must be plain tensors, got ${shown(leaf)} that takes its rows itself`);
  }) as S;
}

/** The rows of a state that `order` (int32 `[N]`) names, in that order; rows may be left out or occur several times. */
export function takeRows<S extends State>(state: S, order: Tensor): S {
  return mapped(state, (leaf) => (leaf instanceof Tensor ? gather(leaf, order) : leaf.takeRows(order))) as S;
}

/** The contents of a state, each with its path. Refuses anything else: numbers, null, a group within itself. */
export function partsOf(
  op: string,
  state: StatePart,
  path = 'state',
  around: readonly unknown[] = [],
): [path: string, part: Tensor | RowState][] {
  if (state instanceof Tensor || isRowState(state)) return [[path, state]];
  if (!(isGroup(state) || Array.isArray(state)) || around.includes(state)) {
    const got = around.includes(state) ? 'the group itself' : kindOf(state);
    throw new TypeError(`${op}: ${path.split('.')[0]} must be tensors in named groups or lists, got ${got} at ${path}`);
  }
  return Object.entries(state).flatMap(([name, part]) => partsOf(op, part as StatePart, `${path}.${name}`, [...around, state]));
}

/** Checks that every part of a state has `rows` rows; `of` names them in errors. */
export function expectRows(op: string, state: StatePart, rows: number, of: string, name = 'state'): void {
  for (const [path, part] of partsOf(op, state, name)) {
    const count = part instanceof Tensor ? part.shape[0] : part.rows;
    if (count === rows) continue;
    throw new RangeError(
      `${op}: ${path} must have a row for each of ${rows} ${of}, got ${part instanceof Tensor ? show(part.shape) : `${count} rows`}`,
    );
  }
}

/** Checks that a state has exactly these parts, each of the given shape. */
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
