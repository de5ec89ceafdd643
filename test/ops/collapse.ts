// Connectionist temporal classification by its definition: every path of classes, collapsed.

/** Without repeats and then without blanks: what a path of frames says. */
export const collapsed = (path: readonly number[], blank: number) => path.filter((label, t) => label !== path[t - 1] && label !== blank);

/** Every path of `frames` frames over `classes` classes. */
export function* everyPath(frames: number, classes: number): Generator<number[]> {
  for (let code = 0; code < classes ** frames; code++)
    yield Array.from({ length: frames }, (_, t) => Math.floor(code / classes ** t) % classes);
}

/** The probability of each path that says `target`, given those of each class at each frame. */
export function* pathsOf(
  p: readonly (readonly number[])[],
  target: readonly number[],
  blank: number,
): Generator<[path: number[], p: number]> {
  for (const path of everyPath(p.length, p[0]?.length ?? 0))
    if (collapsed(path, blank).join() === target.join()) yield [path, path.reduce((all, label, t) => all * (p[t]?.[label] as number), 1)];
}
