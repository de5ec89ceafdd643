/** A pattern of paths, in which `*` stands for any characters but dots and `**` for any, at least one. */
export interface Pattern {
  readonly text: string;
  /** How many stars there are. */
  readonly stars: number;
  /** What the stars stand for in a path; `undefined` where it does not match. */
  match(path: string): string[] | undefined;
  /** The path where the stars stand for these. */
  fill(parts: readonly string[]): string;
}

/** Reads a pattern. */
export function patternOf(text: string): Pattern {
  const pieces = text.split(/(\*\*?)/); // what stands between the stars, and these at odd places
  const source = pieces.map((piece, i) =>
    i % 2 === 0 ? piece.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : piece === '*' ? '([^.]+)' : '(.+)',
  );
  const whole = new RegExp(`^${source.join('')}$`, 's');
  return {
    text,
    stars: (pieces.length - 1) / 2,
    match: (path) => whole.exec(path)?.slice(1),
    fill: (parts) => pieces.map((piece, i) => (i % 2 === 0 ? piece : parts[(i - 1) / 2])).join(''),
  };
}
