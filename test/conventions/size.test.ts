import { describe, expect, it } from 'vitest';
import { bundle, compressed } from '../../scripts/size.mjs';

describe('the bundle', () => {
  it('stays under 60 KB compressed, the wasm aside', async () => {
    const { text, modules } = await bundle("export * from 'saccade';");
    expect(modules.map((module) => module.path)).toContain('src/runtime/wasm.ts');
    expect(compressed(text)).toBeLessThanOrEqual(60_000);
  });

  it('holds no reference kernel: they are in saccade/reference', async () => {
    const { modules } = await bundle("export { init } from 'saccade';");
    expect(modules.filter((module) => module.path.startsWith('src/runtime/reference/'))).toEqual([]);
  });

  it('of one function leaves the other rooms out', async () => {
    const { modules, text } = await bundle("export { init } from 'saccade';");
    const rooms = new Set(modules.map((module) => module.path.split('/')[1]));
    expect(
      [...rooms].filter((room) => ['ops', 'nn', 'attention', 'models', 'train', 'data', 'io', 'plot'].includes(room as string)),
    ).toEqual([]);
    expect(compressed(text)).toBeLessThanOrEqual(10_000);
  });

  it('of an import that is not used is empty', async () => {
    const { modules } = await bundle("import 'saccade';");
    expect(modules).toEqual([]);
  });
});
