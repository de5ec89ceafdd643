import { locationAware } from 'saccade/attention';
import { reverseProblems } from 'saccade/tasks';
import { sequenceRecipe } from '../../shared/sequences.ts';

/** What was attended to last says what is next, the key before it: filters of width 3 see the neighbours and no more. */
export const reverse = sequenceRecipe({
  name: 'reverse',
  shows: 'Saying a sequence backwards, taught up to 10 symbols and asked of 20.',
  problems: reverseProblems,
  distinct: false,
  symbols: 10,
  attention: (sizes, from) => locationAware(sizes, from, { width: 3 }),
});
