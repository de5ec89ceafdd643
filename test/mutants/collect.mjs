// Stands in for 'vitest' in test files while mutants are tried: it collects the tests, to run them once per mutant, and uses vitest's own
// `expect`.
import { format } from 'node:util';
import { ASYMMETRIC_MATCHERS_OBJECT, chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend, setState } from '@vitest/expect';
import { spyOn } from '@vitest/spy';

/** @typedef {(...args: any[]) => unknown} Run */
/** `title` has the words of tables in place. @typedef {{ id: string, title: string, run: Run, each: Run[] }} Test */

/** Every test of the files that were imported. @type {Test[]} */
export const tests = [];
/** Hooks before all of them. @type {Run[]} */
export const before = [];
/** Hooks after all of them. @type {Run[]} */
export const after = [];

let path = /** @type {string[]} */ ([]);
let titles = /** @type {string[]} */ ([]);
let each = /** @type {Run[]} */ ([]);

/** Imports a test file. @param {string} file @param {string} url */
export async function collect(file, url) {
  path = [file];
  titles = [file];
  each = [];
  await import(url);
}

/** @param {string} name @param {Run} run */
const grouped = (name, run, title = name) => {
  const outside = [path, titles, each];
  [path, titles, each] = [[...path, name], [...titles, title], [...each]];
  run();
  [path, titles, each] = /** @type {[string[], string[], Run[]]} */ (outside);
};

/** @param {string} name @param {Run} run */
const noted = (name, run, title = name) => {
  const id = [...path, name].join(' > ');
  const same = tests.filter((test) => test.id === id || test.id.startsWith(`${id} #`)).length;
  tests.push({ id: same ? `${id} #${same}` : id, title: [...titles, title].join(' > '), run, each });
};

/** @param {(name: string, run: Run, title?: string) => void} add */
const forms = (add) =>
  Object.assign(add, {
    each: (/** @type {readonly unknown[]} */ table) => (/** @type {string} */ name, /** @type {Run} */ run) =>
      table.forEach((row, i) => {
        const given = Array.isArray(row) ? row : [row];
        add(`${name} ${i}`, () => run(...given), format(name, ...given.slice(0, name.split('%').length - 1)));
      }),
    skipIf: (/** @type {unknown} */ condition) => (condition ? () => {} : add),
  });

export const describe = forms(grouped);
export const it = forms(noted);
export const test = it;
export const beforeAll = (/** @type {Run} */ run) => void before.push(run);
export const afterAll = (/** @type {Run} */ run) => void after.push(run);
export const beforeEach = (/** @type {Run} */ run) => void each.push(run);
export const vi = { spyOn };

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

/** @type {any} */
export const expect = (/** @type {unknown} */ value, /** @type {string | undefined} */ message) => chai.expect(value, message);
Object.assign(expect, chai.expect, Reflect.get(globalThis, ASYMMETRIC_MATCHERS_OBJECT));
setState({ assertionCalls: 0, isExpectingAssertions: false, isExpectingAssertionsError: null, expectedAssertionsNumber: null }, expect);
