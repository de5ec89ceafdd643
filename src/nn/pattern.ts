/** A pattern of paths: `*` stands for one or more characters except dots, `**` for one or more of any. */
export interface Pattern {
  readonly text: string;
  /** The number of stars. */
  readonly stars: number;
  /** The text that the stars stand for in a path; `undefined` if it does not match. */
  match(path: string): string[] | undefined;
  /** The path in which the stars stand for these texts. */
  fill(parts: readonly string[]): string;
}

/** Parses a pattern. */
export function patternOf(text: string): Pattern {
  const pieces = text.split(/(\*\*?)/); // fixed pieces at even places, stars at odd ones
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
