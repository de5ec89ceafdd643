import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import binaryen from 'binaryen';
import { describe, expect, it } from 'vitest';
import { codeOf, files, findings, read, root } from './source.ts';

const machine = /\brelaxed_\w+|\.(?:shuffle|swizzle)\b|\b(?:load|store)\d+_(?:lane|zero|splat)\b/g;

/** Where the machine is named outside assembly/simd/, and why. */
const named: Record<string, string> = {};

describe('assembly', () => {
  it('names the machine in simd/ alone', () => {
    expect('v128.load32_lane(p) i8x16.shuffle(a) f32x4.relaxed_madd(a)'.match(machine)).toHaveLength(3);
    const outside = files('assembly', '.ts').filter((path) => !path.startsWith('assembly/simd/') && !named[path]);
    expect(outside.flatMap((path) => findings(path, codeOf(read(path)), machine))).toEqual([]);
  });

  it('has classes without fields: changetype<F>(0) would read address 0', () => {
    const field = /^ {2}(?!static |@inline static )(?:private |readonly |protected )*\w+\s*[:=][^(\n]*;/gm;
    expect('class A {\n  x: f32;\n}'.match(field)).toHaveLength(1);
    const breaches = files('assembly', '.ts').flatMap((path) =>
      [...codeOf(read(path)).matchAll(/\bclass [^{]*\{\n([\s\S]*?)^\}/gm)].flatMap((match) => findings(path, match[1] as string, field)),
    );
    expect(breaches).toEqual([]);
  });

  it('stands as its changes made by hand expect, each once, and docs/testing.md counts them', () => {
    const changes = JSON.parse(read('test/mutants/kernels.json')) as { file: string; code: string }[];
    expect(changes.filter(({ file, code }) => read(`assembly/${file}.ts`).split(code).length !== 2)).toEqual([]);
    expect([...read('docs/testing.md').matchAll(/(\d+) changes made by hand/g)].map(([, count]) => Number(count))).toEqual([
      changes.length,
    ]);
  });

  it.each(['saccade.wasm', 'saccade.relaxed.wasm'])('%s calls nothing through a table', (name) => {
    const module = binaryen.readBinary(readFileSync(join(root, 'build', name)));
    expect(module.emitText()).not.toContain('call_indirect');
    module.dispose();
  });

  it('keeps the deterministic build under 40 KB compressed', () => {
    const wasm = readFileSync(join(root, 'build/saccade.wasm'));
    expect(gzipSync(wasm, { level: 9 }).length).toBeLessThanOrEqual(40_000);
  });

  it('has no relaxed instruction in the deterministic build', () => {
    const module = binaryen.readBinary(readFileSync(join(root, 'build/saccade.wasm')));
    expect(module.emitText()).not.toContain('relaxed');
    module.dispose();
  });
});
