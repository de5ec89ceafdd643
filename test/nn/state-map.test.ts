// Tables of names, both ways. What lies where is judged by NumPy-like loops written here.
import { describe, expect, it } from 'vitest';
import { StateMap, type StateMapEntry } from '../../src/nn/index.ts';
import { Linear } from '../../src/nn/linear.ts';
import { Module } from '../../src/nn/module.ts';
import { patternOf } from '../../src/nn/pattern.ts';
import { arange, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { list } from './row.ts';

/** A tensor whose elements tell where they are. */
const counted = (shape: number[], from = 0) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => from + i),
    { shape },
  );

const dict = (entries: Record<string, Tensor>) => new Map(Object.entries(entries));
const shown = (found: ReadonlyMap<string, Tensor>) => Object.fromEntries([...found].map(([path, x]) => [path, x.toNested()]));

/** Loads, saves, and loads again: the file comes back, names, order, shapes and elements. */
function expectBack(entries: StateMapEntry[], file: Map<string, Tensor>): Map<string, Tensor> {
  const map = new StateMap(entries);
  const loaded = map.load(file);
  const saved = map.save(loaded, file);
  expect([...saved.keys()]).toEqual([...file.keys()]);
  expect(shown(saved)).toEqual(shown(file));
  return loaded;
}

describe('patterns', () => {
  it.each<[string, string, string[] | undefined]>([
    ['a.*.w', 'a.12.w', ['12']],
    ['a.*.w', 'a.1.2.w', undefined],
    ['a.**.w', 'a.1.2.w', ['1.2']],
    ['**', 'x.y', ['x.y']],
    ['ln_*.*', 'ln_1.weight', ['1', 'weight']],
    ['a.*', 'a.', undefined],
    ['a.b', 'axb', undefined],
    ['a+(b)[c]$', 'a+(b)[c]$', []],
    ['a.b', 'a.b.c', undefined],
    ['*', 'two\nlines', ['two\nlines']],
  ])('%j of %j', (pattern, path, stars) => {
    const read = patternOf(pattern);
    expect(read.match(path)).toEqual(stars);
    if (stars) expect([read.fill(stars), read.stars]).toEqual([path, stars.length]);
  });
});

