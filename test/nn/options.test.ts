// Every part checks what it is made with, by name: callers in JavaScript have nobody else to do it.
import { describe, expect, it } from 'vitest';
import * as saccade from '../../src/all.ts';
import { files, read } from '../conventions/source.ts';
import type { Made } from './made.ts';
import { options } from './options.ts';
import { abstract, rows } from './table.ts';

const sizes = [Number.NaN, undefined, null, 2.5, -1, 0, '3', Number.POSITIVE_INFINITY, [2, 3], 2 ** 60];
const entries = Object.entries(options).map(([name, made]) => [name, made, made.says ?? name] as const);

/** Names of options, as the message that refuses an unknown one lists them. */
function listed(make: Made['make'], all: object, said: string): string[] {
  try {
    make({ ...all, unknownOption: 1 });
  } catch (error) {
    const { message } = error as Error;
    const found = message.match(/^([\w.]+): options must be among ([\w, ]+), got unknownOption$/);
    const [, op, names = ''] = found ?? [];
    expect(op, message).toBe(said);
    return names.split(', ');
  }
  throw new Error(`listed: an unknown option must be refused, got none by ${said}`);
}

describe.each(entries)('%s', (name, { options: all, make, numbers = {} }, said) => {
  it('takes its options, each of which stands in the table', () => {
    make(all);
    const builder = name !== said; // which passes some on and gives others itself
    expect(builder ? [] : listed(make, all, said).sort()).toEqual(builder ? [] : Object.keys(all).sort());
  });

  it('refuses an unknown one, and what are no options', () => {
    expect(() => make({ ...all, unknownOption: 1 })).toThrow(`${said}: options must be among `);
    expect(() => make({ ...all, toString: 1 })).toThrow(/, got toString$/);
    for (const wrong of [5, 'x', null]) {
      if (wrong === null || name === said) expect(() => make(wrong as unknown as object)).toThrow();
      if (name === said) expect(() => make(wrong as unknown as object)).toThrow(`${said}: options must be an object, got `);
    }
  });

  it('refuses sizes that are none, by name', () => {
    const mayBeLeftOut = (option: string) => {
      const { [option]: _, ...rest } = all;
      try {
        make(rest);
        return true;
      } catch (error) {
        expect((error as Error).message).toMatch(new RegExp(`: ${option} must be .*, got undefined`));
        return false;
      }
    };
    for (const [option, value] of Object.entries(all)) {
      if (typeof value !== 'number') continue;
      const wrong = numbers[option] ?? sizes;
      for (const bad of wrong) {
        if (bad === undefined && mayBeLeftOut(option)) continue;
        expect(() => make({ ...all, [option]: bad }), `${option} ${bad}`).toThrow(new RegExp(`^\\w+: ${option} must be .+, got `));
      }
    }
  });

  it('refuses a flag or a word that is none', () => {
    for (const [option, value] of Object.entries(all)) {
      if (typeof value === 'boolean')
        expect(() => make({ ...all, [option]: 'no' })).toThrow(new RegExp(`${option} must be true or false(, \\w+ or \\w+)?, got 'no'`));
      if (typeof value === 'string') expect(() => make({ ...all, [option]: 'strange' })).toThrow('strange');
    }
  });
});

describe.each(entries.filter(([, { keyless }]) => !keyless))('%s and its key', (name, { options: all }) => {
  it.each([[undefined], [42], [{}], [null]])('refuses %j', (wrong) => {
    const Kind = (saccade as unknown as Record<string, new (...args: unknown[]) => unknown>)[name] as new (...args: unknown[]) => unknown;
    expect(() => new Kind(all, wrong)).toThrow(`${name}: key must be made by key(seed), split or foldIn, got `);
  });
});

describe('the table of options', () => {
  /** Exported constructors and functions of these rooms that take `options` or `sizes`. */
  const taking = () => {
    const text = ['src/nn', 'src/attention', 'src/models']
      .flatMap((room) => files(room, '.ts'))
      .map(read)
      .join('\n');
    const classes = text.split(/\n(?=export (?:abstract )?class )/).flatMap((part) => {
      const name = part.match(/^export class (\w+)/)?.[1];
      const takes = /\n {2}constructor\((?:options|sizes|parts): /.test(part.split('\n}\n')[0] as string);
      return name && takes ? [name] : [];
    });
    const makers = [
      ...text.matchAll(
        /\nexport function (\w+)\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\): (?:Window|Selection|Attention|MultiHead|Score)\b/g,
      ),
    ];
    return [...classes, ...makers.filter(([, , given]) => /\b(?:options|sizes)\b/.test(given as string)).map(([, name]) => name as string)];
  };

  it('has every part that takes some', () => {
    const found = taking().filter((name) => name in saccade);
    expect(found.length).toBeGreaterThan(35);
    expect(found.filter((name) => !(name in options))).toEqual([]);
  });

  it('has every module of the module table that is made with sizes', () => {
    const without = new Set(['CombinedWindow', 'CombinedBetween', ...abstract]); // made of others of their kind
    expect([...new Set(rows.map(({ module }) => module))].filter((name) => !(name in options) && !without.has(name))).toEqual([]);
  });
});
