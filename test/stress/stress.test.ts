// The short form of `npm run stress`.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { files, root } from '../conventions/source.ts';
import { tried } from './indices.mjs';
import { parts } from './parts.mjs';

const { steps, modules: _, ...others } = parts; // test/nn/allocations.test.ts is the short form of `modules`

it.each(Object.entries(others))('%s', async (_, part) => {
  expect(await part?.run({ count: part.short, report: () => undefined })).toMatch(/\d/);
});

it('steps, in a process of their own: the test runner keeps its own books on the same heap', () => {
  expect(steps).toBeDefined();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/stress.mjs', '--only', 'steps', '--short', '--quiet'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^✓ steps: 2,000 steps/)]);
});

/** What is no op, is called by one that is tried (`unpick` by `oneHot` and `pick`), or takes any index (`crop`: test/ops/crop.test.ts). */
const beneath = ['crop', 'unpick', 'bag', 'bagTable', 'bagWeights', 'expectSame', 'placed', 'joined'];

it('tries every op that checks indices', () => {
  const checks = /export function (\w+)\([^{]*\{(?:(?!\nexport function)[\s\S])*?(?:expectIndices\(|flat\(|taken\(|classes\()/g;
  const found = files('src/ops', '.ts').flatMap((path) => [...readFileSync(path, 'utf8').matchAll(checks)].map((match) => match[1]));
  expect(found).toContain('gather');
  expect(found.filter((name) => !beneath.includes(name ?? '') && !tried.includes(name ?? ''))).toEqual([]);
});
