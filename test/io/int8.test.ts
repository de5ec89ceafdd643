import { describe, expect, it } from 'vitest';
import { fromInt8, loadTensors, saveTensors, toInt8 } from '../../src/io/index.ts';
import { normal } from '../../src/ops/index.ts';
import { full, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const saved = (tensors: [string, Tensor][]) => saveTensors(toInt8(tensors));
const loaded = (bytes: Uint8Array) => fromInt8(loadTensors(bytes));

describe('toInt8 and fromInt8', () => {
  it('give back each number to within half a step of its row, and exactly what is a multiple of the step', () => {
    const w = normal(key(1), [7, 33]);
    const back = loaded(saved([['w', w]])).get('w') as Tensor;
    expect(back.shape).toEqual([7, 33]);
    const [before, after] = [w.toArray(), back.toArray()];
    for (let r = 0; r < 7; r++) {
      const row = Array.from(before.subarray(33 * r, 33 * r + 33)) as number[];
      const step = Math.max(...row.map(Math.abs)) / 127;
      row.forEach((value, i) => expect(Math.abs((after[33 * r + i] as number) - value)).toBeLessThanOrEqual(step * 0.5000001));
    }
    const exact = tensor([
      [127, -64, 1, 0],
      [-0.5, 0.25, 63.5, -63.5],
    ]); // steps 1 and 0.5
    expect((loaded(saved([['w', exact]])).get('w') as Tensor).toNested()).toEqual([
      [127, -64, 1, 0],
      [-0.5, 0.5, 63.5, -63.5],
    ]);
  });

  it('write the bytes that the format says', () => {
    const found = loadTensors(
      saved([
        [
          'a.w',
          tensor([
            [1, -0.3],
            [0, 0],
          ]),
        ],
        ['b', tensor([1.5])],
        ['n', tensor(Int32Array.of(3))],
      ]),
    );
    expect([...found.keys()]).toEqual(['a.w', 'a.w.int8_scale', 'b', 'n']);
    expect(found.get('a.w')?.toNested()).toEqual([
      [127, -38],
      [0, 0],
    ]);
    expect(found.get('a.w.int8_scale')?.toArray()).toEqual(Float32Array.of(Math.fround(1 / 127), 0));
    expect(found.get('b')?.toArray()).toEqual(Float32Array.of(1.5));
    const [bytes] = [saved([['w', zeros([64, 64])]])];
    expect(bytes.length).toBeLessThan(64 * 64 + 64 * 4 + 400);
  });

  it('round once on the way back: the same bits as fround', () => {
    const w = normal(key(2), [5, 17]);
    const file = loadTensors(saved([['w', w]]));
    const [q, scale] = [file.get('w')?.toArray() as Int32Array, file.get('w.int8_scale')?.toArray() as Float32Array];
    const wanted = Float32Array.from(q, (value, i) => Math.fround(value * (scale[Math.floor(i / 17)] as number)));
    expect(fromInt8(file).get('w')?.toArray()).toEqual(wanted);
  });

  it('keep empty tensors, tensors of three axes and strange names', () => {
    const three = full([2, 3, 4], 0.25);
    const back = loaded(
      saved([
        ['e', zeros([0, 3])],
        ['conv', three],
        ['int8_scale', tensor([2])],
        ['x.int8_scale', tensor([3])],
      ]),
    );
    expect([...back.keys()]).toEqual(['e', 'conv', 'int8_scale', 'x.int8_scale']);
    expect(back.get('conv')?.toNested()).toEqual(three.toNested());
  });

  it('refuse what has no whole number, and factors that do not fit', () => {
    expect(() => saved([['w', tensor([[1, Number.NaN]])]])).toThrow('"w" must be finite to be written as int8, got NaN');
    expect(() => saved([['w', tensor([[1, -Infinity]])]])).toThrow('must be finite');
    const of = (w: Tensor, scale: Tensor) => () =>
      fromInt8(
        new Map([
          ['w', w],
          ['w.int8_scale', scale],
        ]),
      );
    expect(of(zeros([2, 2]), tensor([1, 1]))).toThrow('"w" must hold whole numbers, having factors beside it, got float32 [2, 2]');
    expect(of(zeros([2, 2], 'int32'), tensor([1]))).toThrow('"w.int8_scale" must be float32 [2], got float32 [1]');
  });
});
