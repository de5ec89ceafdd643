// Programs of larger tensors on three threads, from fresh pools: the interpreter's values and the bits of one thread. Threads run the package
// as it is built.
import { describe, expect, it } from 'vitest';
import type * as Package from '../../src/all.ts';
import { large, small } from './choices.ts';
import { compare, fuzz } from './fuzz.ts';

const built = (await import(new URL('../../dist/all.js', import.meta.url).href)) as typeof Package;
await built.init();

describe('programs of larger tensors on three threads', () => {
  it.each([
    [small, 1, 60],
    [large, 2, 12],
    [large, 3, 12],
  ])('have the values of the interpreter and the bits of one thread', async (sizes, seed, programs) => {
    const pool = () => built.wasmBackend({ threads: 3, grain: 0 });
    const [one, several] = await Promise.all([built.wasmBackend(), pool()]);
    const { failure } = fuzz(built, { programs, seed, options: { sizes }, run: compare(built, one, several) });
    const lost = several.lost?.();
    several.close?.();
    expect(lost).toBeUndefined();
    if (failure) throw new Error(failure.message);
  });
});
