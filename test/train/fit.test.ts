// A run to the end, and copies of the best weights.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, readCheckpoint, restoreCheckpoint, saveCheckpoint, writeCheckpoint } from '../../src/io/checkpoint.ts';
import { assign, buffer } from '../../src/nn/buffer.ts';
import { Module } from '../../src/nn/module.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { full, tensor, zeros } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { fit as toTheEnd } from '../../src/train/fit.ts';
import { Adam } from '../../src/train/optimizers/adam.ts';
import { Snapshot } from '../../src/train/snapshot.ts';
import { type Progress, type TrainOptions, train } from '../../src/train/train.ts';
import { type Batch, batches, loss, model, weights } from './model.ts';

class Net extends Module {
  readonly parts = model();
  readonly count = buffer(() => full([], 0, 'int32'));
}

const settings = (net: Net, more: Partial<TrainOptions<Batch>> = {}): TrainOptions<Batch> => ({
  key: key(5),
  batches,
  loss: (batch, { key }) => loss(net.parts, batch, key),
  optimizer: new Adam(net, { lr: 0.02 }),
  steps: 9,
  ...more,
});
const all = (net: Net) => [...weights(net.parts), net.count.item()];

describe('fit', () => {
  it('takes the steps of the loop, tells each and returns where it ended', async () => {
    const [one, two] = [new Net(), new Net()];
    const told: Progress[] = [];
    const position = await toTheEnd({ ...settings(one), onProgress: (progress) => told.push(progress) });
    const seen: Progress[] = [];
    for await (const progress of train(settings(two))) seen.push(progress);
    expect(told.map(({ seconds: _, ...rest }) => rest)).toEqual(seen.map(({ seconds: _, ...rest }) => rest));
    expect(position).toEqual(seen.at(-1)?.position);
    expect(all(one)).toEqual(all(two));
    expect(all(one)).not.toEqual(all(new Net()));
  });

  it('waits for what is told, stops where that says so, and closes the batches', async () => {
    let [open, closed] = [0, 0];
    const watched: TrainOptions<Batch>['batches'] = function* (epoch, from) {
      try {
        yield* batches(epoch, from);
      } finally {
        closed++;
      }
    };
    const told = toTheEnd({
      ...settings(new Net(), { batches: watched }),
      onProgress: async ({ step }) => {
        expect(open++).toBe(0);
        await new Promise((resolve) => setTimeout(resolve, 1));
        open--;
        if (step === 2) throw new Error('enough');
      },
    });
    await expect(told).rejects.toThrow('enough');
    expect(closed).toBe(1);

    const [net, short] = [new Net(), new Net()];
    const position = await toTheEnd({ ...settings(net, { batches: watched }), onProgress: async ({ step }) => step < 3 });
    expect(position).toEqual(await toTheEnd(settings(short, { steps: 3 })));
    expect(all(net)).toEqual(all(short));
    expect(closed).toBe(2);
    await expect(toTheEnd({ ...settings(net), onProgress: 3 as never })).rejects.toThrow('fit: onProgress must be a function, got 3');
  });

  it('is named by await train, which would take no step', async () => {
    const net = new Net();
    // @ts-expect-error: not to be awaited
    await expect((async () => await train(settings(net)))()).rejects.toThrow(
      'train: it was awaited, which takes no step; loop over it with for await, or await fit',
    );
    expect(all(net)).toEqual(all(new Net()));
  });

  it('checks its options at once', () => {
    const take = () => {};
    expect(() => train({} as TrainOptions<Batch>)).toThrow('train: key must be made by key(seed)');
    expect(() => train(settings(new Net(), { evaluate: () => 1 }))).toThrow('train: every must be given with evaluate, got none');
    expect(() => train(settings(new Net(), { keepBest: { take } }))).toThrow('train: evaluate must be given with keepBest, got none');
    expect(() => train(settings(new Net(), { patience: 0 }))).toThrow('train: evaluate must be given with patience, got none');
    expect(() => train(settings(new Net(), { every: 5 }))).toThrow('train: evaluate must be given with every, got none');
    expect(() => train(settings(new Net(), { keepBest: {} as Snapshot }))).toThrow('train: keepBest must be a Snapshot, got an object');
  });
});

