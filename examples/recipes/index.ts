// Every recipe, in the order of the results page.
import { g2p } from './g2p.ts';
import { hull } from './hull.ts';
import type { Recipe } from './recipe.ts';
import { series } from './series.ts';
import { translate } from './translate.ts';
import { tsp } from './tsp.ts';

const all: readonly Recipe[] = [g2p, translate, hull, tsp, series];

/** The recipes by name. */
export const recipes: Readonly<Record<string, Recipe>> = Object.fromEntries(all.map((recipe) => [recipe.name, recipe]));

/** A recipe by its name. */
export function recipeNamed(name: string): Recipe {
  const recipe = recipes[name];
  if (!recipe) throw new RangeError(`recipe: name must be ${Object.keys(recipes).join(', ')} or docs, got ${name}`);
  return recipe;
}
