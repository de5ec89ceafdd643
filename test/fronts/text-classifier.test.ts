import { describe, expect, it, vi } from 'vitest';
import { holdOut } from '../../src/fronts/held-out.ts';
import type { SaveReport } from '../../src/fronts/quality.ts';
import { TextClassifier } from '../../src/fronts/text-classifier.ts';
import { loadTensors, saveTensors } from '../../src/io/tensors.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { key, split } from '../../src/tensor/random.ts';
import { orders } from './rows.ts';

const rows = orders(120);
const small = { width: 12, key: key(3) };
const front = await TextClassifier.fit(rows, small);

describe('TextClassifier', () => {
  it('learns labels, and says how well on rows that it never saw', async () => {
    const fresh = orders(60, 9);
    const { accuracy, macroF1, confusion, labels, loss, calibration } = await front.evaluate(fresh);
    expect(accuracy).toBeGreaterThan(0.95);
    expect(macroF1).toBeGreaterThan(0.95);
    expect(labels.map(({ label, support }) => [label, support])).toEqual([['ask', 20], ['off', 20], ['on', 20]]); // biome-ignore format: a table
    expect(confusion.flat().reduce((a, b) => a + b)).toBe(60);
    const mean = fresh.reduce((sum, { text, label }) => sum - Math.log(probability(text, label)), 0) / fresh.length;
    expect(loss).toBeCloseTo(mean, 5);
    expect(calibration.error).toBeLessThan(0.2);
    expect(front.report.learnt + front.report.heldOut).toBe(120);
    expect(front.report.heldOut).toBeGreaterThan(20);
  });

  const probability = (text: string, label: string) =>
    front.predict(text).labels.find((scored) => scored.label === label)?.probability as number;

  it('says why: the effects of the words and the bias are the score that becomes the probability', () => {
    const { labels, why, label } = front.predict('please turn off the heater');
    expect(why.map(({ text }) => text)).toEqual(['please', 'turn', 'off', 'the', 'heater']);
    expect(why.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 5);
    const bias = Array.from(front.model.classifier.output.bias?.toArray() ?? []);
    const mean = bias.reduce((a, b) => a + b) / bias.length;
    const score =
      why.reduce((sum, { effect }) => sum + effect, 0) + ((bias[front.labels.indexOf(label)] as number) - mean) / front.temperature;
    const logs = labels.map(({ probability }) => Math.log(probability));
    expect(score).toBeCloseTo((logs[0] as number) - logs.reduce((a, b) => a + b) / logs.length, 3);
    expect(label).toBe('off');
    expect(labels.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
  });

  it('is saved smaller on request, and loads near what it was', async () => {
    const whole = front.save();
    const text = 'please turn off the heater';
    for (const [weights, share, off] of [
      ['float16', 0.65, 1e-3],
      ['bfloat16', 0.65, 2e-2],
      ['int8', 0.55, 3e-2],
    ] as const) {
      const bytes = front.save({ weights, onMeasured: () => {} });
      expect(bytes.length, weights).toBeLessThan(whole.length * share);
      const loaded = await TextClassifier.load(bytes);
      const [before, after] = [front.predict(text), loaded.predict(text)];
      expect(after.label).toBe(before.label);
      const differences = after.labels.map(({ probability }, i) => Math.abs(probability - (before.labels[i]?.probability ?? 0)));
      expect(Math.max(...differences), weights).toBeLessThan(off);
      expect(Math.max(...differences), weights).toBeGreaterThan(0);
      expect((await TextClassifier.load(bytes)).save()).toEqual(loaded.save()); // the same bits at each load
    }
    expect(() => front.save({ weights: 'int4' } as object)).toThrow(
      'TextClassifier: weights must be one of float32, float16, bfloat16, int8',
    );
  });

  it('says what a smaller file loses on the rows that are held out, and is as it was', async () => {
    const before = front.save();
    const told: SaveReport[] = [];
    const bytes = front.save({ weights: 'int8', onMeasured: (report) => void told.push(report) });
    const [report] = told;
    expect(report).toMatchObject({ weights: 'int8', bytes: bytes.length, rows: front.report.heldOut });
    expect(report?.exact?.loss).toBeCloseTo(front.report.heldOutLoss ?? 0, 5);
    expect(report?.exact?.accuracy).toBeGreaterThan(0.9);
    expect(report?.saved?.loss).not.toBe(report?.exact?.loss);
    expect(report?.saved?.loss).toBeCloseTo(report?.exact?.loss ?? 0, 1);
    expect(front.save()).toEqual(before);
    const back = await TextClassifier.load(bytes);
    expect(report?.saved?.loss).toBeCloseTo(lossOnHeldOut(back), 4);
    expect(report?.exact?.loss).toBeCloseTo(lossOnHeldOut(front), 4);
    const line = vi.spyOn(console, 'info').mockImplementation(() => {});
    front.save({ weights: 'float16' });
    back.save({ weights: 'int8' });
    const lines = line.mock.calls.map(([text]) => String(text));
    line.mockRestore();
    expect(lines[0]).toMatch(
      /^TextClassifier\.save: float16, [\d,]+ bytes; on \d+ rows held out [\d.]+ % right, exact [\d.]+ %; loss [\d.]+, exact [\d.]+$/,
    );
    expect(lines[1]).toMatch(/^TextClassifier\.save: int8, [\d,]+ bytes; what it loses was not measured, since no rows are held out/);
    expect(() => front.save({ onMeasured: 1 } as object)).toThrow('TextClassifier: onMeasured must be a function, got 1');
  });

  /** The loss on the part that the key holds out, from probabilities of temperature 1. */
  function lossOnHeldOut(one: TextClassifier): number {
    const { heldOut } = holdOut(rows.length, split(small.key)[0], { same: (i) => rows[i]?.text, stratum: (i) => rows[i]?.label });
    const losses = heldOut.map((i) => {
      const { text, label } = rows[i] as (typeof rows)[number];
      const scores = one.predict(text).labels.map((of) => ({ label: of.label, size: of.probability ** one.temperature })); // biome-ignore format: one line
      const all = scores.reduce((sum, { size }) => sum + size, 0);
      return -Math.log((scores.find((of) => of.label === label)?.size ?? 0) / all);
    });
    return losses.reduce((a, b) => a + b) / losses.length;
  }

  it('is the same bits with the same key, other bits with another', async () => {
    const again = await TextClassifier.fit(rows, { ...small, key: key(3) });
    expect(again.save()).toEqual(front.save());
    const other = await TextClassifier.fit(rows, { ...small, key: key(4), onProgress: ({ step }) => step < 5 });
    expect(other.save()).not.toEqual(front.save());
  });

  it('is one file, from which it comes back whole', async () => {
    const bytes = front.save();
    const loaded = await TextClassifier.load(bytes);
    expect(loaded.save()).toEqual(bytes);
    expect(loaded.predict('start the fan')).toEqual(front.predict('start the fan'));
    expect(await TextClassifier.load(new Blob([bytes]))).toMatchObject({ labels: ['ask', 'off', 'on'], report: front.report });
    expect(await front.predictAll(['start the fan', 'is the oven on?'])).toEqual(
      ['start the fan', 'is the oven on?'].map((text) => front.predict(text).labels[0]),
    );
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['another front', { front: 'Forecaster' }, /^TextClassifier: file must be one that save\(\) of a TextClassifier gave, got Forecaster/],
    ['another form', { form: '2' }, /got TextClassifier of form 2$/],
    ['no settings', { settings: 'nothing' }, /^TextClassifier: settings of the file must be a JSON object, got undefined$/],
    ['one label', { settings: { labels: ['on'] } }, /^TextClassifier file: labels must be at least two different strings, got \[on\]$/],
    ['other sizes', { settings: { width: 13 } }, /^(loadInto|loadStateDict|safetensors): /],
    ['a strange name', { settings: { more: 1 } }, /^TextClassifier file: options must be among .*, got more$/],
  ])('refuses a file of %s', async (_, changed, message) => {
    const tensors = loadTensors(front.save());
    const { settings = '', ...rest } = tensors.metadata;
    const { settings: other = {} } = changed;
    const told = typeof other === 'string' ? other : JSON.stringify({ ...JSON.parse(settings), ...(other as object) });
    const metadata = { ...rest, ...changed, settings: told } as Record<string, string>;
    await expect(TextClassifier.load(saveTensors(tensors, { metadata }))).rejects.toThrow(message);
  });

  it('goes on with new rows, and is no worse on those that are held out', async () => {
    const own = await TextClassifier.load(front.save());
    const news = orders(36, 5).map(({ text, label }) => ({ text: text.replace(/lamp|radio|fan|oven/, 'projector'), label }));
    const before = (await own.evaluate(news)).loss;
    expect(await own.update(news, { replay: rows, key: key(5) })).toBe(own);
    expect((await own.evaluate(news)).loss).toBeLessThan(before);
    expect(own.report.learnt + own.report.heldOut).toBe(156);
    await own.update([{ text: 'projector off', label: 'off' }]);
    expect(own.report).toMatchObject({ learnt: 1, heldOut: 0, heldOutLoss: null });
  });

  it('learns labels and words that it did not know, forgets none, and is as it was if that is given up', async () => {
    const dishes = ['bake a cake', 'cook some noodles', 'bake the bread', 'boil some noodles', 'cook a cake', 'boil the bread'];
    const news = dishes.flatMap((text) => [text, `${text}, please`]).map((text) => ({ text, label: 'food' }));
    const own = await TextClassifier.load(front.save());
    const stop = new AbortController();
    const giveUp = { replay: rows, signal: stop.signal, onProgress: () => stop.abort() };
    await expect(own.update(news, giveUp)).rejects.toThrow('aborted');
    expect(own.labels).toEqual(['ask', 'off', 'on']);
    expect(own.save()).toEqual(front.save());
    await own.update(news, { replay: rows, key: key(6) });
    expect(own.labels).toEqual(['ask', 'off', 'on', 'food']);
    expect(own.predict('boil a cake').label).toBe('food');
    expect((await own.evaluate(orders(60, 9))).accuracy).toBeGreaterThan(0.9);
    expect(own.reader.vocabulary.has('noodles')).toBe(true);
    expect(own.reader.vocabulary.symbols.slice(0, front.reader.vocabulary.size)).toEqual(front.reader.vocabulary.symbols);
    const again = await TextClassifier.load(own.save());
    expect(again.predict('cook the noodles')).toEqual(own.predict('cook the noodles'));
  });

  it('tells how far it is, and stops where it is told to', async () => {
    const told: number[] = [];
    await TextClassifier.fit(rows, {
      ...small,
      onProgress: ({ step, steps, seconds, secondsLeft, memory, loss }) => {
        told.push(step);
        expect(steps).toBeGreaterThanOrEqual(step);
        expect(secondsLeft).toBeCloseTo((seconds * (steps - step)) / step, 6);
        expect(memory.bytes > 0 && memory.peak >= memory.bytes && Number.isFinite(loss)).toBe(true);
        return step < 7;
      },
    });
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('gives up at a signal, and then is as it was before', async () => {
    const stop = new AbortController();
    const own = await TextClassifier.load(front.save());
    const onProgress = ({ step }: { step: number }) => step === 3 && stop.abort();
    await expect(own.update(rows, { signal: stop.signal, onProgress: (at) => void onProgress(at) })).rejects.toThrow('aborted');
    expect(own.save()).toEqual(front.save());
    await expect(TextClassifier.fit(rows, { signal: stop.signal })).rejects.toThrow('aborted');
  });

  it('keeps no memory of what it computed', async () => {
    const before = memoryReport().blocks;
    for (let i = 0; i < 20; i++) front.predict(`switch on number ${i}`);
    await front.evaluate(rows);
    expect(memoryReport().blocks).toBe(before);
  });

  it.each<[string, unknown, string]>([
    ['no list', 'text', "TextClassifier.fit: rows must be a list of at least 2, got 'text'"],
    ['no rows', [], 'TextClassifier.fit: rows must be a list of at least 2, got 0'],
    ['an empty text', [...rows, { text: ' ', label: 'on' }], "TextClassifier.fit: row 120 must have something in it to read, got ' '"],
    ['no text', [rows[0], { label: 'on' }], 'TextClassifier.fit: row 1 must have something in it to read, got undefined'],
    ['no label', [...rows, { text: 'a' }], 'TextClassifier.fit: row 120 must have a label that is a string, got undefined'],
    ['a number', [...rows, { text: 'a', label: NaN }], 'TextClassifier.fit: row 120 must have a label that is a string, got NaN'],
    ['one label', rows.slice(0, 2), "TextClassifier.fit: rows must have at least two labels, got only 'on' from row 0 on"],
  ])('names what is wrong with rows: %s', async (_, wrong, message) => {
    await expect(TextClassifier.fit(wrong as typeof rows)).rejects.toThrow(message);
  });

  it('names what else is wrong', async () => {
    const strange = [{ text: 'what a day', label: 'weather' }];
    const message = "must have one of the labels ask, off, on, got 'weather'";
    await expect(front.update(strange)).rejects.toThrow(
      "TextClassifier.update: row 0 must have one of the labels ask, off, on, or a new one that at least 5 rows have, got 'weather'",
    );
    await expect(front.evaluate([...rows, ...strange])).rejects.toThrow(`TextClassifier.evaluate: row 120 ${message}`);
    await expect(front.evaluate([])).rejects.toThrow('TextClassifier.evaluate: rows must be a list of at least 1, got 0');
    expect(() => front.predict('')).toThrow("TextClassifier.predict: text must have something in it to read, got ''");
    await expect(front.predictAll('abc' as never)).rejects.toThrow("TextClassifier.predictAll: texts must be a list, got 'abc'");
    await expect(front.update(rows, { replay: null as never })).rejects.toThrow(
      'TextClassifier.update: replay must be a list of rows, got null',
    );
    await expect(front.update(rows, { replay: [], signal: AbortSignal.abort() })).rejects.toThrow('aborted'); // an empty list is one
    await expect(TextClassifier.fit(rows, { width: 0 })).rejects.toThrow('TextClassifier.fit: width must be a whole number from 1, got 0');
    await expect(TextClassifier.fit(rows, { onprogress: 1 } as object)).rejects.toThrow(/must be among .*, got onprogress$/);
    await expect(TextClassifier.fit(rows, { key: 1 as never })).rejects.toThrow(/key must be made by key\(seed\)/);
  });
});

describe('reading of many texts', () => {
  /** Texts that take a millisecond to look at. */
  const slow = orders(30).map(({ text, label }) => ({
    label,
    get text() {
      for (const began = performance.now(); performance.now() < began + 1; );
      return text;
    },
  }));

  /** Turns of the event loop until something is done. */
  async function turns(until: Promise<unknown>): Promise<number> {
    let [count, going] = [0, true];
    const tick = () => {
      count++;
      if (going) setImmediate(tick);
    };
    setImmediate(tick);
    await until.finally(() => (going = false));
    return count;
  }

  it('leaves others their turn, in fit, evaluate and update', async () => {
    const [own, stop] = [await TextClassifier.load(front.save()), new AbortController()];
    let fitted: Promise<unknown> | undefined;
    const first = new Promise<unknown>((onProgress) => {
      fitted = TextClassifier.fit(slow, { ...small, onProgress: (at) => onProgress(at), signal: stop.signal });
    });
    expect(await turns(first)).toBeGreaterThan(6);
    stop.abort(new Error('enough'));
    await expect(fitted).rejects.toThrow('enough');
    expect(await turns(own.evaluate(slow))).toBeGreaterThan(2);
    expect(await turns(own.update(slow, { onProgress: () => false }))).toBeGreaterThan(6);
  });

  it('can be aborted, and then nothing is changed', async () => {
    const own = await TextClassifier.load(front.save());
    const [before, news] = [own.save(), slow.map((row) => ({ text: `${row.text} wob`, label: 'new' }))];
    const onProgress = vi.fn();
    const aborted = async (work: (signal: AbortSignal) => Promise<unknown>) => {
      const stop = new AbortController();
      setImmediate(() => stop.abort(new Error('enough')));
      await expect(work(stop.signal)).rejects.toThrow('enough');
    };
    await aborted((signal) => TextClassifier.fit(slow, { ...small, signal, onProgress }));
    await aborted((signal) => own.update(slow, { signal, onProgress, replay: news }));
    await aborted((signal) => own.evaluate(slow, { signal }));
    expect(onProgress).not.toHaveBeenCalled();
    expect(own.save()).toEqual(before);
  });

  it('does not mind what becomes of the list meanwhile', async () => {
    const given = [...slow];
    const fitted = TextClassifier.fit(given, { ...small, onProgress: ({ step }) => step < 3 });
    given.length = 0;
    expect((await fitted).save()).toEqual((await TextClassifier.fit(slow, { ...small, onProgress: ({ step }) => step < 3 })).save());
  });
});
