import { gather } from '../ops/index.ts';
import { shown } from '../tensor/check.ts';
import { type Shape, sameShape, show } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * A part of a state that is more than plain tensors, a cache that grows for instance: it says itself how its rows are taken. A value, never
 * changed as far as anybody can tell who holds it.
 */
export interface RowState {
  /** How many rows it has. */
  readonly rows: number;
  /** The rows that `order` (int32 `[N]`) names, in that order; a row may be left out or come several times. */
  takeRows(order: Tensor): RowState;
  /** Its own row where `real` (bool `[B]`) is true, that of `before` elsewhere: for {@link unroll} with a mask. */
  mergeRows?(real: Tensor, before: RowState): RowState;
  /** Every tensor it holds: searches free what no state holds any more. */
  tensors(): readonly Tensor[];
}

/** What a state is made of: tensors whose first axis is the batch, parts that take their rows themselves, and lists and groups of these. */
export type StatePart = Tensor | RowState | State | readonly StatePart[];

/** What a step form carries from one step to the next, by name. A value, never changed. Declare one as a `type`, so that its names are known. */
export interface State {
  readonly [name: string]: StatePart;
}

/** Whether a part takes its rows itself. */
export const isRowState = (part: unknown): part is RowState => typeof (part as RowState | null | undefined)?.takeRows === 'function';

const isGroup = (part: unknown): part is State => Object.prototype.toString.call(part) === '[object Object]';

/** The same lists and groups with `f` applied to what they hold. */
function mapped(part: StatePart, f: (leaf: Tensor | RowState) => StatePart): StatePart {
  if (part instanceof Tensor || isRowState(part)) return f(part);
  if (Array.isArray(part)) return part.map((one: StatePart) => mapped(one, f));
  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, mapped(one, f)]));
}

/** The same state with `f` applied to each tensor. Parts that take their rows themselves are refused: see {@link takeRows}. */
export function mapState<S extends State>(state: S, f: (x: Tensor) => Tensor): S {
  return mapped(state, (leaf) => {
    if (leaf instanceof Tensor) return f(leaf);
    throw new TypeError(`mapState: state must be plain tensors, got ${shown(leaf)} that takes its rows itself`);
  }) as S;
}

/** The rows of a state that `order` (int32 `[N]`) names, in that order; a row may be left out or come several times. */
export function takeRows<S extends State>(state: S, order: Tensor): S {
  return mapped(state, (leaf) => (leaf instanceof Tensor ? gather(leaf, order) : leaf.takeRows(order))) as S;
}

/** What a state holds, each with its path. What is no state is refused: numbers, nothing, a group within itself. */
export function partsOf(
  op: string,
  state: StatePart,
  path = 'state',
  around: readonly unknown[] = [],
): [path: string, part: Tensor | RowState][] {
  if (state instanceof Tensor || isRowState(state)) return [[path, state]];
  if (!(isGroup(state) || Array.isArray(state)) || around.includes(state)) {
    const got = around.includes(state) ? 'the group itself' : shown(state);
    throw new TypeError(`${op}: ${path.split('.')[0]} must be tensors in named groups or lists, got ${got} at ${path}`);
  }
  return Object.entries(state).flatMap(([name, part]) => partsOf(op, part as StatePart, `${path}.${name}`, [...around, state]));
}

/** Checks that a state has `rows` rows throughout; `of` says of what. */
export function expectRows(op: string, state: StatePart, rows: number, of: string, name = 'state'): void {
  for (const [path, part] of partsOf(op, state, name)) {
    const count = part instanceof Tensor ? part.shape[0] : part.rows;
    if (count === rows) continue;
    throw new RangeError(
      `${op}: ${path} must have a row for each of ${rows} ${of}, got ${part instanceof Tensor ? show(part.shape) : `${count} rows`}`,
    );
  }
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
