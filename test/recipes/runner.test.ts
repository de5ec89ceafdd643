import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Adam, foldIn, key, Linear, mseLoss, normal, parameters } from 'saccade';
import { describe, expect, it } from 'vitest';
import { recipes } from '../../examples/recipes/index.ts';
import { dataPath } from '../../examples/runner/context.ts';
import { Interrupted, type Recipe } from '../../examples/runner/recipe.ts';
import { documents, keep, oursOf, reached, readmeWith, tableOf } from '../../examples/runner/results.ts';
import { begunByOther, runJob } from '../../examples/runner/run.ts';

/** Learns to double numbers; a moving average stands beside the parameters. */
function doubling(stopAt: (step: number) => void): Recipe<number, { weights: number[]; average: number; points: unknown }> {
  return {
    name: 'doubling',
    shows: 'That runs resume.',
    papers: [],
    jobs: () => [{ name: 'only', settings: 3 }],
    async job(settings, { train }) {
      const model = new Linear({ input: 2, output: 2 }, key(settings));
      let average = 0;
      const optimizer = new Adam(parameters(model), { lr: 0.01 });
      const points = await train({
        model,
        optimizer,
        numbers: {
          save: () => ({ average }),
          load: (saved) => {
            average = saved.average ?? 0;
          },
        },
        key: key(5),
        *batches(_epoch, from) {
          for (let i = 0; i < 30; i++) yield normal(foldIn(from, i), [8, 2]);
        },
        loss: (x, { step }) => {
          stopAt(step);
          average = 0.9 * average + 0.1 * step;
          return mseLoss(model.forward(x), x);
        },
        steps: 150,
        evaluate: () => average,
        every: 40,
      });
      return { weights: [...model.weight.toArray()], average, points };
    },
    rows: () => [],
  };
}

describe('a job', () => {
  it('told to stop goes on later, and ends with the bits of one that never stopped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'saccade-recipe-'));
    const options = { quick: true, report: () => {} };
    const job = { name: 'only', settings: 3 };
    const never = new AbortController().signal;
    const whole = await runJob(doubling(() => {}) as Recipe, job, { ...options, checkpoint: join(folder, 'whole'), signal: never });

    const checkpoint = join(folder, 'parts');
    const controller = new AbortController();
    const stopping = doubling((step) => step === 47 && controller.abort());
    await expect(runJob(stopping as Recipe, job, { ...options, checkpoint, signal: controller.signal })).rejects.toThrow(Interrupted);
    let first = -1;
    const going = doubling((step) => {
      if (first < 0) first = step;
    });
    const resumed = await runJob(going as Recipe, job, { ...options, checkpoint, signal: never });
    expect(first).toBe(48);
    expect(resumed.outcome).toEqual(whole.outcome);
    expect(resumed.outcome).toMatchObject({ points: { length: 150 } });

    const other = { name: 'only', settings: 4 };
    await expect(runJob(going as Recipe, other, { ...options, checkpoint, signal: never })).rejects.toThrow(
      'recipe: checkpoint must be of this job, got another in',
    );
  });
});

describe('what lies there', () => {
  it('is known to be of this code, or is said to be of other', () => {
    const out = mkdtempSync(join(tmpdir(), 'saccade-recipe-'));
    const recipe = doubling(() => {}) as Recipe;
    const begun = () => begunByOther(recipe, { out, quick: false });
    expect(begun()).toBe(false);
    const code = join(out, 'recipes', 'doubling', 'code.txt');
    const own = readFileSync(code, 'utf8');
    writeFileSync(join(out, 'recipes', 'doubling', 'only.json'), '{}');
    expect(begun()).toBe(false);
    writeFileSync(code, 'other');
    expect(begun()).toBe(true);
    writeFileSync(code, own);
    expect(begun()).toBe(false);
    rmSync(code);
    expect(begun()).toBe(true);
  });
});

describe('data', () => {
  it('is looked for in the folder and below, and what is missing names --data', () => {
    const need = { folder: 'some', files: ['a.txt'], source: 'a place' };
    const folder = mkdtempSync(join(tmpdir(), 'saccade-recipe-'));
    expect(() => dataPath('a.txt', undefined, need)).toThrow('recipe: --data must name the folder of a.txt (a place), got no --data');
    expect(() => dataPath('a.txt', folder, need)).toThrow(`recipe: --data must hold a.txt (a place), got ${folder}`);
    writeFileSync(join(folder, 'a.txt'), '');
    expect(dataPath('a.txt', folder, need)).toBe(join(folder, 'a.txt'));
  });
});

describe('results', () => {
  it('are told as mean ± standard deviation, beside their target', () => {
    expect(oursOf({ ours: [1, 2, 3], unit: '%', digits: 1 })).toBe('2.0 ± 1.0 %');
    expect(oursOf({ ours: [0.125] })).toBe('0.13');
    expect([reached({ ours: [23, 25], target: { atMost: 24 } }), reached({ ours: [23], target: { atLeast: 24 } })]).toEqual([true, false]);
    expect(tableOf([{ figure: 'error', ours: [25], unit: '%', target: { atMost: 24 } }])).toEqual([
      '| figure | ours | target |',
      '| --- | --- | --- |',
      '| error | 25.00 % | ≤ 24 % ✗ |',
    ]);
  });

  it('become a page', () => {
    const folder = mkdtempSync(join(tmpdir(), 'saccade-recipe-'));
    const result = {
      shows: 'It.',
      papers: ['A 2000'],
      command: 'c',
      machine: 'm',
      commit: 'abc',
      date: '2000-01-01',
      seconds: 600,
      pictures: [],
    };
    const rows = [{ figure: 'x', ours: [1] }];
    keep(folder, { recipe: 'second', ...result, rows }, { curve: '<svg/>' });
    keep(folder, { recipe: 'first', ...result, rows }, {});
    expect(readdirSync(folder).sort()).toEqual(['first.json', 'second-curve.svg', 'second.json']);
    const recipe = { shows: '', papers: [], jobs: () => [], job: async () => 0, rows: () => [] };
    const [first, second] = [
      { ...recipe, name: 'first', page: () => ['# Own'] },
      { ...recipe, name: 'second' },
    ];
    const { results = '', ...others } = documents([first, second, { ...recipe, name: 'never run' }], folder);
    expect(results.indexOf('## first')).toBeLessThan(results.indexOf('## second'));
    expect(results).toContain('| x | 1.00 |');
    expect(results).toContain('![second curve](results/second-curve.svg)');
    expect(results).toContain('`c`: 10 min');
    expect(others).toEqual({ first: '# Own\n\n`c`: 10 min of training and measuring, over all jobs; m; commit abc, 2000-01-01.\n' });
  });
});

describe('the documents', () => {
  const all = Object.values(recipes);

  it('show the results that are kept', () => {
    for (const [page, text] of Object.entries(documents(all))) expect(readFileSync(`docs/${page}.md`, 'utf8'), page).toBe(text);
    const readme = readFileSync('README.md', 'utf8');
    expect(readmeWith(all, readme)).toBe(readme);
  });

  it('need a place in the README', () => {
    expect(() => readmeWith(all, '# Saccade')).toThrow('recipe: README must have <!-- results -->');
  });
});

describe('recipes', () => {
  it('have jobs of different names, that are names of files', () => {
    for (const recipe of Object.values(recipes)) {
      const names = recipe.jobs({ quick: false, keys: 3 }).map(({ name }) => name);
      expect(new Set(names).size, recipe.name).toBe(names.length);
      expect(names.filter((name) => !/^[\w.-]+$/.test(name))).toEqual([]);
    }
  });
});
