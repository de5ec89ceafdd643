// What a module finds of its parameters, wherever they are kept, and how it loads them.
import { describe, expect, it } from 'vitest';
import { Linear } from '../../src/nn/linear.ts';
import { Module, param, parameters } from '../../src/nn/module.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { Replay } from '../../src/train/choice/replay.ts';
import { Adam } from '../../src/train/optimizers/adam.ts';
import { list } from './row.ts';

const linear = (seed = 1) => new Linear({ input: 2, output: 2, bias: false }, key(seed));
const leaf = (value = 1) => param(() => tensor([value]));
const paths = (module: Module) => [...parameters(module).keys()];

/** A module with these fields. */
class Holder extends Module {
  constructor(fields: object) {
    super();
    Object.assign(this, fields);
  }
}

describe('parameters are found', () => {
  it.each<[string, object, string[]]>([
    ['in fields and arrays', { b: linear(), a: [linear(), leaf()] }, ['b.weight', 'a.0.weight', 'a.1']],
    ['in plain objects, at any depth', { heads: { x: linear(), y: { z: leaf() } } }, ['heads.x.weight', 'heads.y.z']],
    ['in objects without a prototype', { heads: Object.assign(Object.create(null), { x: leaf() }) }, ['heads.x']],
    [
      'in maps',
      {
        heads: new Map([
          ['x', linear()],
          ['y', linear()],
        ]),
      },
      ['heads.x.weight', 'heads.y.weight'],
    ],
    ['in sets', { heads: new Set([linear(), leaf()]) }, ['heads.0.weight', 'heads.1']],
    ['and what is no leaf is none', { x: ones([2]), n: 3, list: [1, 'a', null], f: () => leaf(), view: new Float32Array(2) }, []],
  ])('%s', (_, fields, wanted) => {
    expect(paths(new Holder(fields))).toEqual(wanted);
  });

  it('and a long chain does not overflow the stack', () => {
    let chain: Module = new Holder({ w: leaf() });
    for (let i = 0; i < 20_000; i++) chain = new Holder({ next: chain });
    expect(parameters(chain).size).toBe(1);
  });

  it('not where nobody can look: in #private fields, as the doc says', () => {
    class Private extends Module {
      readonly #hidden = linear();
      get hidden() {
        return this.#hidden;
      }
    }
    expect(paths(new Private())).toEqual([]);
  });
});

describe('what is shared counts once', () => {
  it('a tied tensor, under its shortest path', () => {
    const [a, b] = [linear(1), linear(2)];
    Object.assign(b, { weight: a.weight });
    const model = new Holder({ deep: { a }, b });
    expect(paths(model)).toEqual(['b.weight']);
    expect(parameters(model).get('b.weight')).toBe(a.weight);
  });

  it('a shared module, under the first of equal paths', () => {
    const shared = linear();
    expect(paths(new Holder({ a: shared, b: shared, c: [shared] }))).toEqual(['a.weight']);
  });

  it('where parts refer to their parent, to each other and to themselves', () => {
    const model = new Holder({ w: leaf() });
    const [a, b] = [new Holder({ v: leaf(), parent: model }), new Holder({ u: leaf(), root: { model } })];
    Object.assign(a, { next: b, self: a });
    Object.assign(b, { before: a });
    Object.assign(model, { a, b });
    expect(paths(model)).toEqual(['w', 'a.v', 'b.u']);
  });

  it('and loads under any of its paths', () => {
    const shared = linear();
    const model = new Holder({ a: shared, b: { c: shared } });
    Object.assign(shared, { parent: model });
    for (const path of ['a.weight', 'b.c.weight', 'a.parent.a.weight', 'b.c.parent.b.c.weight']) {
      shared.weight.view().fill(0);
      model.loadStateDict(new Map([[path, ones([2, 2])]]));
      expect(list(shared.weight), path).toEqual([1, 1, 1, 1]);
    }
    expect(() => model.loadStateDict(new Map([['b.c.bias', ones([2])]]))).toThrow('unknown [b.c.bias] and missing [a.weight]');
  });

  it('and loads under several paths where these agree, as PyTorch writes tied weights', () => {
    const shared = linear();
    const model = new Holder({ a: shared, b: shared });
    const both = (b: Tensor) =>
      new Map([
        ['a.weight', ones([2, 2])],
        ['b.weight', b],
      ]);
    model.loadStateDict(both(ones([2, 2])));
    expect(list(shared.weight)).toEqual([1, 1, 1, 1]);
    expect(() => model.loadStateDict(both(zeros([2, 2])))).toThrow('loadStateDict: b.weight must hold the same as the path it is tied to');
    expect(() => model.loadStateDict(both(ones([4])))).toThrow('loadStateDict: b.weight must be float32 [2, 2], got float32 [4]');
    expect(() =>
      model.loadStateDict(
        both(
          tensor([
            [1, 1],
            [1, 2],
          ]),
        ),
      ),
    ).toThrow('b.weight must hold the same as the path it is tied to');
  });
});

