// A target network at the rates that copy and that follow: floats, and buffers that count.
import { describe, expect, it } from 'vitest';
import { buffer, key, Linear, Module, type Tensor, tensor, updateTarget, zeros } from '../../src/all.ts';

const list = (x: Tensor) => Array.from(x.toArray());

describe('updateTarget', () => {
  it('copies the bits, which a step of the whole difference does not give', () => {
    const [target, online] = [new Linear({ input: 1, output: 1 }, key(1)), new Linear({ input: 1, output: 1 }, key(2))];
    target.weight.view().fill(1e30);
    online.weight.view().fill(1);
    updateTarget(target, online);
    expect(list(target.weight)).toEqual([1]);
  });

  it('at another rate copies what is counted, and moves what is not', () => {
    class Counting extends Module {
      readonly count = buffer(() => tensor(Int32Array.of(0)));
      readonly mean = buffer(() => zeros([1]));
    }
    const [target, online] = [new Counting(), new Counting()];
    online.count.view().fill(7);
    online.mean.view().fill(4);
    updateTarget(target, online, { rate: 0.25 });
    expect([list(target.count), list(target.mean)]).toEqual([[7], [1]]);
  });
});
