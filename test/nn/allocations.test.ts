// Out of memory at the k-th allocation of a training step of every module of the table: an error that says so, no block lost, the model and the
// optimiser as they were, and a next step with the bits of one that nothing disturbed. `npm run stress -- --only modules` tries every k.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Adam, backward, memoryReport, OutOfMemoryError, scope, type Tensor, tensor } from '../../src/all.ts';
import { type Module, parameters } from '../../src/nn/module.ts';
import { backend } from '../../src/runtime/backend.ts';
import { key } from '../../src/tensor/random.ts';
import { bits, type ModuleRow, real } from './row.ts';
import { rows } from './table.ts';

/** Allocations tried in each row. */
const COUNT = Number(process.env.SACCADE_ALLOCATIONS ?? 3);

let [seen, failing] = [0, -1];
let restore = () => {};

beforeAll(() => {
  const { heap } = backend();
  const allocate = heap.allocate.bind(heap);
  const { construct } = Reflect;
  // Before it gives up, the package presses the collector, which takes long and has nothing to collect here.
  Reflect.construct = ((target: typeof ArrayBuffer, args: [number]) => {
    if (target === ArrayBuffer) throw new RangeError('Array buffer allocation failed');
    return construct(target, args);
  }) as typeof construct;
  heap.allocate = (size) => {
    if (seen++ === failing) throw new OutOfMemoryError(`memory: injected at allocation ${failing}; go on`);
    return allocate(size);
  };
  restore = () => Object.assign(heap, { allocate }) && Object.assign(Reflect, { construct });
});

afterAll(() => restore());

/** A module with an optimiser, and a training step of its row. */
class Trained {
  readonly module: Module;
  readonly optimizer: Adam | null;
  private readonly row: ModuleRow;

  constructor(row: ModuleRow) {
    this.row = row;
    this.module = row.build(key(1));
    row.warm?.(this.module);
    const all = parameters(this.module);
    this.optimizer = all.size > 0 ? new Adam(all, { lr: 1e-2 }) : null;
  }

  step(): Int32Array {
    return scope(() => {
      const y = this.row.call(this.module, [0, 1], this.row.dropout ? key(3) : undefined);
      const seed = real([0], [y.size], 9).toArray();
      if (y.requiresGrad) backward(y, { gradient: tensor(Float64Array.from(seed), { shape: y.shape }) });
      this.optimizer?.step();
      return bits(y);
    });
  }

  /** All that a step may change, as bits. */
  state(): (readonly [string, number[]])[] {
    return scope(() => {
      const all: [string, Tensor][] = [...this.module.stateDict(), ...(this.optimizer?.stateDict() ?? [])];
      return all.map(([name, x]) => [name, [...bits(x)]] as const);
    });
  }
}

/** Runs `fn` with its k-th allocation failing. */
function failed(k: number, fn: () => unknown): unknown {
  [seen, failing] = [0, k];
  try {
    fn();
  } catch (error) {
    return error;
  } finally {
    failing = -1;
  }
  return undefined;
}

const title = (row: ModuleRow) => (row.name ? `${row.module}: ${row.name}` : row.module);

let [sum, of] = [0, 0];

afterAll(() => {
  if (process.env.SACCADE_ALLOCATIONS) console.log(`tried ${sum} of ${of} allocations of ${rows.length} training steps`);
});

describe('out of memory within a training step', () => {
  it.each(rows.map((row) => [title(row), row] as const))('%s', (_, row) => {
    const [tried, undisturbed] = [new Trained(row), new Trained(row)];
    expect(tried.step()).toEqual(undisturbed.step());
    seen = 0;
    const wanted = undisturbed.step();
    const all = seen;
    const before = tried.state();
    const { blocks } = memoryReport();
    of += all;
    for (let i = 0; i < Math.min(COUNT, all); i++) {
      const k = COUNT >= all ? i : Math.floor((((i + 1) * 0.618 + all * 0.1) % 1) * all);
      sum++;
      expect(
        failed(k, () => tried.step()),
        `at ${k} of ${all}`,
      ).toBeInstanceOf(OutOfMemoryError);
      scope(() => tried.optimizer?.zeroGrad()); // what `backward` had given already
      expect(memoryReport().blocks, `at ${k} of ${all}`).toBe(blocks);
      expect(tried.state(), `at ${k} of ${all}`).toEqual(before);
    }
    expect(tried.step()).toEqual(wanted);
    expect(tried.state()).toEqual(undisturbed.state());
    expect(memoryReport().blocks).toBe(blocks);
  });
});