describe('a snapshot', () => {
  it('holds the state of when it was taken, and puts it back', () => {
    const net = new Net();
    const before = all(net);
    const copy = new Snapshot(net);
    net.parts.bias.view().fill(3);
    assign(net.count, full([], 4, 'int32'));
    const changed = all(net);
    copy.restore();
    expect(all(net)).toEqual(before);
    net.parts.bias.view().fill(3);
    assign(net.count, full([], 4, 'int32'));
    const { blocks } = memoryReport();
    scope(() => copy.take());
    expect(memoryReport().blocks).toBe(blocks);
    net.parts.bias.view().fill(0);
    copy.restore();
    expect(all(net)).toEqual(changed);
  });

  it('is made in a scope and outlives it', () => {
    const net = new Net();
    const copy = scope(() => [new Snapshot(net)] as const)[0];
    scope(() => zeros([64]));
    const before = all(net);
    net.parts.hidden.view().fill(1);
    copy.restore();
    expect(all(net)).toEqual(before);
  });

  it('takes optimisers, whose state is made anew at each look', async () => {
    const net = new Net();
    const optimizer = new Adam(net, { lr: 0.02 });
    await toTheEnd(settings(net, { optimizer, steps: 2 }));
    const copies = [new Snapshot(net), new Snapshot(optimizer)];
    optimizer.lr = 0.5;
    await toTheEnd(settings(net, { optimizer, steps: 3 }));
    const after = all(net);
    for (const copy of copies) copy.restore();
    expect(optimizer.lr).toBe(0.02);
    optimizer.lr = 0.5;
    await toTheEnd(settings(net, { optimizer, steps: 3 }));
    expect(all(net)).toEqual(after);
  });

  it('refuses what is another’s', () => {
    const copy = new Snapshot(new Net());
    const dict = copy.stateDict();
    expect(() => copy.loadStateDict(new Map())).toThrow(
      "loadStateDict: paths must be the snapshot's, got unknown [] and missing [parts.hidden",
    );
    expect(() => copy.loadStateDict(new Map([...dict, ['count', zeros([])]]))).toThrow('count must be int32 [], got float32 []');
    expect(() => copy.loadStateDict({} as Map<string, Tensor>)).toThrow('loadStateDict: dict must be a Map');
    expect(() => new Snapshot({} as Net)).toThrow('Snapshot: part must have stateDict(), got an object');
  });
});

describe('keepBest', () => {
  const metrics = [3, 1, 2, Number.NaN, 0.5, 4];
  const evaluated = (net: Net, more: Partial<TrainOptions<Batch>>, from = 0) => {
    let asked = from;
    return settings(net, { evaluate: () => metrics[asked++] as number, every: 1, steps: 6, ...more });
  };

  it('has the weights of the best metric when the run is over', async () => {
    for (const [goal, step] of [
      ['min', 5],
      ['max', 6],
    ] as const) {
      // biome-ignore format: a table
      const net = new Net();
      const best = new Snapshot(net);
      await toTheEnd(evaluated(net, { keepBest: best, goal }));
      const last = all(net);
      best.restore();
      const there = new Net();
      await toTheEnd(evaluated(there, { goal, steps: step }));
      expect(all(net)).toEqual(all(there));
      if (goal === 'min') expect(all(net)).not.toEqual(last);
    }
  });

  it('goes on from a checkpoint that has it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'saccade-'));
    try {
      const net = new Net();
      const best = new Snapshot(net);
      const optimizer = new Adam(net, { lr: 0.02 });
      const position = await toTheEnd(evaluated(net, { keepBest: best, optimizer, steps: 3 }));
      await saveCheckpoint(join(folder, 'run.safetensors'), { model: net, optimizer, position, best });
      const saved = await loadCheckpoint(join(folder, 'run.safetensors'));
      const [again, second] = [new Net(), new Net()];
      const copy = new Snapshot(again);
      restoreCheckpoint(saved, { model: again, best: copy });
      expect(all(again)).toEqual(all(net));
      copy.restore();
      await toTheEnd(evaluated(second, { steps: 2 }));
      expect(all(again)).toEqual(all(second));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is refused by a checkpoint without it, which changes nothing', () => {
    const net = new Net();
    const bare = readCheckpoint(writeCheckpoint({ model: net }));
    expect(bare.best).toBeUndefined();
    net.parts.bias.view().fill(2);
    const before = all(net);
    expect(() => restoreCheckpoint(bare, { model: net, best: new Snapshot(net) })).toThrow(
      "checkpoint: names must be the best's, got unknown [] and missing [parts.hidden",
    );
    expect(all(net)).toEqual(before);
    const x = tensor([1]);
    expect(() => writeCheckpoint({ model: { stateDict: () => new Map([['best/x', x]]) } })).toThrow('parameters must not be named');
  });
});
