import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Adam, foldIn, key, Linear, mseLoss, normal, parameters } from 'saccade';
import { describe, expect, it } from 'vitest';
import { recipes } from '../../examples/recipes/index.ts';
import { dataPath } from '../../examples/runner/context.ts';
import { documents, listed, readmeWith } from '../../examples/runner/documents.ts';
import { expectKeepable, isForeign, stampNow } from '../../examples/runner/provenance.ts';
import { Interrupted, type Recipe, type Stamp } from '../../examples/runner/recipe.ts';
import { keep } from '../../examples/runner/results.ts';
import { begunBefore, fileOf, forget, runJob } from '../../examples/runner/run.ts';
import { oursOf, reached, tableOf } from '../../examples/runner/tables.ts';

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
  const now: Stamp = { commit: 'abc1234', clean: true, code: 'now' };
  const recipe = doubling(() => {}) as Recipe;
  const placeWith = (files: Record<string, unknown>) => {
    const out = mkdtempSync(join(tmpdir(), 'saccade-recipe-'));
    const folder = join(out, 'recipes', 'doubling');
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(content));
    return { place: { out, quick: false, keys: 1 }, folder };
  };

  it('says which code each job was begun with, ended or not', () => {
    const { place } = placeWith({ 'only.made.json': [now], 'only.json': {}, 'past.made.json': [now] });
    expect(begunBefore(recipe, place)).toEqual([{ name: 'only', made: [now] }]);
    expect(begunBefore(recipe, { ...place, quick: true })).toEqual([]);
    const other = { ...now, code: 'other' };
    expect([isForeign([{ made: [now] }], now), isForeign([{ made: [now, other] }], now), isForeign([], now)]).toEqual([false, true, false]);
  });

  it('is forgotten of the jobs that are named, or all of it', () => {
    const { place, folder } = placeWith({ 'only.made.json': [], 'only.json': {}, 'only-2.json': {} });
    forget(recipe, { ...place, jobs: [{ name: 'only', settings: 3 }] });
    expect(readdirSync(folder)).toEqual(['only-2.json']);
    forget(recipe, place);
    expect(existsSync(folder)).toBe(false);
  });

  it('of other data than the recipe brings itself lies elsewhere', () => {
    const { place } = placeWith({});
    const fed = { ...recipe, data: { folder: '', files: [], source: '', optional: true } };
    expect(fileOf(fed, place, 'only')).toBe(join(place.out, 'recipes', 'doubling', 'only.safetensors'));
    expect(fileOf(fed, { ...place, data: 'd' }, 'only')).toBe(join(place.out, 'recipes', 'doubling-data', 'only.safetensors'));
  });

  it('is kept where this code made all of it, and its tree had no changes', () => {
    const keepable = (made: Stamp[], at = now) => expectKeepable([{ name: 'only', made }], at);
    expect(() => keepable([now])).not.toThrow();
    expect(() => keepable([{ ...now, commit: 'older' }])).not.toThrow(); // the same code under another name
    expect(() => keepable([], { ...now, clean: false })).toThrow('recipe: --keep needs a tree without changes, got some on abc1234');
    expect(() => keepable([{ ...now, code: 'other' }, now])).toThrow('got only of abc1234 (other); --fresh trains anew');
    expect(() => keepable([{ ...now, clean: false }])).toThrow('got only of abc1234-dirty (now); --fresh trains anew');
  });

  it('is stamped with the commit that git names, and a hash of the code', () => {
    const { commit, code } = stampNow();
    expect(commit).toMatch(/^([0-9a-f]{7,}|unknown)$/);
    expect(code).toMatch(/^[0-9a-f]{16}$/);
    expect(stampNow().code).toBe(code);
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
    keep(folder, { recipe: 'second', ...result, rows, note: 'Chosen on these.' }, { curve: '<svg/>' });
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
    expect(results).toContain('\n**Chosen on these.**\n');
    const readme = readmeWith([first, second], '<!-- results -->\n<!-- /results -->', folder);
    expect(readme).toBe(
      '<!-- results -->\n\n| figure | ours |\n| --- | --- |\n| [second](docs/results.md#second): x † | 1.00 |\n\n† Chosen on these.\n\n<!-- /results -->',
    );
    const told = { ...recipe, name: 'second', commands: () => [{ command: '`it`', rate: '1 %' }] };
    const marks = '<!-- commands --><!-- /commands --><!-- results --><!-- /results -->';
    expect(readmeWith([told], marks, folder)).toContain(
      '<!-- commands -->\n\n| command | rate |\n| --- | --- |\n| `it` | 1 % |\n\n<!-- /commands -->',
    );
    expect(readmeWith([{ ...told, name: 'never run' }], marks, folder)).toMatch(/^<!-- commands --><!-- \/commands -->/);
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

describe('the list', () => {
  it('tells what data a recipe takes, and how long it took', () => {
    const data = { folder: 'some', files: ['a.txt', 'b.txt'], source: 'a place' };
    const told = (recipe: object, kept?: { seconds: number }) => listed({ name: 'one', shows: 'It.', ...recipe }, kept).split('\n').map((line) => line.trim()); // biome-ignore format: one line
    expect(told({}, { seconds: 600 })).toEqual([`${'one'.padEnd(23)}It.`, 'needs no --data; 10 min of one core']);
    expect(told({ data })[1]).toBe('needs --data: some/a.txt, some/b.txt (a place); no result is kept');
    expect(told({ data: { ...data, optional: true } })[1]).toMatch(/^better with --data: some/);
  });
});

describe('recipes', () => {
  it('have folders by their names, and jobs of different names, that are names of files', () => {
    for (const recipe of Object.values(recipes)) {
      const [folder, , model] = (recipe.asked ?? recipe.name).split(' ');
      expect(existsSync(`examples/recipes/${folder}/index.ts`), recipe.name).toBe(true);
      expect(recipe.name).toBe(model ? `${folder}-${model}` : folder);
      const names = recipe.jobs({ quick: false, keys: 3 }).map(({ name }) => name);
      expect(new Set(names).size, recipe.name).toBe(names.length);
      expect(names.filter((name) => !/^[\w.-]+$/.test(name))).toEqual([]);
    }
  });
});