describe('a table', () => {
  it('renames, and keeps the tensor', () => {
    const file = dict({ 'transformer.h.0.ln_1.weight': ones([2]), 'transformer.h.11.ln_2.weight': zeros([2]) });
    const loaded = expectBack([{ from: 'transformer.h.*.ln_*.weight', to: 'layers.*.norm*.weight' }], file);
    expect([...loaded.keys()]).toEqual(['layers.0.norm1.weight', 'layers.11.norm2.weight']);
    expect(loaded.get('layers.0.norm1.weight')).toBe(file.get('transformer.h.0.ln_1.weight'));
  });

  it('takes the first entry that matches, for a name and for a path', () => {
    const file = dict({ 'a.w': ones([1]), 'b.w': zeros([1]) });
    const loaded = expectBack(
      [
        { from: 'a.w', to: 'first' },
        { from: '**', to: 'rest.**' },
      ],
      file,
    );
    expect([...loaded.keys()]).toEqual(['first', 'rest.b.w']);
  });

  it('transposes a matrix', () => {
    const loaded = expectBack([{ from: 'w', to: 'v', transpose: true }], dict({ w: counted([2, 3]) }));
    expect(loaded.get('v')?.toNested()).toEqual([[0, 3], [1, 4], [2, 5]]); // biome-ignore format: a table
  });

  it('puts axes in any order', () => {
    const x = counted([2, 3, 4]);
    const loaded = expectBack([{ from: 'w', to: 'v', transpose: [2, 0, 1] }], dict({ w: x }));
    const [from, to] = [x.toNested() as number[][][], loaded.get('v')?.toNested() as number[][][]];
    expect(loaded.get('v')?.shape).toEqual([4, 2, 3]);
    for (let i = 0; i < 2; i++) for (let j = 0; j < 3; j++) for (let k = 0; k < 4; k++) expect(to[k]?.[i]?.[j]).toBe(from[i]?.[j]?.[k]);
  });

  it('splits along an axis, in shares', () => {
    const file = dict({ b: counted([4]), w: counted([2, 4]) });
    const loaded = expectBack(
      [
        { from: 'b', to: ['q.b', 'k.b'] },
        { from: 'w', to: ['q.w', 'k.w', 'v.w'], axis: 1, shares: [2, 1, 1] },
      ],
      file,
    );
    expect(shown(loaded)).toEqual({
      'q.b': [0, 1],
      'k.b': [2, 3],
      'q.w': [[0, 1], [4, 5]],
      'k.w': [[2], [6]],
      'v.w': [[3], [7]],
    }); // biome-ignore format: a table
  });

  it('joins along an axis, whatever the order of the names', () => {
    const file = dict({ v: counted([2, 1], 20), q: counted([2, 2]), k: counted([2, 1], 10) });
    const loaded = expectBack([{ from: ['q', 'k', 'v'], to: 'w', axis: 1, shares: [2, 1, 1] }], file);
    expect(shown(loaded)).toEqual({ w: [[0, 1, 10, 20], [2, 3, 11, 21]] }); // biome-ignore format: a table
  });

  it.each([0, 1, 2])('splits and joins what it transposes, along axis %i', (axis) => {
    const file = dict({ w: counted([2, 4, 6]) });
    const loaded = expectBack([{ from: 'w', to: ['a', 'b'], transpose: [1, 2, 0], axis }], file);
    const whole = (i: number, j: number, k: number) => k * 24 + i * 6 + j; // of [4, 6, 2]
    const lengths = [4, 6, 2].with(axis, ([4, 6, 2][axis] as number) / 2);
    for (const [part, path] of ['a', 'b'].entries()) {
      const x = loaded.get(path) as Tensor;
      expect(x.shape).toEqual(lengths);
      const [at = 0, bt = 0, ct = 0] = [0, 0, 0].with(axis, (lengths[axis] as number) * part);
      const wanted: number[] = [];
      for (let i = 0; i < (lengths[0] as number); i++)
        for (let j = 0; j < (lengths[1] as number); j++)
          for (let k = 0; k < (lengths[2] as number); k++) wanted.push(whole(i + at, j + bt, k + ct));
      expect(list(x)).toEqual(wanted);
    }
    const back = new StateMap([{ from: ['a', 'b'], to: 'w', transpose: [2, 0, 1], axis: [1, 2, 0][axis] as number }]);
    expect(back.load(loaded).get('w')?.toNested()).toEqual(file.get('w')?.toNested());
  });

  it('leaves out, and hands on what it left out where it is to write the same file', () => {
    const file = dict({ 'h.0.mask': ones([2]), 'h.0.w': ones([1]) });
    const map = new StateMap([
      { from: 'h.*.mask', ignore: true },
      { to: 'head.**', ignore: true },
      { from: '**', to: '**' },
    ]);
    expect([...map.load(file).keys()]).toEqual(['h.0.w']);
    const own = dict({ 'h.0.w': zeros([1]), 'head.bias': ones([1]) });
    expect([...map.save(own).keys()]).toEqual(['h.0.w']);
    expect(shown(map.save(own, file))).toEqual({ 'h.0.mask': [1, 1], 'h.0.w': [0] });
  });

  it('ties a name of the file to another, and writes it where the file has it', () => {
    const map = new StateMap([
      { from: 'lm_head.weight', tie: 'wte.weight' },
      { from: 'wte.weight', to: 'embedding' },
    ]);
    const tied = dict({ 'lm_head.weight': counted([2, 2]), 'wte.weight': counted([2, 2]) });
    const loaded = map.load(tied);
    expect(shown(loaded)).toEqual({ embedding: [[0, 1], [2, 3]] }); // biome-ignore format: a table
    expect([...map.save(loaded).keys()]).toEqual(['wte.weight', 'lm_head.weight']);
    expect([...map.save(loaded, tied).keys()]).toEqual(['lm_head.weight', 'wte.weight']);
    const bare = dict({ 'wte.weight': counted([2, 2]) });
    expect([...map.save(map.load(bare), bare).keys()]).toEqual(['wte.weight']);
    expect(() => map.load(new Map([...tied, ['lm_head.weight', counted([2, 2], 1)]]))).toThrow(
      'StateMap: lm_head.weight must hold the same as wte.weight, got',
    );
    expect(() => map.load(dict({ 'lm_head.weight': ones([1]) }))).toThrow('lm_head.weight must come with wte.weight, which it repeats');
  });

  it('ties a path of the module to another', () => {
    const map = new StateMap([
      { to: 'out', tie: 'in' },
      { from: 'w', to: 'in' },
    ]);
    const loaded = map.load(dict({ w: counted([2]) }));
    expect(shown(loaded)).toEqual({ in: [0, 1], out: [0, 1] });
    expect([...map.save(loaded).keys()]).toEqual(['w']);
    expect(() => map.save(dict({ in: ones([2]), out: zeros([2]) }))).toThrow('StateMap: out must hold the same as in');
  });

  it('goes by patterns in ties', () => {
    const map = new StateMap([
      { from: 'decoder.*', tie: 'encoder.*' },
      { from: 'encoder.*', to: '*' },
    ]);
    const file = dict({ 'encoder.a': ones([1]), 'encoder.b': zeros([1]), 'decoder.a': ones([1]), 'decoder.b': zeros([1]) });
    expect([...map.save(map.load(file), file).keys()]).toEqual([...file.keys()]);
  });

  it('keeps other types, NaN with its payload, scalars and what is empty', () => {
    const bits = Int32Array.of(0x7fc12345, 0x7f800001, -1, 0);
    const file = dict({ i: arange(4), s: tensor(3), e: zeros([0, 3]), n: tensor(new Float32Array(bits.buffer), { shape: [2, 2] }) });
    const loaded = expectBack(
      [
        { from: 'i', to: ['a', 'b'] },
        { from: 'e', to: 'f', transpose: true },
        { from: 'n', to: 'm', transpose: true },
        { from: 's', to: 't' },
      ],
      file,
    );
    expect([loaded.get('a')?.dtype, loaded.get('f')?.shape]).toEqual(['int32', [3, 0]]);
    expect([...new Int32Array((loaded.get('m') as Tensor).toArray().buffer)]).toEqual([bits[0], bits[2], bits[1], bits[3]]);
  });

  it('fills a module', () => {
    class Attention extends Module {
      readonly projection = new Linear({ input: 2, output: 6 }, key(1));
    }
    const map = new StateMap([
      { from: ['q.weight', 'k.weight', 'v.weight'], to: 'projection.weight' },
      { from: ['q.bias', 'k.bias', 'v.bias'], to: 'projection.bias' },
    ]);
    const file = dict({});
    for (const [i, name] of ['q', 'k', 'v'].entries()) {
      file.set(`${name}.weight`, counted([2, 2], i * 4));
      file.set(`${name}.bias`, counted([2], i * 2));
    }
    const model = new Attention();
    model.loadStateDict(map.load(file));
    expect(list(model.projection.weight)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(shown(map.save(model.stateDict(), file))).toEqual(shown(file));
  });
});

describe('a table refuses', () => {
  const load = (entries: StateMapEntry[], file: Record<string, Tensor>) => () => new StateMap(entries).load(dict(file));
  const make = (entry: object) => () => new StateMap([entry as StateMapEntry]);

  it.each<[string, () => unknown, string]>([
    [
      'names without an entry',
      load([{ from: 'a', to: 'a' }], { a: ones([1]), b: ones([1]), c: ones([1]) }),
      'StateMap: each name must match an entry, got b, c',
    ],
    [
      'parts that are missing',
      load([{ from: ['a', 'b'], to: 'c' }], { b: ones([1]) }),
      'StateMap: b must be joined with a, got no such name',
    ],
    [
      'two names for one path',
      load(
        [
          { from: 'a', to: 'c' },
          { from: 'b', to: 'c' },
        ],
        { a: ones([1]), b: ones([1]) },
      ),
      'entries must lead back from c to b, got another entry first',
    ],
    [
      'what would not come back',
      load(
        [
          { from: 'a.*', to: 'x.*' },
          { from: '**', to: '**' },
        ],
        { 'a.b': ones([1]), 'x.c': ones([1]) },
      ),
      'entries must lead back from x.c to x.c',
    ],
    ['stars that would not', load([{ from: '*.*', to: '**.**' }], { 'a.b': ones([1]) }), ''],
    [
      'shares that do not divide',
      load([{ from: 'a', to: ['b', 'c'] }], { a: ones([3]) }),
      'StateMap: a must be cut along axis 0 in shares of 1 : 1, got [3]',
    ],
    ['parts in other shares', load([{ from: ['a', 'b'], to: 'c' }], { a: ones([1]), b: ones([3]) }), 'got [1] and [3]'],
    ['parts of other shapes', load([{ from: ['a', 'b'], to: 'c' }], { a: ones([1, 2]), b: ones([1, 3]) }), 'got [1, 2] and [1, 3]'],
    ['an axis that is none', load([{ from: 'a', to: ['b', 'c'], axis: 1 }], { a: ones([2]) }), 'along axis 1'],
    [
      'another rank than is transposed',
      load([{ from: 'a', to: 'b', transpose: true }], { a: ones([2]) }),
      'StateMap: a must have 2 axes to be transposed, got [2]',
    ],
    [
      'parts of two types',
      load([{ from: ['a', 'b'], to: 'c' }], { a: ones([1]), b: ones([1], 'int32') }),
      'StateMap: b must be float32 to be joined, got int32',
    ],
    ['what is no tensor', load([{ from: 'a', to: 'b' }], { a: { shape: [1] } as unknown as Tensor }), 'StateMap: a must be a tensor'],
    ['lists on both sides', make({ from: ['a', 'b'], to: ['c', 'd'] }), 'StateMap: from or to must be one name, got 2 and 2'],
    [
      'other stars on the other side',
      make({ from: 'a.*', to: 'b' }),
      'StateMap: names must have as many stars on both sides, got a.* and b',
    ],
    [
      'an axis twice',
      make({ from: 'a', to: 'b', transpose: [0, 0] }),
      'StateMap: transpose must be true or name each axis once, got [0, 0]',
    ],
    ['shares of other parts', make({ from: 'a', to: ['b', 'c'], shares: [1] }), 'StateMap: shares must be of the 2 names, got [1]'],
    ['a share of nothing', make({ from: 'a', to: ['b', 'c'], shares: [1, 0] }), 'StateMap: shares must be a whole number from 1, got 0'],
    ['an axis below 0', make({ from: 'a', to: ['b', 'c'], axis: -1 }), 'StateMap: axis must be a whole number from 0, got -1'],
    [
      'unknown fields',
      make({ from: 'a', too: 'b' }),
      'StateMap: options must be among from, to, transpose, axis, shares, ignore, tie, got too',
    ],
    ['no names', make({ from: 3, to: 'b' }), 'StateMap: from, to and tie must be names, got 3'],
    ['half an ignore', make({ from: 'a', ignore: false }), "StateMap: ignore must be one of true, got 'false'"],
    ['no list', () => new StateMap({} as StateMapEntry[]), 'StateMap: entries must be a list, got an object'],
  ])('%s', (_, run, message) => {
    if (message) expect(run).toThrow(message);
    else expect(run).not.toThrow();
  });
});
