const LONGEST = 80;

/** Text for messages, shortened if it is long. */
export function brief(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** A name for messages: quoted, and shortened if it is long. */
export function quote(name: string): string {
  return JSON.stringify(brief(name));
}

/** Names for messages; of many only the first. */
export function listed(names: Iterable<string>): string {
  const all = [...names];
  const more = all.length > 8 ? `, … ${all.length} in all` : '';
  return `[${all.slice(0, 8).map(brief).join(', ')}${more}]`;
}

/** Throws `safetensors: rule, got values`. */
export function fail(rule: string, got: string | number): never {
  throw new RangeError(`safetensors: ${rule}, got ${brief(String(got))}`);
}

/** Whether text is valid Unicode: half of a surrogate pair is not, and has no UTF-8. */
export function isUnicode(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
