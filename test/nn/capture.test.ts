import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.ts';
import { AttentionSeq2Seq } from '../../src/models/index.ts';
import { capture } from '../../src/nn/capture.ts';
import { Linear } from '../../src/nn/linear.ts';
import { Module } from '../../src/nn/module.ts';
import { add, mul, stack, sum, tanh } from '../../src/ops/index.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { ones, tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bits, list } from './row.ts';

class Layer extends Module {
  readonly linear = new Linear({ input: 2, output: 2 }, key(1));
  forward(x: Tensor) {
    const hidden = scope(() => this.linear.forward(x));
    return { output: tanh(hidden), state: { hidden, list: [mul(x, 2)] } };
  }
}

/** Calls its layer from a scope of its own, twice. */
class Model extends Module {
  readonly layer = new Layer();
  readonly unused = new Linear({ input: 2, output: 2 }, key(2));
  arrow = (x: Tensor) => add(x, 1);
  step(x: Tensor) {
    return scope(() => this.layer.forward(this.arrow(x)).output);
  }
  forward(x: Tensor) {
    return stack([this.step(x), this.step(mul(x, -1))]);
  }
}

const input = () => tensor([1, 2], { shape: [1, 2] });

describe('capture', () => {
  it('gives outputs by name, a list a call, and the result as it is', () => {
    const model = new Model();
    const plain = bits(model.forward(input()));
    const { result, outputs } = capture(model, '**', () => model.forward(input()));
    expect(bits(result)).toEqual(plain);
    expect([...outputs.keys()].sort()).toEqual(['layer.linear', 'layer.output', 'layer.state.hidden', 'layer.state.list.0']);
    expect(outputs.get('layer.output')?.map((x) => x.shape)).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(list(outputs.get('layer.state.list.0')?.[1] as Tensor)).toEqual([0, -2]);
    expect(list(tanh(outputs.get('layer.linear')?.[0] as Tensor))).toEqual(list(outputs.get('layer.output')?.[0] as Tensor));
  });

  it('goes by patterns', () => {
    const model = new Model();
    const names = (...patterns: string[]) => [...capture(model, patterns, () => model.forward(input())).outputs.keys()];
    expect(names('layer.*')).toEqual(['layer.linear', 'layer.output']);
    expect(names('layer.output', 'layer.state.**')).toEqual(['layer.output', 'layer.state.hidden', 'layer.state.list.0']);
    expect([...capture(model.layer, '*', () => model.forward(input())).outputs.keys()]).toEqual(['linear', 'output']);
  });

  it('sees what the outermost call of a part gives, not its own calls of itself', () => {
    const model = new Model();
    class Outer extends Module {
      readonly inner = model;
    }
    const outer = new Outer();
    expect(
      capture(outer, 'inner', () => model.forward(input()))
        .outputs.get('inner')
        ?.map((x) => x.shape),
    ).toEqual([[2, 1, 2]]);
    expect(
      capture(outer, 'inner', () => model.step(input()))
        .outputs.get('inner')
        ?.map((x) => x.shape),
    ).toEqual([[1, 2]]);
    expect(capture(outer, 'inner', () => model.arrow(input())).outputs.get('inner')?.length).toBe(1);
  });

  it('keeps outputs as long as what is made around it, with their graphs', () => {
    const model = new Model();
    const before = memoryReport().blocks;
    scope(() => {
      const { outputs } = capture(model, 'layer.linear', () => model.forward(input()));
      scope(() => ones([1000]));
      const [first] = outputs.get('layer.linear') as [Tensor];
      expect(list(first)).toEqual(list(model.layer.linear.forward(add(input(), 1))));
    });
    expect(memoryReport().blocks).toBe(before);
    const direct = scope(() => {
      const { outputs } = capture(model, '*', () => model.layer.linear.forward(input()) && model.unused.forward(input()));
      backward(sum(outputs.get('unused')?.[0] as Tensor));
      return list(model.unused.weight.grad as Tensor);
    });
    expect(direct).toEqual([1, 2, 1, 2]);
  });

  it('does not shorten the life of what was there before', () => {
    class Keeps extends Module {
      readonly kept = ones([2]);
      forward() {
        return this.kept;
      }
    }
    class Holds extends Module {
      readonly part = new Keeps();
    }
    const x = scope(() => {
      const model = new Holds();
      scope(() => {
        capture(model, 'part', () => model.part.forward());
      });
      return list(model.part.kept);
    });
    expect(x).toEqual([1, 1]);
  });

  it('leaves the module as it was, also where something throws, and nests', () => {
    const model = new Model();
    const layout = () => [model, model.layer, model.unused].map((part) => Object.getOwnPropertyDescriptors(part));
    const before = layout();
    const both = capture(model, 'layer.output', () => capture(model.layer, 'linear', () => model.step(input())));
    expect([both.outputs.get('layer.output')?.length, both.result.outputs.get('linear')?.length]).toEqual([1, 1]);
    expect(layout()).toEqual(before);
    expect(() =>
      capture(model, '**', () => {
        throw new Error('within');
      }),
    ).toThrow('within');
    expect(layout()).toEqual(before);
    expect([...model.stateDict().keys()]).toEqual(
      capture(model, '**', () => [model.step(input()), [...model.stateDict().keys()]] as const).result[1],
    );
  });

  it('names what cannot be', () => {
    const model = new Model();
    const run = () => model.forward(input());
    expect(() => capture(model, ['layer.output', 'unused'], run)).toThrow(
      'capture: patterns must each match one of the outputs layer.linear, layer.output, layer.state.hidden, layer.state.list.0, got unused',
    );
    expect(() => capture(model, '**', async () => run())).toThrow('capture: fn must be synchronous, got a promise');
    expect(() => capture(model, 3 as unknown as string, run)).toThrow('capture: patterns must be strings, got 3');
    expect(() => capture({} as Module, '**', run)).toThrow('capture: module must be a Module, got an object');
    const frozen = Object.freeze(new Model());
    expect(() => capture(frozen, '**', run)).toThrow('capture: parts must be open to change, got a frozen one at the root');
    expect(Object.keys(Object.getOwnPropertyDescriptors(frozen.layer))).toEqual(['linear']);
  });

  it('shows the weights of a translation', () => {
    const model = new AttentionSeq2Seq({ source: 9, target: 9, hidden: 4, score: 'additive' }, key(3));
    const source = tensor(Int32Array.of(3, 4, 5, 6, 7, 8), { shape: [2, 3] });
    const { result, outputs } = capture(model, '**.weights', () => model.translate(source, { maxLength: 4 }));
    const plain = model.translate(source, { maxLength: 4 });
    expect(bits(result.weights as Tensor)).toEqual(bits(plain.weights as Tensor));
    const [first] = [...outputs.values()][0] as [Tensor];
    expect(list(first).slice(0, 3)).toEqual(list(plain.weights as Tensor).slice(0, 3));
  });
});
