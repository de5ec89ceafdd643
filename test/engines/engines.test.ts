// One truth: the identity program gives the committed hash in Node and in a browser. `npm run test:engines` asks every other engine.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../browser/chromium.mjs';
import { bundleProgram, shell } from './build.mjs';
import expected from './expected.json' with { type: 'json' };
import { runInBrowser } from './hosts/browser.mjs';
import { runInShell } from './hosts/shell.mjs';
import { Digest } from './program/digest.ts';
import type { Result } from './program/main.ts';
import { Sha256 } from './program/sha256.ts';
import { atob, TextDecoder, TextEncoder } from './program/shell.ts';

const changed =
  'The bits changed. If that is wanted, run `npm run test:engines -- --update`, and name what changed and why in CHANGELOG.md; parts';

/** Names the parts that differ before it compares the whole. */
function same(result: Result): void {
  const names = new Set([...Object.keys(expected.parts), ...Object.keys(result.parts)]);
  const differing = [...names].filter((name) => result.parts[name] !== (expected.parts as Record<string, string>)[name]);
  expect(differing, changed).toEqual([]);
  expect(result.hash, changed).toBe(expected.hash);
}

describe('the identity program', () => {
  it('gives its hash in Node where there is nothing but ECMAScript and WebAssembly', async () => {
    const bare = createContext({});
    runInContext('delete globalThis.console', bare); // V8's own
    for (const name of [...shell, 'console', 'setTimeout', 'process', 'crypto'])
      expect(runInContext(`typeof ${name}`, bare)).toBe('undefined');
    runInContext(await bundleProgram('iife'), bare);
    same(await runInContext('program.run()', bare));
  });

  it('gives its hash in Node with three threads and with eight', async () => {
    await bundleProgram();
    for (const threads of [3, 8]) same(await runInShell([process.execPath], threads));
  });

  it('gives its hash in Chromium, with one thread and with two', async () => {
    await bundleProgram();
    const browser = await launchChromium();
    try {
      same(await runInBrowser(browser));
      same(await runInBrowser(browser, 2));
    } finally {
      await browser.close();
    }
  });

  it('is the hash that the README names', () => {
    expect(readFileSync(new URL('../../README.md', import.meta.url), 'utf8')).toContain(expected.hash);
  });

  it('covers every op, every mechanism and the training of a model', () => {
    const parts = Object.keys(expected.parts);
    expect(parts.filter((name) => name.startsWith('attention ')).length).toBeGreaterThan(40);
    expect(parts.filter((name) => !/^(op|attention) /.test(name))).toEqual([
      'training, first half',
      'checkpoint',
      'training, second half',
      'parameters',
      'beam search',
      'sampling',
      'training by Muon',
      'translator, post norm',
      'translator, modern',
      'translator, wide heads',
      'language, as GPT-2',
      'language, as LLaMA',
      'language, alibi, a window',
      'language, buckets',
      'language, sinusoidal, norms of queries and keys',
    ]);
    expect(parts.length).toBeGreaterThan(70);
  });
});

describe('what the program brings itself', () => {
  let bytes: Uint8Array;
  beforeAll(() => {
    bytes = readFileSync('build/saccade.wasm');
  });

  it('hashes as everybody does, in pieces of any length', () => {
    for (const n of [0, 1, 55, 56, 63, 64, 65, 127, 1000]) {
      const wanted = createHash('sha256').update(bytes.subarray(0, n)).digest('hex');
      for (const step of [1, 7, 64, 100]) {
        const hash = new Sha256();
        for (let at = 0; at < n; at += step) hash.update(bytes.subarray(at, Math.min(n, at + step)));
        expect(hash.digest()).toBe(wanted);
      }
    }
  });

  it('reads base64 and ASCII', () => {
    for (const n of [0, 1, 2, 3, 100]) {
      const text = Buffer.from(bytes.subarray(0, n));
      expect(Buffer.from(atob(text.toString('base64')), 'latin1')).toEqual(text);
    }
    expect(new TextDecoder().decode(new TextEncoder().encode('{"a":1}'))).toBe('{"a":1}');
    expect(() => new TextEncoder().encode('é')).toThrow('TextEncoder: text must be ASCII here, got "é"');
    expect(() => new TextDecoder().decode(Uint8Array.of(0xc3))).toThrow('TextDecoder: bytes must be ASCII here, got 195');
  });
});

describe('a digest', () => {
  const of = (take: (digest: Digest) => void) => {
    const digest = new Digest();
    take(digest);
    return digest.end();
  };

  it('knows no NaN from another and everything else apart', () => {
    const nan = (bits: number) => of((d) => d.elements(new Float32Array(Int32Array.of(0, bits).buffer)));
    expect(new Set([0x7fc00000, 0xffc00000 | 0, 0x7f800001, 0x7fffffff].map(nan)).size).toBe(1);
    const others = [0x7f800000, 0xff800000 | 0, 0, 0x80000000 | 0, 1].map(nan);
    expect(new Set([nan(0x7fc00000), ...others]).size).toBe(6);
    expect(of((d) => d.numbers(0))).not.toBe(of((d) => d.numbers(-0)));
    expect(of((d) => d.elements(Int32Array.of(0x7fc00001)))).not.toBe(of((d) => d.elements(Int32Array.of(0x7fc00000))));
  });

  it('refuses what the float64 reference computes', () => {
    expect(() => of((d) => d.elements(Float64Array.of(1)))).toThrow('digest: elements must be those of the float32 kernels');
  });
});
