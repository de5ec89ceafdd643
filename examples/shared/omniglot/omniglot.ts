// Characters of many alphabets for few-shot learners: Omniglot, or drawn ones where it is not there.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { key } from 'saccade';
import type { Pictures } from 'saccade/tasks';
import { permutation } from 'saccade/tensor';
import type { Context, DataNeed } from '../../runner/recipe.ts';
import { drawnCharacters } from './drawn.ts';

/** Characters, and which of them are learnt from, which settings are chosen by, and which are reported. */
export interface Characters {
  pictures: Pictures;
  train: number[];
  dev: number[];
  test: number[];
  /** Labels of each alphabet that no training of {@link Characters.background} sees. */
  evaluation: number[][];
  /** Labels of the alphabets to learn from where whole alphabets are kept apart. */
  background: number[];
}

const [BITS, NAMES] = ['omniglot28.bits.gz', 'omniglot28.names.json'];
const [SIDE, DRAWINGS] = [28, 20];

/** What recipes over characters need. */
export const need: DataNeed = {
  folder: 'omniglot',
  files: [BITS, NAMES],
  source:
    'brendenlake/omniglot, packed into bits: 1,623 × 20 drawings of 28 × 28; without it: characters drawn by a generator, whose figures are not the papers’',
  optional: true,
};

/** The alphabets of the evaluation set (Lake et al. 2015, images_evaluation). */
const EVALUATION =
  'Angelic Atemayar_Qelisayer Atlantean Aurek-Besh Avesta Ge_ez Glagolitic Gurmukhi Kannada Keble Malayalam Manipuri Mongolian Old_Church_Slavonic_(Cyrillic) Oriya Sylheti Syriac_(Serto) Tengwar Tibetan ULOG'.split(
    ' ',
  );

/** Bits, the most significant first and 1 for ink, as a byte a pixel. */
function unpacked(bits: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(bits.length * 8);
  bits.forEach((byte, i) => {
    for (let j = 0; j < 8; j++) pixels[8 * i + j] = byte & (0x80 >> j) ? 255 : 0;
  });
  return pixels;
}

/** Cuts characters into parts under one key: of 1,623 as many as the papers have, 1,028, 172 and 423. */
function cut(pictures: Pictures, names: readonly string[], counts: readonly [dev: number, test: number]): Characters {
  const [dev, test] = counts;
  const order = [...permutation(key(1623), names.length)];
  const alphabetOf = (label: number) => (names[label] as string).split('/')[0] as string;
  const kept = names.map((_, label) => label).filter((label) => EVALUATION.includes(alphabetOf(label)));
  return {
    pictures,
    test: order.slice(0, test),
    dev: order.slice(test, test + dev),
    train: order.slice(test + dev),
    evaluation: EVALUATION.map((name) => kept.filter((label) => alphabetOf(label) === name)).filter((labels) => labels.length > 0),
    background: names.map((_, label) => label).filter((label) => !kept.includes(label)),
  };
}

/** The characters of `--data`, or drawn ones. */
export function characters(context: Context): Characters {
  if (!context.hasData) {
    const count = context.quick ? 60 : 600;
    const pictures = drawnCharacters(key(5), { classes: count, drawings: DRAWINGS, side: context.quick ? 14 : SIDE });
    const names = Array.from({ length: count }, (_, i) => `drawn/${i}`);
    return cut(pictures, names, [Math.floor(count / 10), Math.floor(count / 4)]);
  }
  const names = JSON.parse(readFileSync(context.path(NAMES), 'utf8')) as string[];
  const pixels = unpacked(gunzipSync(readFileSync(context.path(BITS))));
  if (pixels.length !== names.length * DRAWINGS * SIDE * SIDE) {
    throw new Error(`recipe: ${BITS} must hold ${DRAWINGS} drawings of each of ${names.length} characters, got ${pixels.length} pixels`);
  }
  const labels = Int32Array.from({ length: names.length * DRAWINGS }, (_, i) => Math.floor(i / DRAWINGS));
  return cut({ pixels, labels, height: SIDE, width: SIDE }, names, [172, 423]);
}
