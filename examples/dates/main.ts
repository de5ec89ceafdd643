// `npm run example -- dates [DATE…]`: learns to write dates as 1999-05-03 from pairs, and shows where it looked.
import { pathToFileURL } from 'node:url';
import { alignmentText, foldIn, init, type Key, key } from 'saccade';
import { type Conversion, type TextPair, Transducer, type TransducerOptions } from 'saccade/fronts';
import { randomInt } from 'saccade/tensor';

const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const two = (n: number) => String(n).padStart(2, '0');

/** Ways to write a date. */
const forms: readonly ((day: number, month: number, year: number) => string)[] = [
  (d, m, y) => `${d} ${months[m - 1]} ${y}`,
  (d, m, y) => `${months[m - 1]} ${d}, ${y}`,
  (d, m, y) => `${d}.${m}.${y}`,
  (d, m, y) => `${two(m)}/${two(d)}/${y}`,
  (d, m, y) => `${two(d)} ${months[m - 1]?.slice(0, 3).toUpperCase()} ${y}`,
];

/** So many dates, each in one of the ways, with its ISO form. */
export const datesOf = (count: number, from: Key): TextPair[] =>
  Array.from({ length: count }, (_, i) => {
    const drawn = (use: number, bound: number) => randomInt(foldIn(from, use), i, bound);
    const [day, month, year] = [1 + drawn(0, 28), 1 + drawn(1, 12), 1900 + drawn(2, 150)];
    return [forms[drawn(3, forms.length)]?.(day, month, year) ?? '', `${year}-${two(month)}-${two(day)}`];
  });

/** Learns from dates, and tells how good it is on others. */
export async function learn(count: number, options: TransducerOptions = {}) {
  const front = await Transducer.fit(datesOf(count, key(1)), options);
  return { front, evaluation: await front.evaluate(datesOf(100, key(2))) };
}

/** A conversion with the characters that it looked at. */
export const told = ({ text, probability, alignment, symbols, source }: Conversion): string =>
  `${source.join('')} → ${text}  (${Math.round(100 * probability)} %)\n${alignment ? alignmentText([...alignment], { rows: [...symbols], columns: [...source] }) : ''}`;

async function main(dates: readonly string[]) {
  await init();
  const { front, evaluation } = await learn(1500, {
    onProgress: ({ step, heldOutLoss }) => {
      if (step % 100 === 0) console.log(`step ${step}, held-out loss ${heldOutLoss?.toFixed(4) ?? '–'}`);
    },
  });
  console.log(`${Math.round(100 * evaluation.exact)} % of ${evaluation.sequences} other dates exactly right\n`);
  for (const date of dates.length > 0 ? dates : ['17 March 1989', 'May 4, 2031', '24.12.1999']) {
    try {
      console.log(told(front.predict(date)));
    } catch (error) {
      console.error((error as Error).message);
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href || process.argv[1] === 'example:dates') await main(process.argv.slice(2));
