/** Whether `value` is a promise of this realm or another, or anything else that `await` would wait for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Refuses what an async function returned, and takes its later rejection: it fails where what it works on is gone. */
export function expectSynchronous(op: string, result: unknown): void {
  if (!isThenable(result)) return;
  Promise.resolve(result).catch(() => {});
  throw new TypeError(`${op}: fn must be synchronous, got a promise`);
}
