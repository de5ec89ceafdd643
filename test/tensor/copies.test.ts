// Two copies of the package in one program: neither takes the other's tensors, whose addresses mean nothing in its own memory. Every op's
// arguments are tried in test/ops/hostile.test.ts; here is what else takes tensors.
import { describe, expect, it, vi } from 'vitest';
import * as own from '../../src/all.ts';
import { wasmBackend } from '../../src/runtime/wasm.ts';

vi.resetModules();
const other = await import('../../src/all.ts');
await other.init();

type Tensor = own.Tensor;

/** A tensor of the other copy; its class is another, so that only the type lets it pass. */
const foreign = (...shape: number[]) => other.full(shape, 0.5) as unknown as Tensor;
const foreignLeaf = (...shape: number[]) => other.parameter(other.full(shape, 0.5)) as unknown as Tensor;
const mine = (...shape: number[]) => own.full(shape, 0.5);
const leaf = (...shape: number[]) => own.parameter(mine(...shape));
const bool = (...shape: number[]) => other.ones(shape, 'bool') as unknown as Tensor;
const foreignLoss = () => other.sum(other.parameter(other.ones([2]))) as unknown as Tensor;
const key = own.key(1);

const withGradient = () => {
  const x = leaf(3);
  x.grad = foreign(3);
  return x;
};

const taking: Record<string, () => unknown> = {
  'backward of a result': () => own.backward(foreignLoss()),
  'backward with a gradient': () => own.backward(own.square(leaf(3)), { gradient: foreign(3) }),
  'grad of a result': () => own.grad(foreignLoss(), [leaf(3)]),
  'grad with respect to': () => own.grad(own.sum(own.square(leaf(3))), [foreignLeaf(3)]),
  'grad with a gradient': () => own.grad(own.square(leaf(3)), [leaf(3)], { gradient: foreign(3) }),
  'record of an input': () => own.record('mine', mine(3), { inputs: [leaf(3), foreign(3)] }, (g) => [g, null]),
  checkpoint: () => own.checkpoint((x) => own.square(x as Tensor), [foreign(3)]),
  parameter: () => own.parameter(foreign(3)),
  detach: () => own.detach(foreign(3)),
  'tensor of a tensor': () => own.tensor(foreign(3) as unknown as number),
  'tensor of a list': () => own.tensor([foreign(3)] as unknown as number[]),
  'full of a tensor': () => own.full([2], foreign() as unknown as number),
  'an optimiser of parameters': () => new own.Adam([foreignLeaf(3)]),
  'an optimiser of a gradient': () => new own.SGD([withGradient()], { lr: 1 }).step(),
  'clipGradNorm of parameters': () => own.clipGradNorm([foreignLeaf(3)], 1),
  'clipGradNorm of a gradient': () => own.clipGradNorm([withGradient()], 1),
  loadStateDict: () => new own.Linear({ input: 3, output: 2, bias: false }, key).loadStateDict(new Map([['weight', foreign(2, 3)]])),
  'parameters of a module': () => own.parameters(new other.Linear({ input: 3, output: 2 }, other.key(1)) as unknown as own.Module),
  'a part of a module': () => {
    class Model extends own.Module {
      part = new other.Linear({ input: 3, output: 2 }, other.key(1));
    }
    return own.parameters(new Model());
  },
  'a parameter of a module': () => {
    class Model extends own.Module {
      weight = foreignLeaf(2);
    }
    return own.parameters(new Model());
  },
  'Linear.forward': () => new own.Linear({ input: 3, output: 2 }, key).forward(foreign(4, 3)),
  'LayerNorm.forward': () => new own.LayerNorm({ size: 3 }).forward(foreign(2, 3)),
  'LSTM.forward': () => new own.LSTM({ input: 3, hidden: 4 }, key).forward(foreign(2, 2, 3)),
  'LSTM.forward with a mask': () => new own.LSTM({ input: 3, hidden: 4 }, key).forward(mine(2, 2, 3), { mask: bool(2, 2) }),
  'LSTM.forward with a state': () =>
    new own.LSTM({ input: 3, hidden: 4 }, key).forward(mine(2, 2, 3), { state: { h: foreign(1, 2, 4), c: foreign(1, 2, 4) } }),
  'GRU.forward': () => new own.GRU({ input: 3, hidden: 4 }, key).forward(foreign(2, 2, 3)),
  'Embedding.forward': () => new own.Embedding({ symbols: 5, size: 2 }, key).forward(other.ones([2], 'int32') as unknown as Tensor),
  'MultiHead.forward of queries': () => new own.MultiHead({ query: 4, key: 4, heads: 2 }, key).forward(foreign(1, 2, 4), mine(1, 2, 4)),
  'MultiHead.forward of keys': () => new own.MultiHead({ query: 4, key: 4, heads: 2 }, key).forward(mine(1, 2, 4), foreign(1, 2, 4)),
  'Attention.prepare of keys': () => own.bahdanau({ query: 3, key: 3, hidden: 4 }, key).prepare(foreign(1, 2, 3)),
  'Attention.prepare of values': () => own.bahdanau({ query: 3, key: 3, hidden: 4 }, key).prepare(mine(1, 2, 3), foreign(1, 2, 3)),
  'Attention.forward with a mask': () =>
    own.bahdanau({ query: 3, key: 3, hidden: 4 }, key).forward(mine(1, 1, 3), mine(1, 2, 3), mine(1, 2, 3), { mask: bool(1, 2) }),
  scaledDotProductAttention: () => own.scaledDotProductAttention(foreign(1, 2, 3), mine(1, 2, 3), mine(1, 2, 3)),
  'scaledDotProductAttention with a mask': () =>
    own.scaledDotProductAttention(mine(1, 2, 3), mine(1, 2, 3), mine(1, 2, 3), { mask: bool(2, 2) }),
  'AttentionSeq2Seq.forward': () =>
    new own.AttentionSeq2Seq({ source: 5, target: 5, hidden: 8, score: 'additive' }, key).forward(
      other.ones([1, 2], 'int32') as unknown as Tensor,
      own.ones([1, 2], 'int32'),
    ),
  'a search whose logits': () =>
    own.greedySearch(
      { initialState: () => ({}), step: (tokens, _, state) => ({ logits: foreign(tokens.shape[0] as number, 5), state }) },
      { h: mine(1, 2) },
      {
        batch: 1,
        start: 1,
        end: 2,
        maxLength: 3,
      },
    ),
};

