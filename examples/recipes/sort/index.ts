import { locationAware } from 'saccade/attention';
import { sortProblems } from 'saccade/tasks';
import { sequenceRecipe } from '../../shared/sequences.ts';

/** The sum of earlier weights marks what was taken: filters of width 1 see that of their own key alone. */
export const sort = sequenceRecipe({
  name: 'sort',
  shows: 'Sorting different symbols of 30, taught up to 10 of them and asked of 20.',
  problems: sortProblems,
  distinct: true,
  symbols: 30,
  attention: (sizes, from) => locationAware(sizes, from, { of: 'sum', width: 1 }),
});
