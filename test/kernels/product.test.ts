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
  it('call nothing in the loops of the product tiles', () => {
    // A tile is the innermost loop of four broadcasts and eight multiplications.
    const loops = functions
      .flatMap(innermostLoops)
      .filter((loop) => count(loop, 'v128.load32_splat') === 4 && count(loop, 'f32x4.mul') === 8);
    expect(loops.length).toBeGreaterThanOrEqual(2);
    expect(loops.filter((loop) => loop.includes('(call '))).toEqual([]);
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
