// Real sentences to trees: the dependencies of UD English-EWT written as brackets, with attention and without.
import { foldIn, key } from 'saccade';
import { type AttachmentScores, attachmentScores } from 'saccade/metrics';
import { type GrammarParse, GrammarParser } from 'saccade/models';
import { parameterCount } from 'saccade/nn';
import { type Dependencies, dependenciesOf, dependencyTree } from 'saccade/trees';
import { linesSvg } from '../../runner/chart.ts';
import type { Context, Finished, Point, Recipe, Row } from '../../runner/recipe.ts';
import { BEAM, type Example, parsesOf, type Teaching, taught } from './teaching.ts';
import { need, numbersOf, type Sentence, treebankFor } from './treebank.ts';

interface Settings {
  score: 'additive' | 'none';
  key: number;
}

interface Outcome extends AttachmentScores {
  /** Percent of trees that had to be repaired. */
  malformed: number;
  sentences: number;
  parameters: number;
  /** Of a tree in which each word hangs on the one before it, or on the one after it. */
  previous: AttachmentScores;
  next: AttachmentScores;
  points: Point[];
}

const usual = {
  ...{ hidden: 128, embedding: 64, dropout: 0.3, longest: 20, measured: Infinity },
  ...{ batch: 64, steps: 1500, lr: 2e-3, fall: 0.5, clip: 5, evaluations: 6 },
} satisfies Teaching & Record<string, number>;
const small = { ...usual, hidden: 32, embedding: 32, longest: 8, steps: 200, lr: 1e-2, evaluations: 1, measured: 200 };

const dependencies = ({ tree }: GrammarParse, { words }: Sentence): Dependencies => dependenciesOf(tree, words.length);

/** All words hang on the one before, or after; the end of that chain is the root. */
function chain(words: number, step: -1 | 1): Dependencies {
  const heads = Array.from({ length: words }, (_, word) => (word + step >= 0 && word + step < words ? word + step : -1));
  return { heads, relations: heads.map((head) => (head === -1 ? 'root' : 'dep')) };
}

async function learnt({ score, key: run }: Settings, context: Context): Promise<Outcome> {
  const how = context.quick ? small : usual;
  const { hidden, embedding, dropout, longest } = how;
  const whole = treebankFor(context);
  const short = (sentences: readonly Sentence[]) => sentences.filter(({ words }) => words.length <= longest);
  const [train, dev, test] = [short(whole.train), short(whole.dev), short(whole.test).slice(0, how.measured)];
  const numbers = numbersOf(whole.train);
  const examples = train.flatMap((one): Example[] => {
    const tree = dependencyTree(one);
    return tree ? [{ words: numbers.encode(one.words), tree }] : [];
  });
  const labels = [...new Set(whole.train.flatMap(({ relations }) => relations))].sort();
  const options = { words: numbers.size, labels, hidden, embedding, dropout, score };
  const parser = new GrammarParser(options, foldIn(key(84), run));
  const measure = (sentences: readonly Sentence[], beam = 1) => {
    const parses = parsesOf(
      parser,
      sentences.map(({ words }) => numbers.encode(words)),
      beam,
    );
    const scores = attachmentScores(
      parses.map((parse, i) => dependencies(parse, sentences[i] as Sentence)),
      sentences,
    );
    return { ...scores, malformed: (100 * parses.filter(({ malformed }) => malformed).length) / parses.length };
  };
  const points = await taught(parser, { train: examples, score: () => 100 * measure(dev).las, how, run }, context);
  const trivial = (step: -1 | 1) =>
    attachmentScores(
      test.map(({ words }) => chain(words.length, step)),
      test,
    );
  const found = measure(test, BEAM);
  return { ...found, sentences: test.length, parameters: parameterCount(parser), previous: trivial(-1), next: trivial(1), points };
}

const names = { additive: 'with attention', none: 'without' } as const;

function rowsOf(finished: readonly Finished<Settings, Outcome>[], score: Settings['score']): Row[] {
  const outcomes = finished.filter(({ settings }) => settings.score === score).map(({ outcome }) => outcome);
  const [first] = outcomes;
  if (!first) return [];
  const uas = `${(100 * first.previous.uas).toFixed(1)} % on the word before, ${(100 * first.next.uas).toFixed(1)} % on the word after`;
  return [
    {
      figure: `words with the right head (UAS), ${names[score]}, ${first.sentences} sentences, ${Math.round(first.parameters / 1e3)} k parameters`,
      ours: outcomes.map((one) => 100 * one.uas),
      unit: '%',
      digits: 1,
      baseline: uas,
    },
    { figure: `and with the right relation (LAS), ${names[score]}`, ours: outcomes.map(({ las }) => 100 * las), unit: '%', digits: 1 },
    { figure: `trees repaired, ${names[score]}`, ours: outcomes.map(({ malformed }) => malformed), unit: '%', digits: 1 },
  ];
}

export const grammarEwt: Recipe<Settings, Outcome> = {
  name: 'grammar-ewt',
  asked: 'grammar --model ewt',
  shows:
    'Dependencies of real English (UD English-EWT, sentences of up to 20 words), written as brackets by a sequence model with attention and by the same one without.',
  papers: ['Vinyals, Kaiser et al. 2015'],
  data: need,
  jobs: ({ keys }) =>
    Array.from({ length: keys }, (_, index) =>
      (['additive', 'none'] as const).map((score) => ({ name: `${score}-${index}`, settings: { score, key: index } })),
    ).flat(),
  job: learnt,
  rows: (finished) => (['additive', 'none'] as const).flatMap((score) => rowsOf(finished, score)),
  pictures: async (finished) => ({
    learning: await linesSvg(
      finished
        .filter(({ settings }) => settings.key === 0)
        .map(({ settings, outcome }) => ({
          name: names[settings.score],
          points: outcome.points.flatMap(({ step, metric }): [number, number][] => (metric === undefined ? [] : [[step, metric]])),
        })),
      { x: 'step', y: 'LAS of development sentences, %' },
    ),
  }),
};
