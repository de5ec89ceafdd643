// The loop's clock, its turns of the event loop, and where it says that it ended.
import { expect, it } from 'vitest';
import { mul, type Position, SGD, sqrt, sum, type TrainOptions, train } from '../../src/all.ts';
import { key } from '../../src/tensor/random.ts';
import { type Batch, batches, loss, model, weights } from './model.ts';

const run = (options: Partial<TrainOptions<Batch>>, m = model()) =>
  train<Batch>({ key: key(5), batches, loss: (batch) => loss(m, batch), optimizer: new SGD(m, { lr: 0.1 }), ...options });

/** The events of a run, and what it returned. */
async function whole(events: ReturnType<typeof run>) {
  const found = [];
  for (let next = await events.next(); ; next = await events.next()) {
    if (next.done) return { events: found, returned: next.value };
    found.push(next.value);
  }
}

/** How often the event loop comes round while a run goes on. */
async function turnsOf(events: ReturnType<typeof run>, later: (f: () => void) => unknown = setImmediate) {
  let [turns, ended] = [0, false];
  const count = () => {
    turns++;
    if (!ended) later(count);
  };
  later(count);
  const { events: found } = await whole(events);
  ended = true;
  return { turns, steps: found.length };
}

it('tells the seconds since it began', async () => {
  const began = performance.now();
  const waiting = async function* () {
    for (const batch of batches(0, key(1))) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      yield batch;
    }
  };
  const { events } = await whole(run({ batches: waiting, steps: 3 }));
  const total = (performance.now() - began) / 1000;
  const [first, second, third] = events.map(({ seconds }) => seconds) as [number, number, number];
  expect(first).toBeGreaterThan(0.035);
  expect(second).toBeGreaterThan(first + 0.035);
  expect(third).toBeGreaterThan(second + 0.035);
  expect(third).toBeLessThanOrEqual(total);
});

it.each<[string, Partial<TrainOptions<Batch>>]>([
  ['steps end with an epoch', { steps: 6 }],
  ['steps end within one', { steps: 8 }],
  ['patience ends with an epoch', { evaluate: () => 1, every: 3, patience: 1 }],
])('returns the position of its last step where %s', async (_, options) => {
  const { events, returned } = await whole(run(options));
  expect(returned).toEqual(events.at(-1)?.position);
  expect(events).toHaveLength(returned.step);
  expect(await whole(run({ ...options, start: returned }))).toEqual({ events: [], returned });
});

it('returns the beginning of the epoch after the last where epochs end', async () => {
  const { events, returned } = await whole(run({ epochs: 1 }));
  expect(events.at(-1)?.position).toEqual({ epoch: 0, batch: 6, step: 6 });
  expect(returned).toEqual({ epoch: 1, batch: 0, step: 6 });
});

it('ends at once where nothing is to be done', async () => {
  const start: Position = { epoch: 0, batch: 0, step: 0 };
  for (const nothing of [{ steps: 0 }, { epochs: 0 }, { patience: 0, every: 1, evaluate: () => 1 }])
    expect(await whole(run(nothing))).toEqual({ events: [], returned: start });
});

it('clips only where it is told to, and tells the norm before', async () => {
  const [free, held] = [model(), model()];
  const before = weights(free);
  const moved = (m: typeof free) => Math.hypot(...weights(m).map((w, i) => w - (before[i] as number)));
  const { events: one } = await whole(run({ steps: 1 }, free));
  const { events: two } = await whole(run({ steps: 1, clip: 0.01 }, held));
  const norm = one[0]?.gradNorm as number;
  expect(norm).toBeGreaterThan(0.02);
  expect(two[0]?.gradNorm).toBe(norm);
  expect(moved(free) / (0.1 * norm)).toBeCloseTo(1, 3);
  expect(moved(held) / (0.1 * 0.01)).toBeCloseTo(1, 2);
});

it('takes a turn of the event loop as often as yieldEvery says', async () => {
  const never = await turnsOf(run({ steps: 100, yieldEvery: Infinity }));
  expect(never.turns).toBe(0);
  const always = await turnsOf(run({ steps: 20, yieldEvery: 0 }));
  expect(always.turns).toBeGreaterThanOrEqual(20);
  const began = performance.now();
  const sometimes = await turnsOf(run({ steps: 200, yieldEvery: 2 }));
  const elapsed = performance.now() - began;
  expect(sometimes.turns).toBeLessThanOrEqual(elapsed / 2 + 1);
  expect(sometimes.turns).toBeGreaterThan(0);
});

it.each(['setImmediate', 'MessageChannel'] as const)('takes turns where there is no %s', async (missing) => {
  const { [missing]: kept, setImmediate: immediate } = globalThis;
  const ports = () => process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length;
  const before = ports();
  try {
    Reflect.set(globalThis, missing, undefined);
    const { turns, steps } = await turnsOf(run({ steps: 20, yieldEvery: 0 }), immediate);
    expect(steps).toBe(20);
    expect(turns).toBeGreaterThan(0);
  } finally {
    Reflect.set(globalThis, missing, kept);
  }
  for (let i = 0; i < 20 && ports() > before; i++) await new Promise((resolve) => setTimeout(resolve)); // they close a little later
  expect(ports()).toBeLessThanOrEqual(before); // an open port would keep the process alive
});

it('takes the largest metric for the best where that is the goal, and goes on from a best that JSON made null', async () => {
  const metrics = [1, 3, 2, 4];
  const told = { every: 1, goal: 'max', evaluate: () => metrics.shift() ?? 0 } as const;
  const { events } = await whole(run({ ...told, steps: 3 }));
  expect(events.map(({ improved }) => improved)).toEqual([true, true, false]);
  const start = { ...(events.at(-1)?.position as Position), best: null as unknown as number };
  expect((await whole(run({ ...told, steps: 4, start }))).events[0]?.improved).toBe(true);
});

it('closes batches that need no closing', async () => {
  const list = [...batches(0, key(1))];
  const bare = () => ({ [Symbol.iterator]: () => ({ next: () => ({ done: list.length === 0, value: list.pop() as Batch }) }) });
  expect((await whole(run({ batches: bare as never, steps: 2 }))).events).toHaveLength(2);
});

it.each<[string, object, string]>([
  ['steps in quotes', { steps: '5' }, "train: steps must be a number from 0, got '5'"],
  ['a best in quotes', { start: { epoch: 0, batch: 0, step: 0, best: 'b' } }, "train: start.best must be a number, got 'b'"],
  ['no signal', { signal: null }, 'train: signal must be an AbortSignal, got null'],
  ['no metric', { every: 1, evaluate: () => null }, 'train: evaluate must return a number, got null'],
])('refuses %s', async (_, options, message) => {
  await expect(async () => whole(run({ steps: 1, ...options }))).rejects.toThrow(message); // at the call, or at the step
});

it('names the step whose gradient is no number', async () => {
  const m = model();
  const loss = () => sum(sqrt(mul(m.bias, 0)));
  await expect(whole(run({ steps: 1, loss }, m))).rejects.toThrow('train: gradient norm must be finite, got NaN at step 0');
});
