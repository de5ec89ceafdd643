// All recipes, in the order of the results page.

import type { Recipe } from '../runner/recipe.ts';
import { babiJoint, babiLarge } from './babi/index.ts';
import { bandits, banditsHundred } from './bandits/index.ts';
import { caption } from './caption/index.ts';
import { cloze } from './cloze/index.ts';
import { copy } from './copy/index.ts';
import { draw } from './draw/index.ts';
import { entities, entitiesLong } from './entities/index.ts';
import { fewShot, fewShotLong } from './few-shot/index.ts';
import { g2p } from './g2p/index.ts';
import { g2pLong, g2pTransformer } from './g2p/transformer.ts';
import { gallery } from './gallery/index.ts';
import { glimpse, glimpseCluttered } from './glimpse/index.ts';
import { grammarEwt } from './grammar/ewt.ts';
import { grammar } from './grammar/index.ts';
import { heads } from './heads/index.ts';
import { hull } from './hull/index.ts';
import { intra } from './intra/index.ts';
import { ladder } from './ladder/index.ts';
import { luongTable } from './luong-table/index.ts';
import { ngrams } from './ngrams/index.ts';
import { prioritySort } from './priority-sort/index.ts';
import { pronounce, pronounceFull } from './pronounce/index.ts';
import { pronounceStress } from './pronounce/stress.ts';
import { recall } from './recall/index.ts';
import { repeatCopy } from './repeat-copy/index.ts';
import { reverse } from './reverse/index.ts';
import { scan, scanChoice, scanFar } from './scan/index.ts';
import { series } from './series/index.ts';
import { shakespeare, shakespeareChoice, shakespeareHour, shakespeareMinutes } from './shakespeare/index.ts';
import { shakespeareLadder } from './shakespeare/ladder.ts';
import { sort } from './sort/index.ts';
import { tapes, tapesLong } from './tapes/index.ts';
import { translate } from './translate/index.ts';
import { translateTransformer } from './translate/transformer.ts';
import { tsp } from './tsp/index.ts';
import { warp, warpLong } from './warp/index.ts';

const all: readonly Recipe[] = [
  pronounce,
  pronounceFull,
  pronounceStress,
  ladder,
  g2p,
  g2pTransformer,
  g2pLong,
  luongTable,
  translate,
  translateTransformer,
  scan,
  scanFar,
  scanChoice,
  hull,
  tsp,
  sort,
  reverse,
  babiJoint,
  babiLarge,
  entities,
  entitiesLong,
  copy,
  recall,
  repeatCopy,
  ngrams,
  prioritySort,
  tapes,
  tapesLong,
  series,
  intra,
  bandits,
  banditsHundred,
  cloze,
  grammar,
  grammarEwt,
  fewShot,
  fewShotLong,
  gallery,
  heads,
  glimpse,
  glimpseCluttered,
  draw,
  shakespeare,
  shakespeareMinutes,
  shakespeareHour,
  shakespeareLadder,
  shakespeareChoice,
  warp,
  warpLong,
  caption,
];

/** The recipes by name. */
export const recipes: Readonly<Record<string, Recipe>> = Object.fromEntries(all.map((recipe) => [recipe.name, recipe]));

/** Finds a recipe by name. */
export function recipeNamed(name: string): Recipe {
  const recipe = recipes[name];
  if (!recipe) throw new RangeError(`recipe: name must be ${Object.keys(recipes).join(', ')} or docs, got ${name}`);
  return recipe;
}
