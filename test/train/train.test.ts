import { describe, expect, it } from 'vitest';
import { Adam, cosineSchedule, type Optimizer, type Position, type Progress, type TrainOptions, train } from '../../src/all.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { type Key, key } from '../../src/tensor/random.ts';
import { type Batch, batches, loss, type Model, model, weights } from './model.ts';

const adam = (m: Model) => new Adam(m, { lr: 0.02 });

const run = (m: Model, optimizer: Optimizer, options: Partial<TrainOptions<Batch>> = {}) =>
  train<Batch>({ key: key(5), batches, loss: (batch, { key }) => loss(m, batch, key), optimizer, ...options });

async function all(events: AsyncGenerator<Progress, Position>): Promise<Progress[]> {
  const found: Progress[] = [];
  for await (const event of events) found.push(event);
  return found;
}

describe('train', () => {
  it('learns', async () => {
    const m = model();
    const events = await all(run(m, adam(m), { epochs: 200, loss: (batch) => loss(m, batch) }));
    expect(events).toHaveLength(1200);
    expect(events[0]?.loss).toBeGreaterThan(0.05);
    expect(events.at(-1)?.loss).toBeLessThan(0.003);
    expect(events.at(-1)).toMatchObject({ step: 1200, epoch: 199, lr: 0.02 });
  });

  it.skipIf(process.env.SACCADE_BRIEF)('keeps its memory flat over 10,000 steps', async () => {
    const m = model();
    const optimizer = adam(m);
    const seen: { bytes: number; blocks: number; reserved: number }[] = [];
    for await (const { step } of run(m, optimizer, { steps: 10_000, clip: 0.5 })) {
      const { bytes, blocks, reserved } = memoryReport();
      if (step === 100 || step === 10_000) seen.push({ bytes, blocks, reserved });
    }
    // less, where tensors of a test before this one were collected meanwhile
    expect(seen).toHaveLength(2);
    for (const what of ['bytes', 'blocks', 'reserved'] as const) expect(seen[1]?.[what]).toBeLessThanOrEqual(seen[0]?.[what] ?? 0);
  });

  it('draws the same bits when it is stopped and resumed anywhere', async () => {
    const schedule = cosineSchedule(0.02, { steps: 30 });
    const settings = () => ({ steps: 30, schedule, clip: 1, every: 4, evaluate: () => 1 });
    const whole = model();
    const events = await all(run(whole, adam(whole), settings()));
    for (const stop of [1, 5, 6, 7, 12, 29]) {
      const parts = model();
      const first = adam(parts);
      let position: Position = { epoch: 0, batch: 0, step: 0 };
      for await (const event of run(parts, first, settings())) {
        position = event.position;
        if (event.step === stop) break;
      }
      const second = adam(parts);
      second.loadStateDict(first.stateDict());
      const rest = await all(run(parts, second, { ...settings(), start: JSON.parse(JSON.stringify(position)) }));
      expect(weights(parts)).toEqual(weights(whole));
      expect(rest.map((event) => event.loss)).toEqual(events.slice(stop).map((event) => event.loss));
      expect(rest.at(-1)?.position).toEqual(events.at(-1)?.position);
    }
  });

  it('stops on abort with the step under way finished', async () => {
    const m = model();
    const controller = new AbortController();
    const events = run(m, adam(m), { signal: controller.signal });
    for (let i = 0; i < 3; i++) await events.next();
    controller.abort();
    expect(await events.next()).toEqual({ done: true, value: { epoch: 0, batch: 3, step: 3 } });
    expect(await all(run(m, adam(m), { signal: AbortSignal.abort() }))).toEqual([]);
  });

  it('lets others have a turn', async () => {
    const m = model();
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    const events = await all(run(m, adam(m), { signal: controller.signal, yieldEvery: 10, steps: 1_000_000 }));
    expect(events.length).toBeLessThan(1_000_000);
  });

  it('counts only a metric that is better by the threshold', async () => {
    for (const [threshold, goal, taken, metrics] of [
      [0, 'min', 4, [1, 0.99, 0.98, 0.97]],
      [0.015, 'min', 3, [1, 0.99, 0.98, 0.98, 0.97, 0.975]], // 0.98 is better than 1, the rest is not better than 0.98
      [0.015, 'max', 3, [1, 1.01, 1.02, 1.02, 1.03]],
    ] as const) {
      const m = model();
      const left = [...metrics] as number[];
      const options = { every: 1, steps: metrics.length, patience: 2, threshold, goal, evaluate: () => left.shift() as number };
      const events = await all(run(m, adam(m), options));
      expect(events.filter(({ improved }) => improved).length).toBe(taken === 4 ? 4 : 2);
      expect(events.at(-1)?.position.best).toBe(taken === 4 ? 0.97 : goal === 'min' ? 0.98 : 1.02);
    }
    expect(() => run(model(), adam(model()), { threshold: -1, every: 1, evaluate: () => 1 })).toThrow(
      'train: threshold must be a number from 0, got -1',
    );
    expect(() => run(model(), adam(model()), { threshold: 0.1 })).toThrow('train: evaluate must be given with threshold, got none');
  });

  it('evaluates every so many steps and stops when patience is over', async () => {
    const metrics = [5, 3, 4, 3, 2];
    const m = model();
    const optimizer = adam(m);
    const options = { every: 2, patience: 2, evaluate: async () => metrics.shift() as number };
    const events = await all(run(m, optimizer, options));
    expect(events.map(({ metric, improved }) => [metric, improved])).toEqual([
      [undefined, undefined],
      [5, true],
      [undefined, undefined],
      [3, true],
      [undefined, undefined],
      [4, false],
      [undefined, undefined],
      [3, false],
    ]);
    expect(events.at(-1)?.position).toEqual({ epoch: 1, batch: 2, step: 8, best: 3, waited: 2 });
    const start = events.at(-1)?.position as Position;
    expect(await all(run(m, optimizer, { ...options, start }))).toEqual([]);
  });

  it('counts epochs', async () => {
    const m = model();
    const events = await all(run(m, adam(m), { epochs: 2 }));
    expect(events.map((event) => event.epoch)).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    expect(new Set(events.map((event) => event.loss)).size).toBe(12);
  });

  it('gives every step and every epoch a key of its own', async () => {
    const m = model();
    const keys = new Set<string>();
    const note = (at: Key) => keys.add(`${at.hi} ${at.lo}`);
    const source: typeof batches = (epoch, from) => {
      note(from);
      return batches(epoch, from);
    };
    const steps = run(m, adam(m), {
      epochs: 3,
      batches: source,
      loss: (batch, at) => {
        note(at.key);
        return loss(m, batch);
      },
    });
    expect(await all(steps)).toHaveLength(18);
    expect(keys.size).toBe(18 + 3);
  });

  it('closes the batches and frees them when the loop is left', async () => {
    const m = model();
    const optimizer = adam(m);
    let closed = false;
    const source = function* (epoch: number, from: Key) {
      try {
        yield* batches(epoch, from);
      } finally {
        closed = true;
      }
    };
    const before = memoryReport().blocks;
    for await (const { step } of run(m, optimizer, { batches: source })) if (step === 2) break;
    expect(closed).toBe(true);
    expect(memoryReport().blocks).toBe(before);
  });

  it('names the step whose loss is not finite, and leaves the parameters as they were', async () => {
    const m = model();
    const before = weights(m);
    const bad = run(m, adam(m), { loss: (batch, { step }) => (step === 3 ? tensor(Number.NaN) : loss(m, batch)) });
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const { step } of bad) seen.push(step);
      })(),
    ).rejects.toThrow('train: loss must be finite, got NaN at step 3');
    expect(seen).toEqual([1, 2, 3]);
    expect(weights(m)).not.toEqual(before);
    expect(weights(m).every(Number.isFinite)).toBe(true);
  });

  it('takes batches that come later, with the bits of those that are there', async () => {
    const [now, later] = [model(), model()];
    const delayed = async function* (epoch: number, from: Key) {
      for (const { x, y } of batches(epoch, from)) {
        await new Promise((resolve) => setTimeout(resolve));
        yield { x, y };
      }
    };
    const wanted = await all(run(now, adam(now), { epochs: 2 }));
    const got = await all(run(later, adam(later), { batches: delayed, epochs: 2 }));
    expect(got.map(({ loss }) => loss)).toEqual(wanted.map(({ loss }) => loss));
    expect(weights(later)).toEqual(weights(now));
  });

  it('closes batches that come later when the loop is left', async () => {
    const m = model();
    let closed = false;
    const source = async function* (epoch: number, from: Key) {
      try {
        yield* batches(epoch, from);
      } finally {
        closed = true;
      }
    };
    for await (const { step } of run(m, adam(m), { batches: source })) if (step === 2) break;
    expect(closed).toBe(true);
  });

  it('frees what an evaluation makes', async () => {
    const m = model();
    const optimizer = adam(m);
    const evaluate = () => {
      zeros([100_000]);
      return 1;
    };
    const blocks = new Set<number>();
    for await (const _ of run(m, optimizer, { evaluate, every: 1, epochs: 1 })) blocks.add(memoryReport().blocks);
    expect(blocks.size).toBe(1);
  });

  it('leaves an evaluation that goes on later its tensors', async () => {
    const m = model();
    const evaluate = async () => {
      const x = tensor([1, 2, 3]);
      await new Promise((resolve) => setTimeout(resolve));
      return x.toArray()[2] as number;
    };
    const events = await all(run(m, adam(m), { evaluate, every: 1, epochs: 1 }));
    expect(events.map(({ metric }) => metric)).toEqual([3, 3, 3, 3, 3, 3]);
  });

  it.each<[string, object, string]>([
    ['a place to go on from that lacks its numbers', { start: {} }, 'train: start.epoch must be a whole number from 0, got undefined'],
    ['a place without epoch', { start: { step: 3 } }, 'train: start.epoch must be a whole number from 0, got undefined'],
    ['a batch below 0', { start: { epoch: 0, batch: -5, step: 3 } }, 'train: start.batch must be a whole number from 0, got -5'],
    ['half a batch', { start: { epoch: 0, batch: 1.5, step: 3 } }, 'train: start.batch must be a whole number from 0, got 1.5'],
    [
      'a step that is no number',
      { start: { epoch: 0, batch: 0, step: Number.NaN } },
      'train: start.step must be a whole number from 0, got NaN',
    ],
    ['steps that are no number', { steps: Number.NaN }, 'train: steps must be a number from 0, got NaN'],
    ['epochs that are no number', { epochs: Number.NaN }, 'train: epochs must be a number from 0, got NaN'],
    ['patience that is no number', { patience: Number.NaN }, 'train: patience must be a number from 0, got NaN'],
    ['a metric that is a tensor', { every: 1, evaluate: () => tensor(1) }, 'train: evaluate must return a number, got a tensor'],
    ['no metric', { every: 1, evaluate: () => undefined }, 'train: evaluate must return a number, got undefined'],
    ['a loss that comes later', { loss: async () => tensor(1) }, 'train: loss must return a tensor at once, got a promise'],
    ['a list of batches', { batches: [] }, 'train: batches must be a function, got []'],
    ['batches that are none', { batches: () => 3 }, 'train: batches must return an iterable, synchronous or asynchronous, got number'],
    ['an unknown option', { epoch: 3 }, 'train: options must be among key, batches, loss, '],
    ['a number as key', { key: 7 }, 'train: key must be made by key(seed), split or foldIn, got 7'],
    ['no optimiser', { optimizer: undefined }, 'train: optimizer must be an optimiser, got undefined'],
  ])('refuses %s', async (_, options, message) => {
    const m = model();
    await expect((async () => all(run(m, adam(m), { steps: 1, ...options })))()).rejects.toThrow(message);
  });

  it('refuses what is no signal and no position, before the first step', async () => {
    const m = model();
    const start = { epoch: 0, batch: 0, step: 0 };
    const fails = (options: object, message: string) =>
      expect((async () => all(run(m, adam(m), { steps: 1, ...options })))()).rejects.toThrow(message);
    await fails({ signal: new AbortController() }, 'train: signal must be an AbortSignal, got an object');
    await fails({ start: { ...start, waited: 'b' } }, "train: start.waited must be a whole number from 0, got 'b'");
    await fails({ start: { ...start, best: Number.NaN } }, 'train: start.best must be a number, got NaN');
    await expect((async () => all(train(undefined as never)))()).rejects.toThrow('train: options must be an object, got undefined');
  });

  it('counts the first metric that is a number as the best, after NaN', async () => {
    const metrics = [Number.NaN, 3, 2, 1];
    const m = model();
    const events = await all(run(m, adam(m), { steps: 4, every: 1, patience: 2, evaluate: () => metrics.shift() ?? 0 }));
    expect(events.map(({ improved }) => improved)).toEqual([false, true, true, true]);
  });

  it('says what is wrong', async () => {
    const m = model();
    await expect((async () => all(run(m, adam(m), { batches: () => [] })))()).rejects.toThrow(
      'train: batches must give at least one per epoch, got none in epoch 0',
    );
    await expect((async () => all(run(m, adam(m), { evaluate: () => 1 })))()).rejects.toThrow(
      'train: every must be given with evaluate, got none',
    );
    await expect((async () => all(run(m, adam(m), { start: { epoch: 2, batch: 9, step: 21 } })))()).rejects.toThrow(
      'train: start must lie within the epoch, got batch 9 of 6 in epoch 2',
    );
  });
});
