// The package as it is shipped, in hosts that allow less than others.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const dist = new URL('../../dist/index.js', import.meta.url).href;

/** What a program that imports the package prints in Node with these flags. */
const printed = (flags: readonly string[], program: string): string =>
  execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', `const S = await import('${dist}');\n${program}`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

describe('the package', () => {
  it('loads, learns and refuses where intrinsics are frozen', () => {
    const program = `
      await S.init();
      const w = S.parameter(S.tensor([1, 2]));
      const optimizer = new S.Adam([w], { lr: 0.5 });
      S.scope(() => { S.backward(S.sum(S.square(w))); optimizer.step(); });
      console.log(String(w));
      try { S.zeros([NaN]); } catch (error) { console.log(error.message); }
      await S.init({ threads: 2 });
      console.log(S.info().threads);
      await S.init({ threads: 1 });`;
    expect(printed(['--frozen-intrinsics'], program).split('\n')).toEqual([
      'Tensor(float32 [2]) [0.5, 1.5]',
      'zeros: shape must be an array of whole numbers from 0, got [NaN]',
      '2',
      '',
    ]);
  });

  it('presses the collector in the shipped bundle too, where a bundler could have dropped what does it', () => {
    const program = `
      await S.init({ maximumBytes: 2 ** 26 });
      (() => { for (let i = 0; i < 14; i++) S.full([2 ** 20], i); })();
      await new Promise((resolve) => setImmediate(resolve));
      console.log(S.full([2 ** 23], 7).size, S.memoryReport().outside.blocks);`;
    expect(printed([], program)).toBe('8388608 1\n');
  });

  it('changes nothing of the realm on import', () => {
    const program = `console.log(Object.keys(globalThis).join() === globalThis.before, Object.hasOwn === globalThis.hasOwn);`;
    const before = `data:text/javascript,globalThis.hasOwn = Object.hasOwn; globalThis.before = ''; globalThis.before = Object.keys(globalThis).join();`;
    expect(printed(['--import', before], program)).toBe('true true\n');
  });
});
