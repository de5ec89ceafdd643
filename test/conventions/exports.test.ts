import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as all from '../../src/all.ts';
import * as main from '../../src/index.ts';
import { read } from './source.ts';

const rooms = readdirSync('src').filter((room) => existsSync(`src/${room}/index.ts`));
const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, unknown> };

describe('what the package exports', () => {
  it('is a sub-path for each room with a page of contents', () => {
    const paths = Object.keys(exports).filter((path) => /^\.\/[a-z]+$/.test(path) && path !== './reference');
    expect(paths).toEqual(rooms.map((room) => `./${room}`));
  });

  it('is about a hundred names in `saccade` itself, each of a room or of the runtime', async () => {
    expect(Object.keys(main).length).toBeLessThanOrEqual(130);
    const pages = await Promise.all(rooms.map(async (room) => (await import(`../../src/${room}/index.ts`)) as Record<string, unknown>));
    const named = new Map(pages.flatMap((page) => Object.entries(page)));
    const runtime = ['backend', 'info', 'init', 'memoryReport', 'OutOfMemoryError', 'wasmBackend', 'withBackend'];
    for (const [name, value] of Object.entries(main)) if (!runtime.includes(name)) expect(named.get(name), name).toBe(value);
    expect(Object.keys(all).sort()).toEqual([...named.keys(), ...runtime].sort());
  });

  it('is one thing under each name', async () => {
    const places = new Map<string, string>();
    for (const room of rooms) {
      for (const name of Object.keys((await import(`../../src/${room}/index.ts`)) as object)) {
        expect(places.get(name), `${name} of ${room}`).toBeUndefined();
        places.set(name, room);
      }
    }
  });
});
