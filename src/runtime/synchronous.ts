/** Whether `value` is a promise of any realm, or another thenable. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Whether `value` is a generator, whose body has not started. */
export const isGenerator = (value: unknown): boolean =>
  /Generator$/.test((value as { [Symbol.toStringTag]?: string } | null)?.[Symbol.toStringTag] ?? '');

/** Refuses the result of an async or generator function. A later rejection is swallowed: it fails because its tensors are gone. */
export function expectSynchronous(op: string, result: unknown): void {
  if (isGenerator(result)) throw new TypeError(`${op}: fn must be synchronous, got a generator`);
  if (!isThenable(result)) return;
  Promise.resolve(result).catch(() => {});
  throw new TypeError(`${op}: fn must be synchronous, got a promise`);
}
