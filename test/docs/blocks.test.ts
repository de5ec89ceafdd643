// Every ```ts block of the README and of docs/ runs, as a user would run it, and passes the strictest type check. `ts NAME.ts` names it, so that
// later blocks of the document can import it; `ts no-run` passes the type check, and so do the names of `page` (test/browser/guide.test.ts runs them).
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { files, importsOf, read, root } from '../conventions/source.ts';
import { type Block, blocks } from './blocks.ts';

const folder = join(root, 'test/.docs');

/** A block's file: in a folder for each document, by the block's own name or the line it stands at. */
const fileOf = ({ document, name, line }: Block) => join(folder, document.replace(/\W/g, '-'), name ?? `line-${line}.ts`);

const all = ['README.md', 'CONTRIBUTING.md', ...files('docs', '.md')].flatMap((path) => blocks(path, read(path)));
const code = all.filter(({ language }) => language === 'ts');

describe('code in the documents', { shuffle: false }, () => {
  // a page's programs read what those before them wrote
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false }; // a document may end before a name is used
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, include: ['*/*.ts'] }));
    for (const block of code) {
      mkdirSync(dirname(fileOf(block)), { recursive: true });
      writeFileSync(fileOf(block), `${block.code}\nexport {};\n`);
    }
    process.chdir(folder); // programs save files where they run
  });
  afterAll(() => {
    process.chdir(root);
    rmSync(folder, { recursive: true, force: true });
  });

  it('is found', () => {
    const found = blocks('x', 'a\n```ts\n1;\n```\n```ts no-run\n2;\n```\n```ts a.ts\n```\n```html a.html\n```\n');
    expect(found.map(({ language, line, name, run }) => [language, line, name, run])).toEqual([
      ['ts', 2, undefined, true],
      ['ts', 5, undefined, false],
      ['ts', 8, 'a.ts', true],
      ['html', 10, 'a.html', false],
    ]);
  });

  it('is marked as one of the languages, with a name or `no-run` at most', () => {
    const marks = all.map(({ mark }) => mark).filter((mark) => !/^(ts( no-run| \w+\.ts)?|(html|js)( [\w.]+)?|sh|json|)$/.test(mark));
    expect(marks).toEqual([]);
  });

  it('imports the package by its name, or a block before it', () => {
    const breaches = code.flatMap((block) =>
      importsOf(block.code)
        .filter((to) => !/^(saccade(\/[a-z]+)?|node:.*)$/.test(to) && !isBefore(to, block))
        .map((to) => `${block.document}:${block.line} → ${to}`),
    );
    expect(breaches).toEqual([]);
  });

  it('passes a strict type check against the package as it is published', () => {
    const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  const runnable = code.filter(({ run }) => run);
  it.each(runnable.map((block) => [`${block.document}:${block.line}`, block] as const))('%s runs', async (_, block) => {
    await import(/* @vite-ignore */ fileOf(block));
  });
});

/** Whether a specifier names a block of the same document that stands above. */
const isBefore = (to: string, { document, line }: Block) =>
  code.some((block) => block.document === document && block.line < line && `./${block.name}` === to);
