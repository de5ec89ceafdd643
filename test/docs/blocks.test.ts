// Every ```ts block of the README and of docs/ runs, as a user would run it. `ts no-run` (a browser is needed) is only type-checked by eye.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
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

describe('code in the documents', () => {
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
        .filter((to) => !/^(saccade(\/reference)?|node:.*)$/.test(to))
        .map((to) => `${title} → ${to}`),
    );
    expect(breaches).toEqual([]);
  });

  const runnable = all.filter(({ language }) => language === 'ts');
  it.each(runnable.map((block) => [block.title, block] as const))('%s runs', async (_, { title, code }) => {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${title.replace(/\W/g, '-')}.ts`);
    writeFileSync(file, code.includes('export ') || code.includes('import ') ? code : `${code}\nexport {};\n`);
    await import(/* @vite-ignore */ file);
  });
});
