import { expectSynchronous } from '../runtime/synchronous.ts';
import { isFunction } from '../tensor/check.ts';
import { scope } from '../tensor/scope.ts';
import { noGrad } from './record.ts';

/**
 * Runs `fn`, which is synchronous, for inference: without recording, and in a scope that frees everything except the result.
 * `infer(() => model.forward(x).toArray())`.
 */
export function infer<T>(fn: () => T): T {
  isFunction('infer', 'fn', fn);
  return scope(() =>
    noGrad(() => {
      const result = fn();
      expectSynchronous('infer', result);
      return result;
    }),
  );
}
