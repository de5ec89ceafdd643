// Two training loops that take turns on one thread, with every module of the table in one of them and its neighbour in the other: each ends with
// the bits that it has alone.
import { expect, it } from 'vitest';
import { parameters } from '../../src/nn/module.ts';
import { mean, square } from '../../src/ops/index.ts';
import { currentScope, memoryReport } from '../../src/runtime/storage.ts';
import { key } from '../../src/tensor/random.ts';
import { SGD } from '../../src/train/optimizers/sgd.ts';
import { train } from '../../src/train/train.ts';
import { bits, type ModuleRow } from './row.ts';
import { rows } from './table.ts';

const title = (row: ModuleRow) => (row.name ? `${row.module}: ${row.name}` : row.module);
const trained = rows.filter((row) => parameters(row.build(key(1))).size > 0);
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Two steps of a row, with `rest` after each: the losses, and the weights as bits. */
async function run(row: ModuleRow, rest: () => Promise<void>): Promise<unknown[]> {
  const module = row.build(key(1));
  row.warm?.(module);
  const seen: unknown[] = [];
  const loop = train<readonly number[]>({
    key: key(2),
    batches: () => [[0, 1], [2]],
    loss: (examples, at) => mean(square(row.call(module, examples, row.dropout ? at.key : undefined))),
    optimizer: new SGD(parameters(module), { lr: 0.01 }),
    steps: 2,
    yieldEvery: 0,
  });
  for await (const { loss } of loop) {
    seen.push(loss, currentScope());
    await rest();
  }
  const all = [...module.stateDict()];
  const result = [...seen, ...all.map(([name, x]) => [name, [...bits(x)]])];
  for (const [, x] of all) x.storage.free();
  return result;
}

it('two loops keep apart, whatever they train', async () => {
  const wrong: string[] = [];
  let before: unknown[] | undefined;
  for (const [i, row] of trained.entries()) {
    const next = trained[(i + 1) % trained.length] as ModuleRow;
    const alone: unknown[][] = [before ?? (await run(row, async () => {})), await run(next, async () => {})];
    const together = await Promise.all([run(row, turn), run(next, i % 2 ? turn : async () => {})]);
    if (!Object.is(JSON.stringify(together), JSON.stringify(alone))) wrong.push(`${title(row)} beside ${title(next)}`);
    before = alone[1];
  }
  expect(wrong).toEqual([]);
  expect(trained.length).toBeGreaterThan(180);
  expect(memoryReport().bytes).toBeLessThan(2 ** 24);
});
