import { describe, expect, it } from 'vitest';
import { memoryReport } from '../../src/runtime/storage.ts';
import { arange, detach, full, type Nested, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { empty, Tensor } from '../../src/tensor/tensor.ts';

/** What callers in JavaScript pass: anything. */
const any = <T>(value: unknown): T => value as T;

describe('a shape', () => {
  const bad: [unknown, string][] = [
    [[Number.NaN], '[NaN]'],
    [[undefined], '[undefined]'],
    [[-2, -3], '[-2, -3]'],
    [[2.5, 2], '[2.5, 2]'],
    [[2, Number.POSITIVE_INFINITY], '[2, Infinity]'],
    [['3'], '[3]'],
    ['3', "'3'"],
    [3, '3'],
    [undefined, 'undefined'],
    [null, 'null'],
    [new Float32Array(2), 'an object'],
  ];

  it.each(bad)('of %s is refused by every creation function, and the heap lives on', (shape, got) => {
    const before = memoryReport();
    const refused = (op: string) => `${op}: shape must be an array of whole numbers from 0, got ${got}`;
    expect(() => empty(any(shape))).toThrow(refused('empty'));
    expect(() => zeros(any(shape))).toThrow(refused('zeros'));
    expect(() => ones(any(shape))).toThrow(refused('ones'));
    expect(() => full(any(shape), 1)).toThrow(refused('full'));
    if (shape !== undefined) expect(() => tensor(new Float32Array(6), { shape: any(shape) })).toThrow(refused('tensor'));
    expect(memoryReport().bytes).toBe(before.bytes);
    const a = tensor([1, 2, 3]);
    const b = tensor([4, 5, 6]);
    expect([...a.toArray(), ...b.toArray()]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('is copied: its owner may go on to change it', () => {
    const shape = [2, 3];
    const made = [zeros(shape), ones(shape), full(shape, 2), empty(shape), tensor(new Float32Array(6), { shape })];
    shape[0] = 100;
    shape.push(7);
    for (const x of made) expect([x.shape, x.size]).toEqual([[2, 3], 6]);
    const x = zeros([2, 3]);
    for (const y of [detach(x), zeros(x.shape)]) expect(y.shape).not.toBe(x.shape);
  });

  it('must lie within the storage', () => {
    const x = zeros([2, 3]);
    const inside = new Tensor(x.storage, [3], 'float32', 3);
    expect(inside.size).toBe(3);
    expect(() => new Tensor(x.storage, [100], 'float32')).toThrow('tensor: storage must hold the shape, got [100] from 0 on');
    expect(() => new Tensor(x.storage, [3], 'float32', -1)).toThrow('got [3] from -1 on');
    expect(() => new Tensor(x.storage, [3], 'float32', Number.NaN)).toThrow('got [3] from NaN on');
  });

  it('of arange is a whole number', () => {
    for (const length of [Number.NaN, -1, 2.5, undefined, '3']) {
      expect(() => arange(any(length))).toThrow(/^arange: length must be a whole number from 0, got /);
    }
    expect(arange(0).size).toBe(0);
  });
});

describe('an element type', () => {
  it.each(['float64', 'int8', 'Float32', null, 3])('%s is refused', (dtype) => {
    for (const make of [
      () => tensor([1], { dtype: any(dtype) }),
      () => zeros([2], any(dtype)),
      () => ones([2], any(dtype)),
      () => full([2], 1, any(dtype)),
      () => empty([2], any(dtype)),
    ]) {
      expect(make).toThrow(/^(tensor|zeros|ones|full|empty): dtype must be float32, int32 or bool, got /);
    }
  });

  it('is not given values that it would hold as others', () => {
    expect(() => full([3], 5, 'bool')).toThrow('full: values must be bool, got 5');
    expect(() => full([3], Number.NaN, 'int32')).toThrow('full: values must be int32, got NaN');
    expect(() => full([3], 2 ** 31, 'int32')).toThrow('full: values must be int32, got 2147483648');
    expect(() => full([3], any('a'))).toThrow("full: values must be float32, got 'a'");
    expect(() => full([3], any(tensor([1])))).toThrow('full: values must be float32, got an object');
    expect(Array.from(full([2], true, 'bool').toArray())).toEqual([1, 1]);
    expect(Array.from(full([2], Number.NaN).toArray())).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('values', () => {
  it.each<[unknown, string]>([
    [['a'], "tensor: values must be numbers or booleans, got 'a'"],
    ['abc', "tensor: values must be numbers or booleans, got 'abc'"],
    [['3'], "tensor: values must be numbers or booleans, got '3'"],
    [null, 'tensor: values must be numbers or booleans, got null'],
    [[null], 'tensor: values must be numbers or booleans, got null'],
    [undefined, 'tensor: values must be numbers or booleans, got undefined'],
    [[1, undefined], 'tensor: values must be numbers or booleans, got undefined'],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tried
    [[1, , 3], 'tensor: values must be numbers or booleans, got undefined'],
    [[1n], 'tensor: values must be numbers or booleans, got 1'],
    [BigInt64Array.of(1n), 'tensor: values must be numbers or booleans, got 1'],
    [{ 0: 1, length: 1 }, 'tensor: values must be numbers or booleans, got an object'],
    [new DataView(new ArrayBuffer(4)), 'tensor: values must be numbers or booleans, got an object'],
    [new ArrayBuffer(4), 'tensor: values must be numbers or booleans, got an object'],
    [[new Date(0)], 'tensor: values must be numbers or booleans, got an object'],
    [[[1, 2], [3]], 'tensor: nested arrays must be even, got lengths 2 and 1 at depth 1'],
    [[[1, 2], 3], 'tensor: nested arrays must be even, got a number at depth 1 of 2'],
    [[1, [2]], 'tensor: nested arrays must be even, got lengths of none and 1 at depth 1'],
  ])('%o are refused', (values, message) => {
    expect(() => tensor(any(values))).toThrow(message);
  });

  it('in themselves are refused', () => {
    const ring: unknown[] = [];
    ring.push(ring);
    expect(() => tensor(any(ring))).toThrow('tensor: nested arrays must be at most 64 deep');
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(tensor(any(nested(64))).rank).toBe(64);
    expect(() => tensor(any(nested(65)))).toThrow('tensor: nested arrays must be at most 64 deep');
  });

  it('come in typed rows too', () => {
    const x = tensor([Float32Array.of(1, 2), Float64Array.of(3, 4), [5, 6]]);
    expect([x.shape, x.dtype, Array.from(x.toArray())]).toEqual([[3, 2], 'float32', [1, 2, 3, 4, 5, 6]]);
    const bytes = tensor(Uint8Array.of(0, 255));
    expect([bytes.dtype, Array.from(bytes.toArray())]).toEqual(['float32', [0, 255]]);
    expect(tensor(Int32Array.of(7)).dtype).toBe('int32');
  });

  it('are told by type as before', () => {
    const kinds: [Nested, string][] = [
      [[true, false], 'bool'],
      [true, 'bool'],
      [[[1], [2]], 'float32'],
      [[], 'float32'],
      [[true, 2], 'float32'],
    ];
    for (const [values, dtype] of kinds) expect(tensor(values).dtype).toBe(dtype);
  });

  it('take no option but shape and dtype', () => {
    expect(() => tensor([1], any({ type: 'int32' }))).toThrow('tensor: options must be among shape, dtype, got type');
  });
});
