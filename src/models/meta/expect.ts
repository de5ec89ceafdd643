import { shown } from '../../tensor/check.ts';
import { kindOf, Tensor } from '../../tensor/tensor.ts';

/** Checks a sequence of inputs, float32 `[B, T, I]` of at least one step. */
export function expectSequence(op: string, x: Tensor, input: number): void {
  if (x instanceof Tensor && x.dtype === 'float32' && x.rank === 3 && x.shape[2] === input && x.shape[1]) return;
  throw new RangeError(`${op}: x must be float32 [B, T, ${input}] with T from 1, got ${kindOf(x)}`);
}

/** Checks the input of one step, float32 `[B, I]`. */
export function expectStep(op: string, x: Tensor, input: number): void {
  if (x instanceof Tensor && x.dtype === 'float32' && x.rank === 2 && x.shape[1] === input) return;
  throw new RangeError(`${op}: x must be float32 [B, ${input}], got ${kindOf(x)}`);
}

/** Checks that a state holds a list `name` of `count` parts. */
export function expectCount(op: string, whose: string, name: string, state: unknown, count: number): void {
  const list: unknown = Object(state)[name];
  if (Array.isArray(list) && list.length === count) return;
  const got = Array.isArray(list) ? `a state of ${list.length} ${name}` : shown(state);
  throw new TypeError(`${op}: state must be this ${whose} own, got ${got}`);
}
