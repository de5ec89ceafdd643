// Files that were saved load: parameters keep their names and shapes. `names.json` has those of every row of the module table; a line is
// added with a new row, and changed by nobody who wants to read yesterday's files.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { key } from '../../src/tensor/random.ts';
import type { ModuleRow } from './row.ts';
import { rows } from './table.ts';

const title = (row: ModuleRow) => (row.name ? `${row.module}: ${row.name}` : row.module);
const kept: Record<string, string> = JSON.parse(readFileSync(new URL('names.json', import.meta.url), 'utf8'));

describe('parameters keep their names and shapes', () => {
  it.each(rows.map((row) => [title(row), row] as const))('%s', (name, row) => {
    const dict = row.build(key(1)).stateDict();
    expect([...dict].map(([path, { shape }]) => `${path} ${shape.join('×')}`).join(', ')).toBe(kept[name]);
  });

  it('of every row, and of none that is gone', () => {
    expect(Object.keys(kept).sort()).toEqual(rows.map(title).sort());
  });
});
