// The path of `--test`: what is trained already is measured on a test set of its own.
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key } from 'saccade';
import { expect } from 'vitest';
import { drawnDigits } from '../../examples/shared/digits/drawn.ts';
import { writeOfficial } from '../examples/idx.ts';

export const folderFor = (name: string): string => mkdtempSync(join(tmpdir(), `saccade-${name}-`));

/** A folder with a test set of drawn digits that no other part has. Each is labelled as the next digit, so that whoever reads them right is wrong. */
export function mislabelled(): string {
  const folder = folderFor('official');
  const { labels, ...pictures } = drawnDigits(key(310), 60);
  writeOfficial(folder, { ...pictures, labels: Uint8Array.from(labels, (label) => (label + 1) % 10) });
  return folder;
}

/** The checkpoints of a folder; a run that only measures leaves them as they are. */
export const checkpoints = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.safetensors'))
    .sort()
    .map((file) => `${file} ${readFileSync(join(folder, file)).toString('base64')}`);

/** Measures again with `--test`; gives the new rows' first figure, after checking that nothing was trained and that it says what it is of. */
export async function measured(folder: string, again: (test: string) => Promise<{ figure: string; ours: readonly number[] } | undefined>) {
  const before = checkpoints(folder);
  const row = await again(mislabelled());
  expect(checkpoints(folder)).toEqual(before);
  expect(row?.figure).toContain('MNIST’s test set');
  return row?.ours[0] as number;
}
