import { expectSynchronous } from '../runtime/synchronous.ts';
import { scope } from '../tensor/scope.ts';
import { noGrad } from './record.ts';

/**
 * Runs `fn` to ask a model: in a scope, which frees all that was made but what `fn` returns, and without recording. `fn` is synchronous.
 * `infer(() => model.forward(x).toArray())`.
 */
export function infer<T>(fn: () => T): T {
  return scope(() =>
    noGrad(() => {
      const result = fn();
      expectSynchronous('infer', result);
      return result;
    }),
  );
}
