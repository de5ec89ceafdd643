// Steps of heads are PyTorch's, as one op and as the stages it is made of (scripts/fixtures/memory.py).
import { describe, expect, it } from 'vitest';
import { addressMemory, MemoryHeads, readMemory, writeMemory } from '../../src/memory/index.ts';
import { memoryStep, select, slice, stack } from '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Case, cases, expectParity } from '../nn/fixture.ts';

type Sizes = { reads: number; writes: number; reach: number };
type Step = (x: Tensor, memory: Tensor, previous: Tensor) => { weights: Tensor; read: Tensor; memory: Tensor };

/** The heads' own split of what they say, and the stages after it. */
function stages({ reads, writes, reach }: Sizes, input: number, width: number): Step {
  const heads = new MemoryHeads({ input, width, reads, writes, reach }, key(1));
  const one = (i: number, j: number) => Number(i === j);
  const identity = Array.from({ length: input }, (_, i) => Array.from({ length: input }, (_, j) => one(i, j)));
  const parts = heads.stateDict();
  heads.loadStateDict(new Map(Array.from(parts, ([name, x]) => [name, tensor(x.rank === 2 ? identity : new Float32Array(input))])));
  return (x, memory, previous) => {
    const said = heads.forward(x);
    const weights = addressMemory(memory, previous, said);
    const read = readMemory(memory, slice(weights, 1, 0, reads));
    return { weights, read, memory: writes ? writeMemory(memory, slice(weights, 1, reads), said.erase, said.addition) : memory };
  };
}

function run(step: Step, { x, memory, previous }: Record<string, Tensor>): Record<string, Tensor> {
  let [bank, weights] = [memory as Tensor, previous as Tensor];
  const read = Array.from({ length: x?.shape[1] as number }, (_, t) => {
    const after = step(select(x as Tensor, 1, t), bank, weights);
    [bank, weights] = [after.memory, after.weights];
    return after.read;
  });
  return { weights, read: stack(read, 1), memory: bank };
}

describe('steps of heads equal PyTorch', () => {
  const sizesOf = (from: Case) => from.options as unknown as Sizes;
  const rows = cases('memory').map((from) => [...Object.values(from.options), from] as const);
  it('has heads that read and write, several of each, and some that reach further', () => expect(rows).toHaveLength(4));
  it.each(rows)('%i that read, %i that write, %i far: as one op', (...row) => {
    const from = row.at(-1) as Case;
    expectParity(from, new Map(), (inputs) => run((x, memory, previous) => memoryStep(x, memory, previous, sizesOf(from)), inputs));
  });
  it.each(rows)('%i that read, %i that write, %i far: as its stages', (...row) => {
    const from = row.at(-1) as Case;
    const [wide, width] = [from.inputs.x?.shape[2] as number, from.inputs.memory?.shape[2] as number];
    expectParity(from, new Map(), (inputs) => run(stages(sizesOf(from), wide, width), inputs));
  });
});
