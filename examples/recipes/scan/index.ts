// Commands to actions: what a Transformer makes of new sentences, longer ones, and a word it knows alone; with three kinds of positions.
import { linesSvg } from '../../runner/chart.ts';
import type { Context, Finished, Recipe, Row } from '../../runner/recipe.ts';
import { need, type Part, partsFor, type SplitName } from './commands.ts';
import { type Learnt, learnt, type Places, remembered, type Teaching } from './learning.ts';

interface Settings {
  split: SplitName;
  /** How the model knows places, or no model: the closest command's actions. */
  places: Places | 'memory';
  teaching: Teaching;
  /** The parts of the split that are measured. */
  parts: readonly Part[];
  key: number;
}

/** By `scan --model choice`, the smaller of the two that follow most after 500 steps; 28 epochs, since 9 left one command of a hundred wrong. */
const usual: Teaching = {
  ...{ size: 64, heads: 4, layers: 2, steps: 6000, batch: 64 },
  ...{ muon: 0.02, decay: 0.01, lr: 3e-3, warmup: 50, fall: 0.6 },
};
const small: Teaching = { ...usual, size: 32, steps: 300, batch: 32 };

const places: readonly Places[] = ['sinusoidal', 'rotary', 'relative'];

async function followed({ split, places: kind, teaching, parts, key: run }: Settings, context: Context): Promise<Learnt> {
  const all = partsFor(split, context);
  const asked = parts.map((part): [Part, typeof all.train] => [part, all[part]]);
  if (kind === 'memory') return remembered(all.train, asked);
  return learnt({ ...teaching, places: kind, key: run }, all.train, asked, context);
}

type Run = Finished<Settings, Learnt>;

const rightOf = (runs: readonly Run[], part: Part) => runs.map(({ outcome }) => outcome.right[part] ?? Number.NaN);

/** A part that is reported, what it is called, and the best of LSTMs and GRUs with the best settings for its split (Lake and Baroni 2018, §4). */
const reported: readonly { split: SplitName; part: Part; title: string; paper: string }[] = [
  { split: 'simple', part: 'held', title: 'simple split, 2,000 of its training part held out', paper: '99.8, LSTM, the test part' },
  { split: 'simple', part: 'test', title: 'simple split, its test part', paper: '99.8, LSTM' },
  { split: 'length', part: 'test', title: 'longer actions', paper: '20.8, GRU with attention' },
  { split: 'jump', part: 'test', title: 'jump, learnt alone', paper: '1.2, GRU with attention' },
];

const thousands = (runs: readonly Run[]) => `${Math.round((runs[0]?.outcome.parameters ?? 0) / 1e3)} k parameters`;

function rowsOf(finished: readonly Run[]): Row[] {
  const asked = reported.filter(({ split }) => finished.some(({ settings }) => settings.split === split));
  return asked.flatMap(({ split, part, title, paper }) => {
    const of = (kind: Settings['places']) => finished.filter(({ settings }) => settings.split === split && settings.places === kind);
    const [closest] = rightOf(of('memory'), part);
    return places.map((kind) => ({
      figure: `commands followed, ${title}, ${kind} positions, ${thousands(of(kind))}`,
      ours: rightOf(of(kind), part),
      unit: '%',
      ...(part === 'held' && { target: { atLeast: 99.5 } }),
      paper,
      ...(closest !== undefined && { baseline: `${closest.toFixed(2)} %, the closest command` }),
    }));
  });
}

const curves = (finished: readonly Run[], nameOf: (run: Run) => string) =>
  linesSvg(
    finished
      .filter(({ settings }) => settings.key === 0)
      .map((run) => ({ name: nameOf(run), points: run.outcome.points.map(({ step, loss }): [number, number] => [step, loss]) })),
    { x: 'step', y: 'loss', log: true },
  );

const papers = ['Lake and Baroni 2018', 'Vaswani et al. 2017', 'Shaw et al. 2018', 'Su et al. 2021'];

/** Each kind of positions on these splits, and the closest command. */
function recipeOf(splits: readonly SplitName[], named: Pick<Recipe, 'name' | 'shows'> & { asked?: string }): Recipe<Settings, Learnt> {
  return {
    ...named,
    papers,
    data: need,
    jobs: ({ keys, quick }) =>
      splits.flatMap((split) => {
        const parts = reported.filter((one) => one.split === split).map(({ part }) => part);
        const shared = { split, parts, teaching: quick ? small : usual };
        const runs = Array.from({ length: keys }, (_, key) =>
          places.map((kind) => ({ name: `${split}-${kind}-${key}`, settings: { ...shared, places: kind, key } })),
        );
        return [...runs.flat(), { name: `${split}-memory`, settings: { ...shared, places: 'memory' as const, key: 0 } }];
      }),
    job: followed,
    rows: rowsOf,
    pictures: async (finished) => ({
      loss: await curves(
        finished.filter(({ settings }) => settings.places !== 'memory'),
        ({ settings }) => `${settings.split}, ${settings.places}`,
      ),
    }),
  };
}

export const scan = recipeOf(['simple'], {
  name: 'scan',
  shows:
    'Commands to actions by a Transformer, on commands of the same kind that were not learnt; positions absolute, turned and relative. ' +
    'Settings were chosen by 1,000 commands of the training part (`scan --model choice`); 2,000 others that no setting saw are reported, and the test part, which earlier settings saw.',
});

export const scanFar = recipeOf(['length', 'jump'], {
  name: 'scan-far',
  asked: 'scan --model far',
  shows:
    'The same models where commands are of another kind: with more actions than any that was learnt, or with a verb that was learnt alone. No setting was chosen for it.',
});

/** What may be chosen. */
const choices: readonly { name: string; title: string; change: Partial<Teaching> }[] = [
  { name: 'muon1', title: 'Muon 0.01', change: { muon: 0.01 } },
  { name: 'muon2', title: 'Muon 0.02', change: {} },
  { name: 'muon4', title: 'Muon 0.04', change: { muon: 0.04 } },
  { name: 'wide', title: '96 wide, Muon 0.02', change: { size: 96 } },
];

export const scanChoice: Recipe<Settings, Learnt> = {
  name: 'scan-choice',
  asked: 'scan --model choice',
  shows:
    'Settings for SCAN, compared by 1,000 commands of the simple split’s training part, drawn by a fixed key, which `scan` neither learns nor reports; rotary positions, 500 steps.',
  papers,
  data: need,
  jobs: ({ keys, quick }) =>
    Array.from({ length: keys }, (_, key) =>
      choices.map(({ name, change }) => {
        const teaching = quick ? small : { ...usual, steps: 500, ...change };
        const settings = { split: 'simple' as const, places: 'rotary' as const, parts: ['choice' as const], teaching, key };
        return { name: `${name}-${key}`, settings };
      }),
    ).flat(),
  job: followed,
  rows: (finished) =>
    choices.map(({ name, title }) => {
      const runs = finished.filter((run) => run.name.startsWith(`${name}-`));
      return { figure: `commands followed, ${title}, ${thousands(runs)}`, ours: rightOf(runs, 'choice'), unit: '%' };
    }),
  pictures: async (finished) => ({ loss: await curves(finished, ({ name }) => name) }),
};
