// Arguments with one place of them spoilt.

/** A place in arguments: the number of the argument, then names and numbers inside it. */
export type Path = readonly (string | number)[];

/** The form of a clear error. */
export const right = /^[\w. ]+: .*(, got |; )/s;

/** Every part of the arguments: tensors, and plain objects and lists with what is in them. */
export function parts(value: unknown, path: Path = []): [path: Path, value: unknown][] {
  const plain = Array.isArray(value) || (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype);
  const inside =
    plain && path.length < 4
      ? Object.entries(value as object).flatMap(([name, x]) => parts(x, [...path, Array.isArray(value) ? Number(name) : name]))
      : [];
  return [[path, value], ...inside];
}

/** The arguments with another value at one place. */
export function put(value: unknown, [first, ...rest]: Path, leaf: unknown): unknown {
  if (first === undefined) return leaf;
  if (Array.isArray(value)) return value.map((x, i) => (i === first ? put(x, rest, leaf) : x));
  return { ...(value as object), [first]: put((value as Record<string, unknown>)[first], rest, leaf) };
}