describe('what would silently not be trained is refused', () => {
  it('parameters in an object of a class that is no module', () => {
    class Plain {
      inner = linear();
    }
    expect(() => paths(new Holder({ part: new Plain() }))).toThrow(
      'stateDict: part must be a tensor or a Module of this copy of the package, got Plain',
    );
    expect(() => paths(new Holder({ parts: [{ w: Object.assign(new Date(), { w: leaf() }) }] }))).toThrow(
      'stateDict: parts.0.w must be a tensor or a Module',
    );
  });

  it('modules in a list or a map of such an object', () => {
    class Layers {
      readonly layers: unknown;
      constructor(layers: unknown) {
        this.layers = layers;
      }
    }
    for (const layers of [[linear(), linear()], new Map([['a', linear()]]), [[linear()]], { a: [linear()] }]) {
      expect(() => paths(new Holder({ part: new Layers(layers) }))).toThrow('stateDict: part must be a tensor or a Module');
    }
    const data = new Layers(Array.from({ length: 1e6 }, (_, i) => i));
    expect(paths(new Holder({ part: data, numbers: new Float32Array(9), words: new Layers(['a']) }))).toEqual([]);
  });

  it('parameters in an object whose class has no name', () => {
    const nameless = Object.assign(Object.create(Object.create(Object.create(null))), { inner: linear() });
    expect(() => paths(new Holder({ part: nameless }))).toThrow(
      'stateDict: part must be a tensor or a Module of this copy of the package, got undefined',
    );
  });

  it('modules and tensors of a second copy of the package', () => {
    class Tensor {
      leaf = true;
      storage = {};
    }
    class Foreign {
      inner = { deeper: new Tensor() };
    }
    expect(() => paths(new Holder({ w: new Tensor() }))).toThrow(
      'stateDict: w must be a tensor or a Module of this copy of the package, got Tensor',
    );
    expect(() => paths(new Holder({ a: { b: new Foreign() } }))).toThrow(
      'stateDict: a.b must be a tensor or a Module of this copy of the package',
    );
    expect(() => parameters(new Foreign() as unknown as Module)).toThrow('parameters: module must be a Module of this copy');
    expect(() => parameters(undefined as unknown as Module)).toThrow('got undefined');
  });

  it('two parameters under one path', () => {
    expect(() => paths(new Holder({ 'a.b': leaf(), a: { b: leaf() } }))).toThrow(
      'stateDict: each parameter must have a path of its own, got a.b twice',
    );
    expect(() =>
      paths(
        new Holder({
          map: new Map<unknown, Tensor>([
            [1, leaf()],
            ['1', leaf()],
          ]),
        }),
      ),
    ).toThrow('got map.1 twice');
  });

  it('as deep as three objects, and no tensor that is not trained, nor what is like one by half', () => {
    class Plain {
      inner: unknown;
      constructor(inner: unknown) {
        this.inner = inner;
      }
    }
    const deep = (depth: number): unknown => (depth === 0 ? linear() : new Plain(deep(depth - 1)));
    expect(() => paths(new Holder({ part: deep(3) }))).toThrow('stateDict: part must ');
    expect(paths(new Holder({ part: deep(5), w: leaf() }))).toEqual(['w']);
    const like = { tree: Object.assign(new Plain(1), { leaf: true }), box: Object.assign(new Plain(1), { storage: {} }) };
    const other = Object.assign(new Plain(1), { leaf: false, storage: {} });
    expect(paths(new Holder({ ...like, other, w: leaf() }))).toEqual(['w']);
    expect(() => paths(new Holder({ part: new Plain(Object.assign(new Plain(1), { leaf: true, storage: {} })) }))).toThrow(
      'stateDict: part must ',
    );
  });

  it('but an optimiser or data in a field is no part', () => {
    const inner = linear();
    expect(
      paths(
        new Holder({
          inner,
          optimizer: new Adam(parameters(inner)),
          when: new Date(),
          of: /x/,
          replay: new Replay({ state: { shape: [2], dtype: 'float32' } }, { capacity: 3 }),
        }),
      ),
    ).toEqual(['inner.weight']);
  });
});

describe('loading', () => {
  it('refuses what is no map of tensors, by name', () => {
    const load = (dict: unknown) => linear().loadStateDict(dict as Map<string, Tensor>);
    expect(() => load({ weight: ones([2, 2]) })).toThrow('loadStateDict: dict must be a Map from paths to tensors, got an object');
    expect(() => load(new Map([['weight', [1, 2]]]))).toThrow('loadStateDict: weight must be float32 [2, 2], got [1, 2]');
    expect(() => linear().loadStateDict(new Map(), { stict: false } as object)).toThrow('options must be among strict, got stict');
  });

  it('exchanges parameters of one module', () => {
    const [a, b] = [leaf(1), leaf(2)];
    new Holder({ a, b }).loadStateDict(
      new Map([
        ['a', b],
        ['b', a],
      ]),
    );
    expect([list(a), list(b)]).toEqual([[2], [1]]);
  });
});
