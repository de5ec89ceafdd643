// What callers in JavaScript give to modules. While the calls of the module table run, the arguments of every public method of every module
// on the way are spoilt in turn: a clear error, or what may be left out, and nothing lost.
import { afterAll, describe, expect, it, vi } from 'vitest';
import * as saccade from '../../src/all.ts';
import { backend } from '../../src/runtime/backend.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { files, read } from '../conventions/source.ts';
import type { ModuleRow } from './row.ts';
import { parts, put, right } from './spoilt.ts';
import { rows } from './table.ts';

vi.resetModules();
const copy = await import('../../src/all.ts');
await copy.init();

type Method = (this: object, ...args: unknown[]) => unknown;

/** Methods that only their own class calls. */
const hidden = new Set(
  ['nn', 'attention', 'memory', 'models', 'train'].flatMap((room) =>
    files(`src/${room}`, '.ts').flatMap((path) => {
      const ofClass = read(path).split(/\n(?=(?:export )?(?:abstract )?class )/);
      return ofClass.flatMap((text) => {
        const name = text.match(/^(?:export )?(?:abstract )?class (\w+)/)?.[1];
        return [...text.matchAll(/\n {2}(?:private|protected) (?:override |abstract |readonly )*(\w+)/g)].map(
          (found) => `${name}.${found[1]}`,
        );
      });
    }),
  ),
);

let busy = true;
const tried = new Set<string>();

const kindOf = (value: unknown) => (value instanceof Tensor ? `${value.dtype}${value.rank}` : typeof value);
const isKey = (value: unknown) => typeof value === 'object' && value !== null && 'hi' in value && 'lo' in value;

const wrongs: string[] = [];

function attempt(method: Method, on: object, args: unknown[], where: string, what: string, wanted: RegExp | null): void {
  const { blocks } = backend().heap.report();
  let text = '';
  try {
    scope(() => void method.apply(on, args));
    if (wanted) text = 'it passes';
  } catch (error) {
    const { message } = error as Error;
    if (!right.test(message) || (wanted && !wanted.test(message))) text = message;
  }
  if (backend().heap.report().blocks !== blocks) text += ' and blocks are lost';
  if (text) wrongs.push(`${where} that is ${what}: ${text}`);
}

/** The parameters of a method, with their defaults. */
function named(method: Method): string[] {
  const text = String(method);
  let [depth, end] = [0, text.indexOf('(')];
  const begin = end + 1;
  do {
    if ('({['.includes(text[end] as string)) depth++;
    if (')}]'.includes(text[end] as string)) depth--;
    end++;
  } while (depth > 0);
  const inside = text.slice(begin, end - 1);
  return inside.split(/,\s*(?![^{[]*[}\]])/).map((parameter) => parameter.trim());
}

/** Spoils the arguments of a call. */
function spoil(method: Method, on: object, name: string, args: unknown[]): void {
  const title = `${on.constructor.name}.${name}`;
  for (const [path, value] of parts(args)) {
    if (path.length === 0 || isKey(value) || (path[0] as number) >= named(method).length) continue;
    const where = `${title} ${path.join('.')}`;
    const one = (what: string, x: unknown, wanted: RegExp | null) =>
      attempt(method, on, put(args, path, x) as unknown[], where, what, wanted);
    one('undefined', undefined, null);
    one('null', null, null);
    if (value instanceof Tensor) {
      for (const [what, x] of Object.entries({ 'a number': 5, 'a text': 'a', 'an object': {} })) one(what, x, path.length > 1 ? null : /./);
      one('of another copy of the package', copy.ones(value.shape, value.dtype), path.length > 1 ? null : /another copy/);
    } else if (typeof value === 'object') {
      for (const [what, x] of Object.entries({ 'a number': 5, 'a text': 'a', 'an object': {} })) one(what, x, null);
    }
  }
  const at = named(method).findIndex((parameter) => parameter.endsWith('= {}'));
  if (at < 0) return;
  for (const wrong of [5, null, Number.NaN, {}]) {
    const given = [...args];
    given[at] = { ...(args[at] as object), key: wrong };
    attempt(method, on, given, `${title} key`, String(wrong), /key must be made by|(options|parts) must be among .*, got key/);
  }
}

/** Has the arguments of a method spoilt when it is called with such for the first time. */
function watch(prototype: Record<string, Method>, name: string, method: Method): void {
  prototype[name] = function (...args) {
    const id = `${this.constructor.name}.${name}(${parts(args).map(([path, x]) => `${path.join('.')}:${kindOf(x)}`)})`;
    if (!busy && !tried.has(id)) {
      tried.add(id);
      busy = true;
      try {
        spoil(method, this, name, args);
      } finally {
        busy = false;
      }
    }
    return method.apply(this, args);
  };
}

const seen = new Set<object>([saccade.Module.prototype]);
for (const Kind of Object.values(saccade)) {
  if (typeof Kind !== 'function' || !(Kind.prototype instanceof saccade.Module)) continue;
  for (let prototype = Kind.prototype; !seen.has(prototype); prototype = Object.getPrototypeOf(prototype)) {
    seen.add(prototype);
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (name === 'constructor' || typeof value !== 'function' || hidden.has(`${prototype.constructor.name}.${name}`)) continue;
      watch(prototype as unknown as Record<string, Method>, name, value as Method);
    }
  }
}
const title = (row: ModuleRow) => (row.name ? `${row.module}: ${row.name}` : row.module);

describe('methods of modules refuse by name', () => {
  let called = 0;
  it.each(rows.map((row) => [title(row), row] as const))('%s', (_, row) => {
    called++;
    const module = row.build(key(1));
    const before = [...module.stateDict().values()].map((x) => [...x.toArray()]);
    wrongs.length = 0;
    busy = false;
    try {
      scope(() => void row.call(module, [0, 1], row.dropout ? key(3) : undefined));
    } finally {
      busy = true;
    }
    expect([...new Set(wrongs)]).toEqual([]);
    expect([...module.stateDict().values()].map((x) => [...x.toArray()])).toEqual(before);
  });

  afterAll(() => {
    if (called < rows.length) return; // some rows were left out by name
    expect(tried.size).toBeGreaterThan(250);
    for (const one of ['Attention.step', 'MultiHead.forward', 'ShowAttendTell.teach', 'NeuralTuringMachine.step', 'Snail.forward'])
      expect(
        [...tried].some((call) => call.startsWith(`${one}(`)),
        one,
      ).toBe(true);
  });
});
