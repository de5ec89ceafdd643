// The tables of twins: what stands under the other library's name exists there (by its list in test/fixtures), what stands under ours is exported,
// by `saccade` or by the room beside it.
import { readFileSync } from 'node:fs';
import * as saccade from 'saccade';
import { describe, expect, it } from 'vitest';
import { read, root } from '../conventions/source.ts';

interface Row {
  line: string;
  theirs: string[];
  ours: string[];
  rooms: string[];
}

const codes = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/** The rows of tables whose second column is `Saccade`. */
function rowsOf(text: string): Row[] {
  const tables = text.matchAll(/^\| [\w.]+ \| Saccade \|.*\n\|[-|]+\n((?:\|.*\n)+)/gm);
  return [...tables].flatMap(([, body = '']) =>
    body
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [, theirs, ours] = line.split(/(?<!\\)\|/);
        const names = codes(ours);
        const inRooms = names.filter((name) => name.startsWith('saccade/'));
        return { line, theirs: codes(theirs), ours: names.filter((name) => !inRooms.includes(name)), rooms: inRooms };
      }),
  );
}

const namesOf = (library: string): Set<string> =>
  new Set(JSON.parse(readFileSync(`${root}/test/fixtures/${library}-names.json`, 'utf8')).names);

/** Whether modules export a name, `Class.member` too. */
function isExported(name: string, modules: readonly object[]): boolean {
  const [top = '', member] = name.split('.');
  const found = modules.map((module) => (module as Record<string, unknown>)[top]).find((value) => value !== undefined);
  return found !== undefined && (member === undefined || member in (found as { prototype: object }).prototype);
}

describe.each([
  ['docs/tensorflow.md', 'tfjs'],
  ['docs/pytorch.md', 'torch'],
])('the twins of %s', (document, library) => {
  const rows = rowsOf(read(document));
  const known = namesOf(library);

  it('are found', () => {
    expect(rows.length).toBeGreaterThan(60);
    expect(rows.length).toBe(read(document).match(/^\| `/gm)?.length);
  });

  it.each(rows.map((row) => [row.theirs.join(' '), row] as const))('%s', async (_, { line, theirs, ours, rooms }) => {
    expect(theirs.filter((name) => !known.has(name))).toEqual([]);
    expect(theirs.length).toBeGreaterThan(0);
    expect(ours.length > 0 || line.includes('| – |')).toBe(true);
    const others: object[] = await Promise.all(
      rooms.map((name) => import(/* @vite-ignore */ `../../src/${name.slice(8)}${name === 'saccade/reference' ? '' : '/index'}.ts`)),
    );
    expect(ours.filter((name) => !isExported(name, [saccade, ...others]))).toEqual([]);
    // A room is named where it is needed only.
    if (rooms.length > 0) expect(ours.some((name) => !isExported(name, [saccade]))).toBe(true);
  });

  it('name each of theirs once', () => {
    const all = rows.flatMap(({ theirs }) => theirs);
    expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
  });
});
