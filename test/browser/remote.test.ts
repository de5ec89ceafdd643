import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Browser, launchChromium } from './chromium.mjs';
import { serve } from './serve.mjs';

const folder = mkdtempSync(join(tmpdir(), 'saccade-remote-'));
let browser: Browser;
let server: Awaited<ReturnType<typeof serve>>;

const worker = `
import { Adam, fit, init, key, Linear, mseLoss, normal, tensor } from './package/index.js';
import { serve } from './package/remote.js';
const ready = init();
let model;
serve({
  teach: async ({ steps }, { progress, signal }) => {
    await ready;
    model = new Linear({ input: 2, output: 1 }, key(1));
    const x = normal(key(2), [64, 2]);
    const rows = x.toArray();
    const y = tensor(Float32Array.from({ length: 64 }, (_, i) => rows[2 * i] - rows[2 * i + 1]), { shape: [64, 1] });
    const settings = { optimizer: new Adam(model, { lr: 0.05 }), key: key(3), batches: () => [x], loss: (batch) => mseLoss(model.forward(batch), y), steps, signal, yieldEvery: 1 };
    const { step } = await fit({ ...settings, onProgress: ({ step, loss }) => progress({ step, loss }) });
    return step;
  },
  predict: (row) => model.forward(tensor([row])).toArray(),
  crash: () => { setTimeout(() => { throw new Error('gone'); }); return new Promise(() => {}); },
});`;

const front = `
import { init } from './package/index.js';
import { TextClassifier } from './package/fronts.js';
import { serve } from './package/remote.js';
const ready = init();
serve({
  teach: async ({ rows, steps }, { progress }) => {
    await ready;
    const front = await TextClassifier.fit(rows, { width: 8, onProgress: (at) => { progress(at); return at.step < steps; } });
    return front.save();
  },
});`;

beforeAll(async () => {
  cpSync(new URL('../../dist/', import.meta.url), join(folder, 'package'), { recursive: true });
  writeFileSync(join(folder, 'teacher.js'), worker);
  writeFileSync(join(folder, 'front.js'), front);
  [browser, server] = await Promise.all([launchChromium(), serve(folder)]);
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

it('teaches in a worker of Chromium: progress, giving up, predictions, and its death', async () => {
  const page = await browser.newPage();
  await page.goto(server.url);
  const got = await page.evaluate(`(async () => {
    const { Remote } = await import('./package/remote.js');
    const remote = new Remote(new Worker(new URL('./teacher.js', location), { type: 'module' }));
    const told = [];
    const steps = await remote.call('teach', { steps: 150 }, { onProgress: ({ step, loss }) => told.push([step, loss]) });
    const [difference] = await remote.latest('predict', [2, 0.5]);
    const control = new AbortController();
    const endless = remote.call('teach', { steps: 1e9 }, { signal: control.signal, onProgress: () => control.abort(new Error('enough')) });
    const stopped = await endless.catch((error) => error.message);
    const again = await remote.call('teach', { steps: 5 });
    const dead = await remote.call('crash').catch((error) => error.message);
    return { steps, told: told.length, fell: told[0][1] > 10 * told.at(-1)[1], difference, stopped, again, dead };
  })()`);
  expect(got).toMatchObject({ steps: 150, told: 150, fell: true, stopped: 'enough', again: 5 });
  expect((got as { difference: number }).difference).toBeCloseTo(1.5, 1);
  expect((got as { dead: string }).dead).toMatch(/^Remote: the worker must run, got .*gone/);
});

it('never blocks the page for a frame: neither the call, nor a message of the worker, nor the bytes of a model', async () => {
  const page = await browser.newPage();
  await page.goto(server.url);
  // The machine may stop the page at any moment; what the page's own work takes is in every round, so the quietest round tells.
  const rounds = (await page.evaluate(`(async () => {
    const { Remote } = await import('./package/remote.js');
    const timed = [];
    const timing = (work) => (...given) => {
      const began = performance.now();
      try { return work(...given); } finally { timed.push(performance.now() - began); }
    };
    const worker = new Worker(new URL('./front.js', location), { type: 'module' });
    const add = worker.addEventListener.bind(worker);
    worker.addEventListener = (type, listener) => add(type, timing(listener)); // everything that Remote does when a message comes
    const remote = new Remote(worker);
    const rows = Array.from({ length: 2000 }, (_, i) => ({ text: 'row ' + (i % 97) + ' of many in the list ' + i, label: i % 2 ? 'odd' : 'even' }));
    const rounds = [];
    for (let round = 0; round < 3; round++) {
      timed.length = 0;
      const told = [];
      const result = timing(() => remote.call('teach', { rows, steps: 12 }, { onProgress: ({ step }) => told.push(step) }))();
      rounds.push({ bytes: (await result).length, told: told.length, messages: timed.length, longest: Math.max(...timed) });
    }
    remote.close();
    return rounds;
  })()`)) as { bytes: number; told: number; messages: number; longest: number }[];
  for (const round of rounds) expect(round).toMatchObject({ told: 12, messages: 14 }); // the call, twelve steps, the result
  expect(rounds[0]?.bytes).toBeGreaterThan(50_000);
  expect(Math.min(...rounds.map(({ longest }) => longest))).toBeLessThan(16);
});
