import { expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { loadTensors, saveTensors } from '../../src/io/tensors.ts';
import { withTypes } from '../../src/io/types.ts';
import { tensor } from '../../src/tensor/create.ts';

type Half = 'F16' | 'BF16';
const kinds = { F16: { fractionBits: 10, bias: 15 }, BF16: { fractionBits: 7, bias: 127 } } as const;

/** What a pattern of 16 bits means, by the definition of the format. */
function meaning(kind: Half, pattern: number): number {
  const { fractionBits, bias } = kinds[kind];
  const sign = pattern >> 15 ? -1 : 1;
  const exponent = (pattern & 0x7fff) >> fractionBits;
  const fraction = (pattern & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  if (exponent === 2 * bias + 1) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1 + fraction) * 2 ** (exponent - bias) : fraction * 2 ** (1 - bias));
}

function bitsOf(kind: Half, values: Float32Array): Uint16Array {
  const bytes = writeSafetensors([['a', { dtype: kind, shape: [values.length], data: values }]]);
  return new Uint16Array(bytes.slice(bytes.length - 2 * values.length).buffer);
}

/** The floats of a pattern given as float32 bits, NaN payloads in the upper bits. */
const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);

it.each(['F16', 'BF16'] as const)('writes and reads every pattern of %s as it is', (kind) => {
  const finite = patterns.filter((pattern) => !Number.isNaN(meaning(kind, pattern)));
  const values = Float32Array.from(finite, (pattern) => meaning(kind, pattern));
  expect(bitsOf(kind, values)).toEqual(finite);
  const read = readSafetensors(writeSafetensors([['a', { dtype: kind, shape: [values.length], data: values }]]));
  expect(read.tensors.get('a')?.data).toEqual(values);
});

it('keeps NaN a NaN, of any payload', () => {
  const payloads = Uint32Array.from({ length: 23 }, (_, bit) => 0x7f800000 | (1 << bit));
  for (const kind of ['F16', 'BF16'] as const) {
    for (const bits of bitsOf(kind, new Float32Array(payloads.buffer))) expect(meaning(kind, bits)).toBeNaN();
  }
});

it.each(['F16', 'BF16'] as const)('rounds to the nearest %s, ties to even', (kind) => {
  // Between each two neighbours: the middle, and the floats beside it. An exact middle goes to the even pattern.
  const last = patterns.findLastIndex((pattern) => pattern < 0x8000 && Number.isFinite(meaning(kind, pattern)));
  const values: number[] = [];
  const expected: number[] = [];
  const asInt = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0] as number;
  const asFloat = (bits: number): number => new Float32Array(Int32Array.of(bits).buffer)[0] as number;
  for (let low = 0; low < last; low++) {
    const middle = (meaning(kind, low) + meaning(kind, low + 1)) / 2;
    if (middle !== Math.fround(middle)) throw new Error('a middle is a float32');
    const even = low % 2 === 0 ? low : low + 1;
    for (const [value, bits] of [
      [middle, even],
      [asFloat(asInt(middle) - 1), low],
      [asFloat(asInt(middle) + 1), low + 1],
    ] as const) {
      values.push(value, -value);
      expected.push(bits, bits | 0x8000);
    }
  }
  const found = bitsOf(kind, Float32Array.from(values));
  const wrong = found.findIndex((bits, i) => bits !== expected[i]);
  expect(wrong === -1 ? '' : `${values[wrong]} → ${found[wrong]}, not ${expected[wrong]}`).toBe('');
});

it('refuses what would become infinite, to the last float that does not', () => {
  expect([...bitsOf('F16', Float32Array.of(65519.996, -Infinity))]).toEqual([0x7bff, 0xfc00]);
  expect(() => bitsOf('F16', Float32Array.of(1, 65520))).toThrow('safetensors: "a" must fit F16, got 65520');
  expect(() => bitsOf('BF16', Float32Array.of(3.4e38))).toThrow('safetensors: "a" must fit BF16, got 3.3999999521443642e+38');
});

it('writes tensors in half the bytes on request', () => {
  const tensors = [
    ['w', tensor([1 / 3, -2])],
    ['i', tensor(Int32Array.of(7))],
  ] as const;
  for (const float of ['F16', 'BF16'] as const) {
    const bytes = saveTensors(withTypes(tensors, float));
    expect(readSafetensors(bytes).tensors.get('w')?.dtype).toBe(float);
    const [third, two] = loadTensors(bytes).get('w')?.toArray() ?? [];
    expect(third).toBe(float === 'F16' ? 0.333251953125 : 0.333984375);
    expect(two).toBe(-2);
    expect(loadTensors(bytes).get('i')?.item()).toBe(7);
  }
  expect(() => withTypes(tensors, 'F8' as 'F16')).toThrow('safetensors: types must be one of F64 F32 F16 BF16 or a Map, got F8');
});
