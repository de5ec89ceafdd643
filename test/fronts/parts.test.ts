// What fronts are made of: held-out parts, pieces of work, temperature, turns.
import { describe, expect, it } from 'vitest';
import { batchesOf } from '../../src/fronts/batches.ts';
import { holdOut } from '../../src/fronts/held-out.ts';
import { sharpnessOf } from '../../src/fronts/temperature.ts';
import { TextReader, textBatch } from '../../src/fronts/text-reader.ts';
import { inTurns } from '../../src/fronts/turns.ts';
import { memoryReport } from '../../src/runtime/storage.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { dice } from '../equations/plain.ts';

describe('the held-out part', () => {
  const labels = [...'aaaaaaaaaabbbbbbbbbbbbbbbbbbbbcccc'];
  const parts = holdOut(labels.length, key(1), { stratum: (row) => labels[row] });

  it('is a fifth of each label, and none of a label with fewer than five rows', () => {
    const count = (rows: number[], label: string) => rows.filter((row) => labels[row] === label).length;
    expect(['a', 'b', 'c'].map((label) => count(parts.heldOut, label))).toEqual([2, 4, 0]);
    expect([...parts.learn, ...parts.heldOut].sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
  });

  it('depends on the key, and on nothing else', () => {
    expect(holdOut(labels.length, key(1), { stratum: (row) => labels[row] })).toEqual(parts);
    expect(holdOut(labels.length, key(2), { stratum: (row) => labels[row] })).not.toEqual(parts);
  });

  it('never has the same thing on both sides', () => {
    const same = (row: number) => row % 10;
    const { learn, heldOut } = holdOut(50, key(3), { same });
    expect(heldOut.length).toBe(10);
    expect(new Set(learn.map(same)).size + new Set(heldOut.map(same)).size).toBe(10);
  });

  it('is 2,000 rows at most', () => {
    expect(holdOut(30_000, key(1)).heldOut.length).toBe(2000);
  });
});

describe('pieces of work', () => {
  const lengths = Array.from({ length: 100 }, (_, i) => 1 + ((i * 37) % 200));

  it('have every example once, and no more work than fits a frame', () => {
    const cost = (length: number) => length * 1e5;
    const batches = batchesOf(lengths, { batchSize: 16, cost, key: key(1) });
    expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
    for (const batch of batches) {
      const longest = Math.max(...batch.map((i) => lengths[i] as number));
      expect(batch.length === 1 || batch.length * cost(longest) <= 5e7).toBe(true);
    }
  });

  it('are whole batches where that is little work', () => {
    expect(batchesOf(lengths, { batchSize: 16, cost: () => 1 }).map(({ length }) => length)).toEqual([16, 16, 16, 16, 16, 16, 4]);
  });
});

describe('inTurns', () => {
  it('lets others run in between, and frees what the pieces made', async () => {
    let turns = 0;
    let going = true;
    const count = () => {
      turns++;
      if (going) setImmediate(count);
    };
    setImmediate(count);
    const before = memoryReport().blocks;
    const busy = (n: number) => {
      const end = performance.now() + 7;
      while (performance.now() < end);
      return tensor([n]).item();
    };
    expect(await inTurns([1, 2, 3], busy)).toEqual([1, 2, 3]);
    going = false;
    expect(turns).toBeGreaterThanOrEqual(3);
    expect(memoryReport().blocks).toBe(before);
  });

  it('stops at a signal with its reason', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const all = inTurns([1, 2, 3], (n) => seen.push(n) === 2 && stop.abort(new Error('enough')), stop.signal);
    await expect(all).rejects.toThrow('enough');
    expect(seen).toEqual([1, 2]);
  });
});

describe('the temperature', () => {
  // Labels drawn from softmax(logits · truth): the best sharpness is about `truth`, which a search over a grid in float64 finds too.
  it.each([0.4, 1, 2.5])('finds the sharpness %d by which labels were drawn', (truth) => {
    const random = dice(7);
    const rows = Array.from({ length: 600 }, () => [4 * random() - 2, 4 * random() - 2, 4 * random() - 2]);
    const shares = (row: number[], by: number) => {
      const powers = row.map((z) => Math.exp(by * z));
      return powers.map((p) => p / powers.reduce((a, b) => a + b));
    };
    const labels = rows.map((row) => {
      const at = random();
      const [a = 0, b = 0] = shares(row, truth);
      return at < a ? 0 : at < a + b ? 1 : 2;
    });
    const smoothed = 3 / (602 * 2);
    const loss = (by: number) =>
      rows.reduce((sum, row, i) => {
        const logs = shares(row, by).map(Math.log);
        return sum - (1 - smoothed) * (logs[labels[i] as number] as number) - (smoothed / 3) * logs.reduce((a, b) => a + b);
      }, 0);
    const grid = Array.from({ length: 140 }, (_, i) => 0.02 * (i + 10));
    const wanted = grid.reduce((best, by) => (loss(by) < loss(best) ? by : best));
    const found = sharpnessOf(tensor(rows), tensor(labels, { dtype: 'int32' }));
    expect(Math.abs(found - wanted)).toBeLessThan(0.03);
    expect(Math.abs(found - truth) / truth).toBeLessThan(0.2);
  });

  it('stays within bounds where every row is right', () => {
    const found = sharpnessOf(tensor([[2, -2], [-2, 2], [3, -3]]), tensor([0, 1, 0], { dtype: 'int32' })); // biome-ignore format: three rows
    expect(found).toBeGreaterThan(0.2);
    expect(found).toBeLessThan(2);
  });
});

describe('the reader of texts', () => {
  it('cuts words and signs, or characters, and says where they stand', async () => {
    const reader = await TextReader.from('x', ["It's 5 o’clock, Zoë!", "It's 6 o’clock, Zoë?"], {});
    expect(reader.unit).toBe('words');
    expect(reader.read("It's Zoë.").pieces).toEqual([
      { text: "It's", start: 0, end: 4 },
      { text: 'Zoë', start: 5, end: 8 },
      { text: '.', start: 8, end: 9 },
    ]);
    const characters = await TextReader.from('x', ['añ', 'añ😀'], {});
    expect(characters.unit).toBe('characters');
    expect(characters.read('😀añ').pieces.map(({ text, start }) => [text, start])).toEqual([['😀', 0], ['a', 2], ['ñ', 3]]); // biome-ignore format: one list
  });

  it('knows an unseen word by its letters, and a strange one not at all', async () => {
    const reader = await TextReader.from('x', ['the lamp shines', 'the lamps shine', 'a lamp and shade'], { unit: 'words' });
    const { vocabulary } = reader;
    const symbols = reader.read('lampion')?.symbols[0] ?? [];
    expect(vocabulary.decode(symbols)).toEqual(expect.arrayContaining(['#<la', '#amp', '#lamp']));
    expect(vocabulary.has('lampion')).toBe(false);
    expect(vocabulary.has('shade')).toBe(false); // once only
    expect(vocabulary.decode(reader.read('Ωψ').symbols[0] ?? [])).toEqual(['<unk>']);
  });

  it('lays texts side by side', () => {
    const { symbols, share, mask } = textBatch([{ symbols: [[3, 4], [5]] }, { symbols: [[6, 7, 8]] }]);
    expect(symbols.toNested()).toEqual([[[3, 4, 0], [5, 0, 0]], [[6, 7, 8], [0, 0, 0]]]); // biome-ignore format: two texts
    expect(Array.from(share.toArray())).toEqual([0.5, 1, Math.fround(1 / 3), 1]);
    expect(mask.toNested()).toEqual([[true, true], [true, false]]); // biome-ignore format: two texts
  });
});