describe('a tensor of a second copy of the package', () => {
  it.each(Object.keys(taking))('is refused by %s', (name) => {
    const other = own.memoryReport().bytes;
    expect(taking[name]).toThrow(/^[\w ]+: .*, got /);
    expect(own.memoryReport().bytes).toBeGreaterThanOrEqual(other);
  });

  it('is not written to, and writes nowhere', () => {
    const x = mine(3);
    const y = foreign(3);
    expect(() => own.add(x, y)).toThrow('add: b must be a tensor, got one of another copy of the package');
    expect(() => new own.SGD([y], { lr: 1 })).toThrow(TypeError);
    expect([...x.toArray(), ...y.toArray()]).toEqual(Array(6).fill(0.5));
  });

  it('is found without a mark on the realm', () => {
    expect(Object.getOwnPropertyNames(globalThis).filter((name) => /saccade/i.test(name))).toEqual([]);
    expect(Object.getOwnPropertySymbols(globalThis).filter((name) => /saccade/i.test(String(name)))).toEqual([]);
  });

  it('works where it belongs, beside the first', async () => {
    expect(await wasmBackend()).not.toBe(own.backend());
    expect(other.add(other.tensor([1, 2]), other.tensor([10, 20])).toNested()).toEqual([11, 22]);
    expect(own.add(own.tensor([1, 2]), own.tensor([10, 20])).toNested()).toEqual([11, 22]);
  });
});
