import binaryen from 'binaryen';
import { describe, expect, it } from 'vitest';
import { budget, bundle, compressed, costs, files, mechanism, onnx, wasm } from '../../scripts/size.mjs';
import { kernelSizes } from '../../scripts/wasm-size.mjs';
import { parameters } from '../../src/runtime/generated/parameters.ts';
import { read } from './source.ts';

describe('the bundle', () => {
  it('stays under its budget, the wasm aside', async () => {
    const { text, modules } = await bundle("export * from 'saccade/all';");
    expect(modules.map((module) => module.path)).toContain('src/runtime/wasm.ts');
    expect(compressed(text)).toBeLessThanOrEqual(budget.everything);
  });

  it('of one mechanism with Adam, and of both with safetensors, stays within its budget', async () => {
    const [alone, saved] = await Promise.all([bundle(mechanism), bundle(files)]);
    const paths = (bundled: typeof alone) => bundled.modules.map((module) => module.path);
    expect(paths(alone)).toEqual(expect.arrayContaining(['src/attention/attention.ts', 'src/train/optimizers/adam.ts']));
    expect(paths(saved)).toEqual(expect.arrayContaining([...paths(alone), 'src/io/safetensors.ts', 'src/io/header.ts']));
    expect(paths(alone).filter((path) => path.startsWith('src/io/'))).toEqual([]);
    expect(paths(saved).filter((path) => /models|plot|lstm|gru|sgd/.test(path))).toEqual([]);
    expect(compressed(alone.initial)).toBeLessThanOrEqual(budget.mechanism);
    expect(compressed(saved.initial)).toBeLessThanOrEqual(budget.files);
    const sizes = [wasm[0]?.bytes ?? new Uint8Array(), alone.initial, saved.initial].map(compressed) as [number, number, number];
    const pattern = /(\d+) KB of compressed wasm, (\d+) KB of JavaScript for one mechanism with its training, (\d+) KB more for files/;
    const told = (pattern.exec(read('README.md')) ?? []).slice(1).map((text) => 1000 * Number(text)); // to within 1 KB
    expect(
      told.map((bytes, i) => bytes - (i < 2 ? (sizes[i] as number) : sizes[2] - sizes[1])).filter((off) => !(Math.abs(off) <= 1000)),
    ).toEqual([]);
    expect(told).toHaveLength(3);
    const rows = [...read('docs/production.md').matchAll(/^\| ([a-z ]+) \| (\d\.\d) \|/gm)].map(([, part, size]) => [part, Number(size)]);
    const parts = [...costs(saved.modules.filter(({ first }) => first))].map(([part, bytes]) => [part, Math.round(bytes / 100) / 10]);
    expect(rows.map(([part]) => part).sort()).toEqual(parts.map(([part]) => part).sort());
    const off = parts.filter(
      ([part, size]) => Math.abs((new Map(rows as [string, number][]).get(part as string) ?? 0) - (size as number)) > 0.15,
    );
    expect(off).toEqual([]);
  });

  it('brings graphs for ONNX to those who ask for them', async () => {
    const [alone, graphs] = await Promise.all([bundle(mechanism), bundle(onnx.code)]);
    const paths = (bundled: typeof alone) => bundled.modules.map((module) => module.path);
    expect(paths(alone).filter((path) => path.startsWith('src/onnx/'))).toEqual([]);
    expect(paths(graphs)).toEqual(expect.arrayContaining(['src/onnx/to-onnx.ts', 'src/onnx/table/attention.ts']));
    expect(paths(graphs).filter((path) => /src\/(models|attention|decode|train|io|plot)/.test(path))).toEqual([]);
    expect(compressed(graphs.initial)).toBeLessThanOrEqual(onnx.budget);
  });

  it.each(wasm)('holds $name of at most 40 KB compressed', ({ bytes }) => {
    expect(compressed(bytes)).toBeLessThanOrEqual(budget.wasm);
  });

  it('holds no reference kernel: they are in saccade/reference', async () => {
    const { modules } = await bundle("export { init } from 'saccade';");
    expect(modules.filter((module) => module.path.startsWith('src/runtime/reference/'))).toEqual([]);
  });

  it('of one function leaves the other rooms out', async () => {
    const { modules, initial } = await bundle("export { init } from 'saccade';");
    const rooms = new Set(modules.map((module) => module.path.split('/')[1]));
    expect(
      [...rooms].filter((room) => ['ops', 'nn', 'attention', 'models', 'train', 'data', 'io', 'plot'].includes(room as string)),
    ).toEqual([]);
    expect(compressed(initial)).toBeLessThanOrEqual(10_000);
  });

  it('of an import that is not used is empty', async () => {
    const { modules } = await bundle("import 'saccade';");
    expect(modules).toEqual([]);
  });
});

describe('the table of kernels', () => {
  it('counts what one kernel alone reaches as its own, and the rest as shared', () => {
    // A body is the number of its locals, its code and an end: 2 bytes, 1 more for nop, 2 for a call.
    const module = binaryen.parseText(`(module
      (func $both (nop)) (func $one (nop) (nop) (call $both))
      (func (export "a") (call $one)) (func (export "b") (call $both)))`);
    const sizes = kernelSizes(module.emitBinary());
    module.dispose();
    expect(sizes).toEqual([
      { name: 'a', own: 4 + 6, shared: 3 },
      { name: 'b', own: 4, shared: 3 },
    ]);
  });

  it('names every kernel', () => {
    const sizes = kernelSizes(wasm[0]?.bytes ?? new Uint8Array());
    expect(sizes.map(({ name }) => name).sort()).toEqual(Object.keys(parameters).sort());
    expect(sizes.every(({ own, shared }) => own + shared > 0)).toBe(true);
  });
});
