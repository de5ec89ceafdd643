import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCheckpoint, readCheckpoint, restoreCheckpoint, saveCheckpoint, writeCheckpoint } from '../../src/io/checkpoint.ts';
import { type FileTensor, writeSafetensors } from '../../src/io/safetensors.ts';
import { loadTensors, saveTensors } from '../../src/io/tensors.ts';
import { Module, param } from '../../src/nn/module.ts';
import { full, tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { Adam, AdamW } from '../../src/train/optimizers/adam.ts';
import type { Position } from '../../src/train/train.ts';

class Part extends Module {
  weight;
  constructor(shape: Shape, value: number) {
    super();
    this.weight = param(() => full(shape, value));
  }
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saccade-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('checkpoint', () => {
  const numbers = { step: 2 ** 53 - 1, best: 0.1 + 0.2, waited: -0, worst: Number.POSITIVE_INFINITY };
  const stepped = (value: number) => {
    const model = new Part([2, 2], value);
    const optimizer = new Adam(model.stateDict());
    model.weight.grad = full([2, 2], value);
    optimizer.step();
    return { model, optimizer };
  };

  it('keeps parameters, optimiser state, numbers, keys and metadata to the last bit', async () => {
    const path = join(folder, 'whole.safetensors');
    const { model, optimizer } = stepped(3);
    await saveCheckpoint(path, { model, optimizer, numbers, keys: { data: key(2 ** 52 + 5) }, metadata: { words: 'a b' } });
    const read = await loadCheckpoint(path);
    expect({ ...read.numbers }).toEqual(numbers);
    expect({ ...read.keys }).toEqual({ data: key(2 ** 52 + 5) });
    expect({ ...read.metadata }).toEqual({ words: 'a b' });
    const other = stepped(8);
    restoreCheckpoint(read, other);
    expect(other.model.weight.toArray()).toEqual(model.weight.toArray());
    expect(saveTensors(other.optimizer.stateDict())).toEqual(saveTensors(optimizer.stateDict()));
    expect(
      loadTensors(await readFile(path))
        .get('weight')
        ?.toArray(),
    ).toEqual(model.weight.toArray());
  });

  it('changes nothing when anything does not fit', () => {
    const { model, optimizer } = stepped(3);
    const before = saveTensors([...model.stateDict(), ...optimizer.stateDict()].map(([name, x], i) => [`${i} ${name}`, x]));
    const wrongShape = new Part([4], 1);
    const withoutOptimizer = readCheckpoint(writeCheckpoint({ model: new Part([2, 2], 1) }));
    expect(() => restoreCheckpoint(readCheckpoint(writeCheckpoint({ model: wrongShape })), { model, optimizer })).toThrow(
      "checkpoint: model's weight must be float32 [2, 2], got float32 [4]",
    );
    expect(() => restoreCheckpoint(withoutOptimizer, { model, optimizer })).toThrow(
      "checkpoint: names must be the optimizer's, got unknown [] and missing [Adam.lr, Adam.beta1, Adam.beta2, Adam.epsilon, Adam.weightDecay, weight.step, weight.exp_avg, weight.exp_avg_sq]",
    );
    expect(saveTensors([...model.stateDict(), ...optimizer.stateDict()].map(([name, x], i) => [`${i} ${name}`, x]))).toEqual(before);
    restoreCheckpoint(withoutOptimizer, { model });
    expect([...model.weight.toArray()]).toEqual([1, 1, 1, 1]);
  });

  it('names a parameter too many, and one of another type', () => {
    const { model } = stepped(3);
    const file = (...entries: [string, Tensor][]) => readCheckpoint(saveTensors(entries));
    const weight = full([2, 2], 1);
    expect(() => restoreCheckpoint(file(['weight', weight], ['bias', weight]), { model })).toThrow(
      "checkpoint: names must be the model's, got unknown [bias] and missing []",
    );
    expect(() => restoreCheckpoint(file(), { model })).toThrow(
      "checkpoint: names must be the model's, got unknown [] and missing [weight]",
    );
    expect(() => restoreCheckpoint(file(['weight', full([2, 2], 1, 'int32')]), { model })).toThrow(
      "checkpoint: model's weight must be float32 [2, 2], got int32 [2, 2]",
    );
    expect([...model.weight.toArray()]).not.toContain(1);
  });

  it('has records without a prototype, and leaves out fields of a position that have no value', () => {
    const { model } = stepped(3);
    const position = { epoch: 0, batch: 0, step: 1, best: undefined, waited: undefined } as unknown as Position;
    const read = readCheckpoint(writeCheckpoint({ model, position }));
    expect(read.position).toEqual({ epoch: 0, batch: 0, step: 1 });
    for (const record of [read.numbers, read.keys, read.metadata]) expect((record as Record<string, unknown>).toString).toBeUndefined();
    expect(
      readCheckpoint(writeCheckpoint({ model, position: { epoch: 0, batch: 0, step: 0, best: -Infinity, waited: 0 } })).position,
    ).toEqual({
      epoch: 0,
      batch: 0,
      step: 0,
      best: -Infinity,
      waited: 0,
    });
  });

  it.each<[string, FileTensor, string]>([
    ['number/a', { dtype: 'F32', shape: [], data: Float32Array.of(1) }, 'number/a must be one number as F64, got F32 []'],
    ['number/a', { dtype: 'F64', shape: [2], data: Float64Array.of(1, 2) }, 'number/a must be one number as F64, got F64 [2]'],
    ['position/step', { dtype: 'F64', shape: [0], data: new Float64Array(0) }, 'position/step must be one number as F64, got F64 [0]'],
    ['key/a', { dtype: 'U32', shape: [2], data: Uint32Array.of(1, 2) }, 'key/a must be a key of two I32 words, got U32 [2]'],
    ['key/a', { dtype: 'I32', shape: [1], data: Int32Array.of(1) }, 'key/a must be a key of two I32 words, got I32 [1]'],
    ['key/a', { dtype: 'I32', shape: [3], data: Int32Array.of(1, 2, 3) }, 'key/a must be a key of two I32 words, got I32 [3]'],
  ])('refuses a file with %s of another form', (name, entry, message) => {
    const bytes = writeSafetensors([[name, entry]], { metadata: { 'saccade.checkpoint': '1' } });
    expect(() => readCheckpoint(bytes)).toThrow(`checkpoint: ${message}`);
  });

  it('refuses a later version of a file that holds nothing, and what is no key', () => {
    expect(() => readCheckpoint(writeSafetensors([], { metadata: { 'saccade.checkpoint': '2' } }))).toThrow(
      'checkpoint: file must be a checkpoint of version 1, got 2',
    );
    const { model } = stepped(3);
    for (const wrong of [null, { hi: 1 }, { lo: 1 }, { hi: 0.5, lo: 1 }, { hi: 1, lo: Number.NaN }])
      expect(() => writeCheckpoint({ model, keys: { data: wrong as never } })).toThrow(
        'checkpoint: data must be a key, as key() makes them',
      );
  });

  it('keeps where a run stands, as train tells it and takes it', () => {
    const { model } = stepped(3);
    const position: Position = { epoch: 2, batch: 1, step: 7, best: 0.25, waited: 3 };
    const read = readCheckpoint(writeCheckpoint({ model, position }));
    expect(read.position).toEqual(position);
    const start: Position | undefined = read.position;
    expect(start?.step).toBe(7);
    expect(readCheckpoint(writeCheckpoint({ model, position: { epoch: 0, batch: 0, step: 1 } })).position).toEqual({
      epoch: 0,
      batch: 0,
      step: 1,
    });
    expect(readCheckpoint(writeCheckpoint({ model })).position).toBeUndefined();
  });

  it('refuses a position, a number or a key that a run could not go on from', () => {
    const { model } = stepped(3);
    const place = { epoch: 0, batch: 0, step: 0 };
    for (const [wrong, message] of [
      [{ ...place, step: Number.NaN }, 'checkpoint: position must have a whole step from 0, got NaN'],
      [{ ...place, batch: -5 }, 'checkpoint: position must have a whole batch from 0, got -5'],
      [{ ...place, epoch: 0.5 }, 'checkpoint: position must have a whole epoch from 0, got 0.5'],
      [{}, 'checkpoint: position must have a whole epoch from 0, got undefined'],
      [{ ...place, waited: 0.5 }, 'checkpoint: position must have waited whole steps, got 0.5'],
      [{ ...place, best: '1' }, 'checkpoint: position must have a number as best, got string'],
    ] as const) {
      expect(() => writeCheckpoint({ model, position: wrong as Position })).toThrow(message);
    }
    expect(() => writeCheckpoint({ model, numbers: { best: undefined as unknown as number } })).toThrow(
      'checkpoint: best must be a number, got undefined',
    );
    expect(() => writeCheckpoint({ model, keys: { data: 7 as never } })).toThrow(
      'checkpoint: data must be a key, as key() makes them, got number',
    );
    const number = (data: Float64Array) => ({ dtype: 'F64', shape: [], data }) as const;
    const written = (step: number) =>
      writeSafetensors(
        [
          ['position/epoch', number(Float64Array.of(0))],
          ['position/batch', number(Float64Array.of(0))],
          ['position/step', number(Float64Array.of(step))],
        ],
        { metadata: { 'saccade.checkpoint': '1' } },
      );
    expect(readCheckpoint(written(3)).position?.step).toBe(3);
    expect(() => readCheckpoint(written(-1))).toThrow('checkpoint: position must have a whole step from 0, got -1');
  });

  it('reads the weights of a file that is no checkpoint, with its metadata', () => {
    const read = readCheckpoint(saveTensors([['key/a', tensor([1])]], { metadata: { words: 'a b' } }));
    expect(read.model.get('key/a')?.item()).toBe(1);
    expect([read.optimizer.size, { ...read.numbers }, { ...read.metadata }, read.position]).toEqual([0, {}, { words: 'a b' }, undefined]);
  });

  it('changes neither model nor optimiser where the optimiser’s state is nonsense or another kind’s', () => {
    const { model, optimizer } = stepped(3);
    const bits = () => saveTensors([...model.stateDict(), ...optimizer.stateDict()].map(([name, x], i) => [`${i} ${name}`, x]));
    const before = bits();
    const saved = () => readCheckpoint(writeCheckpoint(stepped(5)));
    for (const [name, value, message] of [
      ['weight.step', -1, 'step'],
      ['weight.exp_avg_sq', -1, 'exp_avg_sq'],
      ['weight.exp_avg', Number.NaN, 'exp_avg'],
    ] as const) {
      const nonsense = saved();
      nonsense.optimizer.get(name)?.view().fill(value);
      expect(() => restoreCheckpoint(nonsense, { model, optimizer })).toThrow(message);
      expect(bits()).toEqual(before);
    }
    expect(() => restoreCheckpoint(saved(), { model, optimizer: new AdamW(model.stateDict()) })).toThrow('Adam');
    const other = { ...saved(), model: new Map([['weight', full([2, 2], 1)]]) };
    (other.model.get('weight') as Tensor).storage.free();
    expect(() => restoreCheckpoint(other, { model, optimizer })).toThrow('tensor: must be used inside the scope');
    expect(bits()).toEqual(before);
    restoreCheckpoint(saved(), { model, optimizer });
    expect(bits()).not.toEqual(before);
  });

  it('keeps a learning rate that was set by hand', () => {
    const { model, optimizer } = stepped(3);
    optimizer.lr = 0.1 / 3;
    const other = stepped(5);
    restoreCheckpoint(readCheckpoint(writeCheckpoint({ model, optimizer })), other);
    expect(other.optimizer.lr).toBe(0.1 / 3);
  });

  it('refuses foreign and torn files, and names that would be mistaken', async () => {
    const path = join(folder, 'torn.safetensors');
    const later = saveTensors([['weight', tensor([1])]], { metadata: { 'saccade.checkpoint': '2' } });
    expect(() => readCheckpoint(later)).toThrow('checkpoint: file must be a checkpoint of version 1, got 2');
    const odd = saveTensors([['key/a', tensor([1])]], { metadata: { 'saccade.checkpoint': '1' } });
    expect(() => readCheckpoint(odd)).toThrow('checkpoint: key/a must be a key of two I32 words, got F32 [1]');
    const named = { stateDict: () => new Map([['key/a', tensor([1])]]) };
    expect(() => writeCheckpoint({ model: named })).toThrow(
      'checkpoint: parameters must not be named optimizer/, best/, position/, number/, key/…, got key/a',
    );
    const whole = writeCheckpoint({ ...stepped(3), numbers });
    for (let length = 0; length < whole.length; length += 7) expect(() => readCheckpoint(whole.slice(0, length))).toThrow('safetensors: ');
    await writeFile(path, whole.slice(0, -1));
    await expect(loadCheckpoint(path)).rejects.toThrow('safetensors: ');
  });
});

/** Runs the training script; kills it with SIGKILL once it printed `killAt`. Returns what it printed. */
function run(path: string, pause: number, killAt?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const script = fileURLToPath(new URL('./run.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, path, '40', String(pause)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    let errors = '';
    child.stderr.on('data', (data) => {
      errors += data;
    });
    child.stdout.on('data', (data) => {
      printed += data;
      if (killAt && printed.includes(`${killAt}\n`)) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (killAt ? signal === 'SIGKILL' : code === 0) resolve(printed);
      else reject(new Error(`the run ended with ${code ?? signal}: ${errors}`));
    });
  });
}

it.skipIf(process.env.SACCADE_BRIEF)('resumes a killed run to the bits of one that never stopped', async () => {
  const hash = (printed: string) => printed.match(/hash (\w{64})/)?.[1];
  const [whole] = await Promise.all([run(join(folder, 'whole-run'), 0), run(join(folder, 'killed-run'), 50, 'step 11')]);
  const again = await run(join(folder, 'killed-run'), 50, 'step 26');
  const end = await run(join(folder, 'killed-run'), 0);
  expect(hash(whole)).toBeDefined();
  expect(whole).not.toContain('resumed');
  expect(again).toMatch(/^resumed \d+\n/);
  expect(end).toMatch(/^resumed \d+\n/);
  expect(hash(end)).toBe(hash(whole));
});
