// The walks of CONTRIBUTING: each place is a file that holds what is said to stand there, their number is the one that the text names, and no other
// file of the sources or of the tables names the thing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { files, read, root } from '../conventions/source.ts';

const numbers = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

const text = read('CONTRIBUTING.md');
const walks = [...text.matchAll(/(\w+) places[^\n]*(?:\n(?!<!--)[^\n]*)*\n<!-- walk: ([\w ]+) -->\n([\s\S]*?)<!-- end of walk -->/g)].map(
  ([, number = '', names = '', table = '']) => ({
    number,
    names: names.split(' '),
    rows: table
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => {
        const [, place = '', what = ''] = line.split('|');
        const codes = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
        return { path: codes(place)[0] ?? '', stands: codes(what) };
      }),
  }),
);

/** Files that name a word, but for tests (what is tried by hand besides the tables), what a command writes, and rooms that use an op of that name. */
function naming(word: string): string[] {
  const all = ['assembly', 'src', 'test'].flatMap((folder) => files(folder, '.ts', '.json'));
  const whole = new RegExp(`(?<![\\w.])${word}\\b`);
  const used = new RegExp(`^import \\{[^}]*\\b${word}\\b[^}]*\\} from '[./]*/ops/index\\.ts';$`, 'm');
  return all.filter(
    (path) =>
      !/\.test\.ts$|engines\/|mutants\/|^test\/(browser|hosts|\.docs)/.test(path) &&
      whole.test(read(path)) &&
      !(path.startsWith('src/') && used.test(read(path))),
  );
}

describe('the walks of CONTRIBUTING', () => {
  it('are found', () => {
    expect(walks.map(({ names }) => names.join(' '))).toEqual(['sqrt', 'cumprod', 'DistanceScore nearestKey', 'AttentionForecaster']);
    expect(text.match(/<!-- walk:/g)?.length).toBe(walks.length);
  });

  it.each(walks)('$names: as many places as it says', ({ number, rows }) => {
    expect(number).toBe(numbers[rows.length]);
    expect(new Set(rows.map(({ path }) => path)).size).toBe(rows.length);
  });

  const places = walks.flatMap(({ names, rows }) => rows.map(({ path, stands }) => ({ names, path, stands })));
  it.each(places)('$names: $path', ({ path, stands, names }) => {
    expect(existsSync(join(root, path))).toBe(true);
    expect(stands.length).toBeGreaterThan(0);
    const [first = '', second = ''] = stands;
    expect(read(path)).toContain(first);
    if (names.includes(second)) expect(read(path)).toContain(second);
  });

  // `sqrt` is used all over; of the others each file is a place.
  it.each(walks.filter(({ names }) => names[0] !== 'sqrt'))('$names: no other place', ({ names, rows }) => {
    const known = rows.map(({ path }) => path);
    expect(names.flatMap(naming).filter((path) => !known.includes(path))).toEqual([]);
  });
});
