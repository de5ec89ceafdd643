// Host arithmetic from + and × alone: the same bits in every engine, where Math.pow and Math.cos are not.

/** `base^exponent` for a whole exponent of at least 0, by squaring. */
export function power(base: number, exponent: number): number {
  let result = 1;
  for (let square = base, rest = exponent; rest > 0; rest = Math.floor(rest / 2), square *= square) {
    if (rest % 2 === 1) result *= square;
  }
  return result;
}

/**
 * `(1 + cos πt) / 2` for t in [0, 1], as 1 − sin² x with x = πt/2, and as its complement beyond t = ½. The series of sin to x¹⁵ is
 * within 5e-17 of it for x ≤ π/4.
 */
export function halfCosine(t: number): number {
  if (t > 0.5) return 1 - halfCosine(1 - t);
  const x = (Math.PI / 2) * t;
  let term = x;
  let sine = x;
  for (let k = 2; k <= 14; k += 2) {
    term *= -(x * x) / (k * (k + 1));
    sine += term;
  }
  return 1 - sine * sine;
}

/** Checks `low ≤ value < high`. */
export function expectWithin(op: string, name: string, value: number, low: number, high = Infinity): void {
  if (value >= low && value < high) return;
  throw new RangeError(
    `${op}: ${name} must be ${high === Infinity ? `a finite number of at least ${low}` : `in [${low}, ${high})`}, got ${value}`,
  );
}
