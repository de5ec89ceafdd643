import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** The functions of the built module as text, by name where they are exported. */
function disassembled(): string[] {
  const text = execFileSync(process.execPath, ['node_modules/binaryen/bin/wasm-dis', 'build/saccade.wasm'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 27,
  });
  return text.split(/^(?= \(func )/m).slice(1);
}

describe('the built kernels', () => {
  const functions = disassembled();
  it('are there', () => {
    expect(functions.length).toBeGreaterThan(10);
  });
  it('call nothing through a table', () => {
    expect(functions.filter((text) => text.includes('call_indirect'))).toEqual([]);
  });
  it('call nothing in the loops of the products', () => {
    const loops = functions.flatMap(innermostLoops);
    const having = (counts: Record<string, number>) =>
      loops.filter((loop) => Object.entries(counts).every(([what, times]) => count(loop, what) === times));
    const tiles = having({ 'v128.load32_splat': 4, 'f32x4.mul': 8, 'f32x4.add': 8 });
    const narrow = having({ 'v128.load32_splat': 6, 'f32x4.mul': 6, 'f32x4.add': 6 });
    const oneRow = having({ 'v128.load32_splat': 1, 'f32x4.mul': 6, 'f32x4.add': 6 });
    const rowsAdded = having({ 'v128.load32_splat': 0, 'f32x4.mul': 8, 'f32x4.add': 8, 'v128.store': 1 });
    const lines = having({ 'v128.load32_splat': 4, 'f32x4.mul': 4, 'f32x4.add': 4, 'i8x16.shuffle': 8 });
    expect(tiles.length).toBeGreaterThanOrEqual(2);
    for (const found of [narrow, oneRow, rowsAdded, lines]) expect(found.length).toBeGreaterThanOrEqual(1);
    for (const loop of [tiles, narrow, oneRow, rowsAdded, lines].flat()) expect(loop).not.toContain('(call');
  });
});

const count = (text: string, what: string) => text.split(what).length - 1;

/** Every loop expression without a loop in it. */
function innermostLoops(text: string): string[] {
  const found: string[] = [];
  for (let start = text.indexOf('(loop'); start >= 0; start = text.indexOf('(loop', start + 1)) {
    let depth = 0;
    let end = start;
    do {
      if (text[end] === '(') depth++;
      else if (text[end] === ')') depth--;
      end++;
    } while (depth > 0);
    const loop = text.slice(start, end);
    if (loop.lastIndexOf('(loop') === 0) found.push(loop);
  }
  return found;
}
