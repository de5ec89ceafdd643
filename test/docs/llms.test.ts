// llms.txt: its pages exist, every guide of the site is there, every entry of the package is, and its names are exported; and the site's menu.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guides } from '../../docs/site/guides.mjs';
import { read, root } from '../conventions/source.ts';

const text = read('llms.txt');
const rooms = [...text.matchAll(/^- `saccade\/(\w+)`: (.+)$/gm)].map(([, room = '', names = '']) => ({
  room,
  names: [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
}));

describe('llms.txt', () => {
  it('leads to pages that exist', () => {
    const pages = [...text.matchAll(/\(https:\/\/github\.com\/saccade-js\/saccade\/blob\/main\/([^)]+)\)/g)].map(([, path = '']) => path);
    expect(pages.length).toBeGreaterThan(5);
    expect(pages.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const [begin] = guides;
    expect(begin?.files.filter((file) => !pages.includes(file))).toEqual([]);
  });

  it('has every entry of the package', () => {
    const entries = Object.keys(JSON.parse(read('package.json')).exports).filter((path) => /^\.\/[a-z]+$/.test(path));
    expect(rooms.map(({ room }) => `./${room}`).sort()).toEqual(entries.sort());
  });

  it.each(rooms)('names what $room exports', async ({ room, names }) => {
    const module = await import(/* @vite-ignore */ `../../src/${room}${room === 'reference' ? '' : '/index'}.ts`);
    expect(names.length).toBeGreaterThan(1);
    expect(names.filter((name) => !(name in module))).toEqual([]);
  });
});

describe('the menu of the site', () => {
  it('has each page of docs/ once', () => {
    const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
    const listed = guides.flatMap(({ files }) => files).filter((file) => file.startsWith('docs/'));
    expect(listed.sort()).toEqual(pages.map((name) => `docs/${name}`).sort());
  });
});
