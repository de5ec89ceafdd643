// A logical clock that orders allocations, writes and recorded ops.

let clock = 0;

/** Advances the clock and returns the new time. */
export function tick(): number {
  return ++clock;
}

/** The current time. */
export function now(): number {
  return clock;
}
