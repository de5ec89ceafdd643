// What a config.json says of a model, in the spellings of its writers.

import { shown } from '../tensor/check.ts';

/** The text of a `config.json`, or what it says. */
export type ConfigSource = string | Readonly<Record<string, unknown>>;

/** A config, asked by the names that its writers have for one thing. What is asked for and is not there, or is of another kind, is an error. */
export class Config {
  /** As it was given. */
  readonly values: Readonly<Record<string, unknown>>;
  private readonly op: string;

  /** `op` is what errors call it. */
  constructor(source: ConfigSource, op = 'loadPretrained') {
    this.op = op;
    const values: unknown = typeof source === 'string' ? parsed(op, source) : source;
    if (typeof values !== 'object' || values === null || Array.isArray(values))
      throw new TypeError(`${op}: config must be an object or the text of one, got ${shown(values)}`);
    this.values = values as Record<string, unknown>;
  }

  /** The same under another name for errors. */
  for(op: string): Config {
    return new Config(this.values, op);
  }

  /** What stands under the first of these names that has something; a dot leads into a group. `null` counts as nothing. */
  find(...names: readonly string[]): unknown {
    for (const name of names) {
      const found = name.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown> | null | undefined)?.[part], this.values);
      if (found !== undefined && found !== null) return found;
    }
    return undefined;
  }

  /** A number; `fallback` where none of the names has one, an error where there is no fallback either. */
  number(names: string | readonly string[], fallback?: number): number {
    return this.one(names, fallback, 'a finite number', (value) => Number.isFinite(value));
  }

  /** A whole number from 1. */
  size(names: string | readonly string[], fallback?: number): number {
    return this.one(names, fallback, 'a whole number from 1', (value) => Number.isSafeInteger(value) && (value as number) > 0);
  }

  /** A flag under one of these names. */
  flag(names: string | readonly string[], fallback?: boolean): boolean {
    return this.one(names, fallback, 'true or false', (value) => typeof value === 'boolean');
  }

  /** A text under one of these names. */
  text(names: string | readonly string[], fallback?: string): string {
    return this.one(names, fallback, 'text', (value) => typeof value === 'string');
  }

  /** Refuses what the config says and the family does not know, by its word. */
  refuse(name: string, rule: string): never {
    throw new RangeError(`${this.op}: ${name} must be ${rule}, got ${shown(this.find(name))}`);
  }

  private one<T>(given: string | readonly string[], fallback: T | undefined, rule: string, is: (value: unknown) => boolean): T {
    const names = [given].flat();
    const value = this.find(...names);
    if (value === undefined && fallback !== undefined) return fallback;
    if (value === undefined) throw new RangeError(`${this.op}: config must say ${names.join(' or ')}, got none`);
    if (!is(value)) throw new RangeError(`${this.op}: ${names.join(' or ')} must be ${rule}, got ${shown(value)}`);
    return value as T;
  }
}

function parsed(op: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`${op}: config must be JSON, got ${shown(text.slice(0, 40))}`, { cause });
  }
}
