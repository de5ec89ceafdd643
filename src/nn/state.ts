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
