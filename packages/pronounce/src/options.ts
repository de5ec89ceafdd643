/** A rule of an option: what it must be. */
export interface Rule {
  readonly must: string;
  holds(value: unknown): boolean;
}

/** A number of ways to say a word. */
export const isSize: Rule = {
  must: 'a whole number from 1 to 100',
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 100,
};

/** An object or a Map. */
export const isObject: Rule = { must: 'an object or a Map', holds: (value) => typeof value === 'object' && value !== null };

/** A choice. */
export const isBoolean: Rule = { must: 'true or false', holds: (value) => typeof value === 'boolean' };

/** Checks options: no others, and each as it must be or left out. */
export function expectOptions(options: unknown, rules: Readonly<Record<string, Rule>>): void {
  if (typeof options !== 'object' || options === null) throw new TypeError(`pronounce: options must be an object, got ${String(options)}`);
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) throw new TypeError(`pronounce: options must be among ${Object.keys(rules).join(', ')}, got ${name}`);
    if (value !== undefined && !rule.holds(value)) throw new RangeError(`pronounce: ${name} must be ${rule.must}, got ${String(value)}`);
  }
}
