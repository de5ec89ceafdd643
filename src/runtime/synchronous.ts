/** Whether `value` is a promise of this realm or another, or anything else that `await` would wait for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Whether `value` is what a generator function returned: its body has not begun. */
export const isGenerator = (value: unknown): boolean =>
  /Generator$/.test((value as { [Symbol.toStringTag]?: string } | null)?.[Symbol.toStringTag] ?? '');

/** Refuses what an async function or a generator function returned, and takes a later rejection: it fails where what it works on is gone. */
export function expectSynchronous(op: string, result: unknown): void {
  if (isGenerator(result)) throw new TypeError(`${op}: fn must be synchronous, got a generator`);
  if (!isThenable(result)) return;
  Promise.resolve(result).catch(() => {});
  throw new TypeError(`${op}: fn must be synchronous, got a promise`);
}
