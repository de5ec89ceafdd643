// Links of the documents lead to files (folders have no page on the site), and to headings that are there.
import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { files, read, root } from '../conventions/source.ts';

const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...files('docs', '.md')];

/** A heading as GitHub and the site name it. */
const slug = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- ]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (path: string) => [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slug(heading));

/** Links to files of the repository that lead nowhere. */
function broken(path: string, text: string): string[] {
  const links = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [to = '', anchor] = link.split('#');
      const file = to === '' ? path : relative(root, join(root, dirname(path), to));
      if (!existsSync(join(root, file)) || !statSync(join(root, file)).isFile()) return true;
      return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor);
    });
}

describe('links', () => {
  it('are found', () => {
    expect(broken('docs/x.md', '[a](start.md) [b](none.md) [c](start.md#install) [d](start.md#none) [e](https://x) [f](site)')).toEqual([
      'none.md',
      'start.md#none',
      'site',
    ]);
  });

  it.each(documents)('of %s lead somewhere', (path) => {
    expect(broken(path, read(path))).toEqual([]);
  });
});
