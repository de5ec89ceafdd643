// Tensors written in types other than their own, and read back as those say.
import { expect, it } from 'vitest';
import { ARRAYS, type FileDType } from '../../src/io/format.ts';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { loadTensors, saveTensors } from '../../src/io/tensors.ts';
import { type FloatType, withTypes } from '../../src/io/types.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const [float, int, bool] = [tensor([1.5, -2]), tensor(Int32Array.of(7, 0)), tensor([true, false])];
const written = (x: Tensor, dtype: string) => readSafetensors(saveTensors(withTypes([['x', x]], new Map([['x', dtype]])))).tensors.get('x');
const wrong = (x: Tensor, dtype: string) => () => withTypes([['x', x]], new Map([['x', dtype]]));

it.each<[FileDType, Tensor]>([
  ...(['F64', 'F32', 'F16', 'BF16'] as const).map((dtype) => [dtype, float] as [FileDType, Tensor]),
  ...(['I64', 'U64', 'I32', 'U32', 'I16', 'U16', 'I8', 'U8'] as const).map((dtype) => [dtype, int] as [FileDType, Tensor]),
  ['BOOL', bool],
])('%s holds what fits it', (dtype, x) => {
  const entry = written(x, dtype);
  expect([entry?.dtype, entry?.shape]).toEqual([dtype, [2]]);
  expect(entry?.data).toBeInstanceOf(ARRAYS[dtype]);
  expect(Array.from(entry?.data as Float32Array, Number)).toEqual([...x.toArray()]);
  const loaded = loadTensors(saveTensors(withTypes([['x', x]], new Map([['x', dtype]])))).get('x');
  expect([loaded?.dtype, loaded?.toArray()]).toEqual([x.dtype, x.toArray()]);
});

it.each<[string, Int32Array, number]>([
  ['U64', Int32Array.of(1, -1), -1],
  ['U32', Int32Array.of(-5), -5],
  ['I16', Int32Array.of(32767, 32768), 32768],
  ['U16', Int32Array.of(65536), 65536],
  ['I8', Int32Array.of(-129), -129],
  ['U8', Int32Array.of(256), 256],
])('%s refuses a number that would become another', (dtype, values, got) => {
  expect(wrong(tensor(values), dtype)).toThrow(`safetensors: "x" must fit ${dtype}, got ${got}`);
});

it('each type takes one kind of tensor', () => {
  expect(wrong(float, 'I32')).toThrow('safetensors: "x" must be int32 to be written as I32, got float32');
  expect(wrong(int, 'F16')).toThrow('safetensors: "x" must be float32 to be written as F16, got int32');
  expect(wrong(float, 'BOOL')).toThrow('safetensors: "x" must be bool to be written as BOOL, got float32');
  expect(wrong(bool, 'U8')).toThrow('safetensors: "x" must be int32 to be written as U8, got bool');
  expect(wrong(int, 'F8_E4M3')).toThrow('safetensors: "x" must have a dtype of F64 ');
  expect(() => withTypes([['x', [1, 2] as unknown as Tensor]], 'F16')).toThrow('safetensors: "x" must be a tensor, got object');
});

it('what has no name in the map, and what is of that type already, is passed on as it is', () => {
  const all = [
    ['float', float],
    ['int', int],
    ['bool', bool],
  ] as const;
  const passed = (types: FloatType | Map<string, string>) => withTypes(all, types).map(([, x], i) => x === all[i]?.[1]);
  expect(passed(new Map())).toEqual([true, true, true]);
  expect(passed(new Map([['float', 'F32'], ['int', 'I32'], ['bool', 'BOOL']]))).toEqual([true, true, true]); // biome-ignore format: a table
  expect(passed('F32')).toEqual([true, true, true]);
  expect(passed('BF16')).toEqual([false, true, true]);
});

it.each(['F16', 'BF16'] as const)('NaN of %s keeps its payload', (dtype) => {
  const infinite = dtype === 'F16' ? 0x7c00 : 0x7f80;
  const nans = Uint16Array.from({ length: 0x8000 - infinite - 1 }, (_, i) => infinite + 1 + i);
  const header = JSON.stringify({ x: { dtype, shape: [nans.length], data_offsets: [0, 2 * nans.length] } });
  const bytes = new Uint8Array(8 + header.length + 2 * nans.length);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(new TextEncoder().encode(header), 8);
  bytes.set(new Uint8Array(nans.buffer), 8 + header.length);
  const again = writeSafetensors(readSafetensors(bytes).tensors, { checksum: false });
  expect(new Uint16Array(again.slice(again.length - 2 * nans.length).buffer)).toEqual(nans);
});
