// `npm run example -- classify [TEXT…]`: learns from a file of labels and texts, and says what a text is about, and why.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { init } from 'saccade';
import { TextClassifier, type TextClassifierOptions, type TextPrediction, type TextRow } from 'saccade/fronts';

/** The lines of a file: label, a tab, text. */
export const rowsOf = (file: string): TextRow[] =>
  file.split('\n').flatMap((line) => {
    const [label = '', text = ''] = line.split('\t');
    return text ? [{ label, text }] : [];
  });

/** Rows from every third on are for learning, the others say how good it is. */
export async function learn(rows: readonly TextRow[], options: TextClassifierOptions = {}) {
  const front = await TextClassifier.fit(rows.filter((_, i) => i % 3 > 0), options); // biome-ignore format: one line
  return { front, evaluation: await front.evaluate(rows.filter((_, i) => i % 3 === 0)) };
}

/** Each word with a bar as long as what it adds to the label. */
export const told = ({ label, probability, why }: TextPrediction): string =>
  [`${label}, ${Math.round(100 * probability)} %`, ...why.map(({ text, effect }) => `  ${text.padEnd(14)} ${(effect > 0 ? '+' : '-').repeat(Math.min(40, Math.round(10 * Math.abs(effect))))}`)].join('\n'); // biome-ignore format: two kinds of line

async function main(texts: readonly string[]) {
  await init();
  const rows = rowsOf(readFileSync('examples/classify/orders.tsv', 'utf8'));
  const { front, evaluation } = await learn(rows);
  const { labels, confusion, accuracy, macroF1 } = evaluation;
  console.log(
    `${front.report.learnt} rows learnt; of ${evaluation.rows} others ${Math.round(100 * accuracy)} % right, F1 ${macroF1.toFixed(2)}`,
  );
  confusion.forEach((row, k) => console.log((labels[k]?.label ?? '').padEnd(10), ...row.map((n) => String(n).padStart(3)))); // biome-ignore format: one line
  for (const text of texts.length > 0 ? texts : ['kill the lights in the bedroom', 'will I need an umbrella']) {
    try {
      console.log(`\n${text}\n${told(front.predict(text))}`);
    } catch (error) {
      console.error((error as Error).message);
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href || process.argv[1] === 'example:classify')
  await main(process.argv.slice(2));
