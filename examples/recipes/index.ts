// Every recipe, in the order of the results page.
import { g2p } from './g2p.ts';
import { gallery } from './gallery.ts';
import { hull } from './hull.ts';
import { intra } from './intra.ts';
import { ladder } from './ladder.ts';
import { luongTable } from './luong.ts';
import type { Recipe } from './recipe.ts';
import { reverse, sort } from './sequences.ts';
import { series } from './series.ts';
import { translate } from './translate.ts';
import { tsp } from './tsp.ts';

const all: readonly Recipe[] = [ladder, g2p, luongTable, translate, hull, tsp, sort, reverse, series, intra, gallery];

/** The recipes by name. */
export const recipes: Readonly<Record<string, Recipe>> = Object.fromEntries(all.map((recipe) => [recipe.name, recipe]));

/** A recipe by its name. */
export function recipeNamed(name: string): Recipe {
  const recipe = recipes[name];
  if (!recipe) throw new RangeError(`recipe: name must be ${Object.keys(recipes).join(', ')} or docs, got ${name}`);
  return recipe;
}
