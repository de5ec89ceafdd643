import { locationAware } from 'saccade/attention';
import { reverseProblems } from 'saccade/tasks';
import { sequenceRecipe } from '../../shared/sequences.ts';

/** The next key is the one before the key attended to last: filters of width 3 see just the neighbours. */
export const reverse = sequenceRecipe({
  name: 'reverse',
  shows: 'Saying a sequence backwards, taught up to 10 symbols and asked of 20.',
  problems: reverseProblems,
  distinct: false,
  symbols: 10,
  attention: (sizes, from) => locationAware(sizes, from, { width: 3 }),
});
