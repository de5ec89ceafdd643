// The short form of `npm run stress`.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { files } from '../conventions/source.ts';
import { tried } from './indices.mjs';
import { parts } from './parts.mjs';

it.each(Object.entries(parts))('%s', async (_, { run, short }) => {
  expect(await run({ count: short, report: () => undefined })).toMatch(/\d/);
});

it('tries every op that checks indices', () => {
  const checks = /export function (\w+)\([^{]*\{(?:(?!\nexport function)[\s\S])*?(?:expectIndices\(|flat\(|taken\(|classes\()/g;
  const found = files('src/ops', '.ts').flatMap((path) => [...readFileSync(path, 'utf8').matchAll(checks)].map((match) => match[1]));
  expect(found).toContain('gather');
  expect(found.filter((name) => name !== 'unpick' && name !== 'expectSame' && !tried.includes(name ?? ''))).toEqual([]); // unpick is oneHot's and pick's
});
