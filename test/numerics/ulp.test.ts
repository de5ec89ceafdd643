import { describe, expect, it } from 'vitest';
import { BOUND, functions, ulps } from '../../scripts/ulp.mjs';
import { backend, type Kernels } from '../../src/runtime/backend.ts';
import { Heap } from '../../src/runtime/heap.ts';
import * as reference from '../../src/runtime/reference/elementwise.ts';

type Unary = Kernels['exp'];

/** `kernel` over the given float32s. */
function apply(name: string, inputs: Float32Array): Float32Array {
  const { heap, kernels, view } = backend();
  const capacity = Heap.capacity(4 * inputs.length);
  const at = heap.allocate(capacity);
  view(at, inputs.length, 'float32').set(inputs);
  (kernels[name as keyof Kernels] as Unary)(at, at, inputs.length);
  const result = view(at, inputs.length, 'float32').slice() as Float32Array;
  heap.free(at, capacity);
  return result;
}

function fromBits(count: number, bits: (i: number) => number): Float32Array {
  return new Float32Array(Uint32Array.from({ length: count }, (_, i) => bits(i)).buffer);
}

/** Two million floats, evenly over all bit patterns (a step coprime to 2^32), then each power of two with its neighbours. */
const spread = fromBits(2 ** 21, (i) => Math.imul(i, 8191 * 1_000_003 + 2));
const edges = fromBits(2 * 256 * 16, (i) => ((i >>> 12) << 31) | (((i >>> 4) & 255) << 23) | (((i & 15) - 8) & 0x7fffff));
/** Where each function does something: the magnitudes from 2^-12 to 2^7, densely. */
const middle = fromBits(2 ** 21, (i) => ((i & 1) << 31) | (0x39800000 + (i >>> 1) * 152));

describe('elementary functions are within the stated ulp of float64', () => {
  for (const [name, { truth, domain = Infinity }] of Object.entries(functions(reference))) {
    it(name, () => {
      for (const inputs of [spread, edges, middle]) {
        const outputs = apply(name, inputs);
        let worst = 0;
        let at = 0;
        for (let i = 0; i < inputs.length; i++) {
          const x = inputs[i] as number;
          if (Math.abs(x) > domain) continue;
          const off = ulps(outputs[i] as number, truth(x));
          if (off > worst) [worst, at] = [off, x];
        }
        expect(worst, `at ${at}`).toBeLessThanOrEqual(BOUND);
      }
    });
  }
});

describe('limits', () => {
  const limits: Record<string, [number, number][]> = {
    exp: [
      [-Infinity, 0],
      [Infinity, Infinity],
      [0, 1],
      [-0, 1],
      [89, Infinity],
      [-104, 0],
      [-103.2, 2 ** -149],
    ],
    log: [
      [0, -Infinity],
      [-0, -Infinity],
      [1, 0],
      [Infinity, Infinity],
      [-1, NaN],
      [-Infinity, NaN],
    ],
    tanh: [
      [0, 0],
      [-0, -0],
      [Infinity, 1],
      [-Infinity, -1],
      [2 ** -149, 2 ** -149],
    ],
    sigmoid: [
      [0, 0.5],
      [Infinity, 1],
      [-Infinity, 0],
    ],
    softplus: [
      [Infinity, Infinity],
      [-Infinity, 0],
    ],
    erf: [
      [0, 0],
      [-0, -0],
      [Infinity, 1],
      [-Infinity, -1],
    ],
    sin: [
      [0, 0],
      [-0, -0],
      [Infinity, NaN],
    ],
    cos: [
      [0, 1],
      [-Infinity, NaN],
    ],
  };
  for (const [name, pairs] of Object.entries(limits)) {
    it(name, () => {
      const outputs = apply(
        name,
        Float32Array.from(pairs, ([x]) => x),
      );
      pairs.forEach(([x, y], i) => {
        expect(outputs[i], `${name}(${Object.is(x, -0) ? '-0' : x})`).toBe(y);
      });
    });
  }

  it('sin and cos stay within [-1, 1] beyond their domain', () => {
    for (const name of ['sin', 'cos']) {
      const finite = apply(name, spread).filter((y, i) => Number.isFinite(spread[i]) && !(Math.abs(y) <= 1));
      expect(Array.from(finite)).toEqual([]);
    }
  });
});

describe('the float64 erf of the reference', () => {
  // erf to 16 digits, Abramowitz and Stegun, table 7.1, and the values at 2 and beyond by the same definition in 50 digits.
  it.each([
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [1.5, 0.9661051464753108],
    [2, 0.9953222650189527],
    [2.5, 0.999593047982555],
    [3, 0.9999779095030014],
    [1e-8, 1.1283791670955126e-8],
  ])('erf(%d)', (x, y) => {
    expect(Math.abs(reference.erf(x) / y - 1)).toBeLessThan(1e-15);
    expect(reference.erf(-x)).toBe(-reference.erf(x));
  });

  it('meets itself where its two forms join', () => {
    expect(Math.abs(reference.erf(2) - reference.erf(2 - 2 ** -52) - (4 / Math.sqrt(Math.PI)) * Math.exp(-4) * 2 ** -53)).toBeLessThan(
      4e-16,
    );
  });
});

describe('ulps', () => {
  it('counts in the spacing at the truth', () => {
    expect(ulps(1 + 2 ** -23, 1)).toBe(1);
    expect(ulps(1 - 2 ** -24, 1)).toBe(0.5);
    expect(ulps(2 ** -149, 0)).toBe(1);
    expect(ulps(NaN, NaN)).toBe(0);
    expect(ulps(NaN, 1)).toBe(Infinity);
    expect(ulps(1, NaN)).toBe(Infinity);
    expect(ulps(Infinity, 1e38)).toBe(Infinity);
    expect(ulps(Infinity, 1e39)).toBe(0);
    expect(ulps(3e38, Infinity)).toBe(Infinity);
  });
});
