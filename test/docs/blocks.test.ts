// Every ```ts block of the README and of docs/ runs, as a user would run it, and passes the strictest type check. `ts no-run` (a browser is
// needed) passes the type check.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { files, importsOf, read, root } from '../conventions/source.ts';

interface Block {
  title: string;
  language: string;
  code: string;
}

const blocks = (path: string, text: string): Block[] =>
  [...text.matchAll(/^```(ts\b[^\n]*)\n([\s\S]*?)^```/gm)].map((match) => ({
    title: `${path}:${text.slice(0, match.index).split('\n').length}`,
    language: (match[1] as string).trim(),
    code: match[2] as string,
  }));

const all = ['README.md', 'CONTRIBUTING.md', ...files('docs', '.md')].flatMap((path) => blocks(path, read(path)));
const folder = join(root, 'test/.docs');
const fileOf = ({ title }: Block) => join(folder, `${title.replace(/\W/g, '-')}.ts`);

describe('code in the documents', () => {
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false }; // a document may end before a name is used
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] }));
    for (const block of all) writeFileSync(fileOf(block), `${block.code}\nexport {};\n`);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is found', () => {
    expect(blocks('x', 'a\n```ts\n1;\n```\n```ts no-run\n2;\n```\n').map(({ title, language }) => [title, language])).toEqual([
      ['x:2', 'ts'],
      ['x:5', 'ts no-run'],
    ]);
  });

  it('is marked `ts`, or `ts no-run`', () => {
    expect(all.filter(({ language }) => !['ts', 'ts no-run'].includes(language))).toEqual([]);
  });

  it('imports the package by its name', () => {
    const breaches = all.flatMap(({ title, code }) =>
      importsOf(code)
        .filter((to) => !/^(saccade(\/[a-z]+)?|node:.*)$/.test(to))
        .map((to) => `${title} → ${to}`),
    );
    expect(breaches).toEqual([]);
  });

  it('passes a strict type check against the package as it is published', () => {
    const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  const runnable = all.filter(({ language }) => language === 'ts');
  it.each(runnable.map((block) => [block.title, block] as const))('%s runs', async (_, block) => {
    await import(/* @vite-ignore */ fileOf(block));
  });
});
