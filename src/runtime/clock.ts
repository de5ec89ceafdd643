// The clock by which memory is made and written and ops are recorded.

let clock = 0;

/** The next moment. */
export function tick(): number {
  return ++clock;
}

/** The last moment that passed. */
export function now(): number {
  return clock;
}
