// docs/glossary.md: each word and letter once, and every letter of a shape in src/ among them.
import * as ops from 'saccade/ops';
import { describe, expect, it } from 'vitest';
import { files, read } from '../conventions/source.ts';

const text = read('docs/glossary.md');
const section = (title: string) => text.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
const firsts = (title: string) =>
  [...section(title).matchAll(/^\| (?!-|word|letter|name)(.+?) \|/gm)].map(([, first = '']) => first.replace(/[*`]/g, ''));
const letters = firsts('Letters');

/** Single capitals in the shapes of comments: `[B, T, 2·D]`; a letter before `in` counts keys of a type. */
function lettersOf(path: string): string[] {
  const comments = [...read(path).matchAll(/\/\/.*|\/\*\*[\s\S]*?\*\//g)].map(([comment]) => comment).join('\n');
  const shapes = [...comments.matchAll(/\[([^[\]`'"(){}]*)\]/g)].map(([, shape = '']) => shape);
  return shapes.flatMap((shape) => shape.match(/(?<![\p{L}\d])[A-Z](?![\p{L}\d])/gu) ?? []);
}

describe('the glossary', () => {
  it.each(['Words', 'Letters', 'Names of indexing'])('has each of its %s once', (title) => {
    const all = firsts(title);
    expect(all.length).toBeGreaterThan(9);
    expect(new Set(all).size).toBe(all.length);
  });

  it('names ops that there are', () => {
    expect(firsts('Names of indexing').filter((name) => !(name in ops))).toEqual([]);
  });

  it('finds letters', () => {
    expect(lettersOf('src/attention/score.ts')).toContain('D');
  });

  it('has every letter of a shape', () => {
    const strange = files('src', '.ts').flatMap((path) =>
      [...new Set(lettersOf(path))].filter((letter) => !letters.includes(letter)).map((letter) => `${path}: ${letter}`),
    );
    expect(strange).toEqual([]);
  });

  it('has no letter that no shape has', () => {
    const used = new Set(files('src', '.ts').flatMap(lettersOf));
    expect(letters.filter((letter) => !used.has(letter))).toEqual([]);
  });
});
