// Rows that fronts learn from in a second: made from templates, so they show that something is learnt, not how well it generalises.
import { key, randomInt } from '../../src/tensor/random.ts';

const things = ['lamp', 'radio', 'heater', 'blinds', 'fan', 'kettle', 'oven', 'screen'];
const places = ['kitchen', 'hall', 'garden', 'attic', 'bathroom'];
const templates: readonly (readonly [label: string, text: string])[] = [
  ['on', 'please switch on the THING in the PLACE'],
  ['on', 'start the THING of the PLACE now'],
  ['off', 'turn off the THING in the PLACE'],
  ['off', 'no more THING in the PLACE, kill it'],
  ['ask', 'is the THING in the PLACE still running?'],
  ['ask', 'what does the THING of the PLACE do?'],
];

const drawn = <T>(list: readonly T[], i: number, seed: number): T => list[randomInt(key(seed), i, list.length)] as T;

/** Orders to a house, with one of three labels each. */
export const orders = (count: number, seed = 1): { text: string; label: string }[] =>
  Array.from({ length: count }, (_, i) => {
    const [label, text] = templates[i % templates.length] as readonly [string, string];
    return { label, text: text.replace('THING', drawn(things, i, seed)).replace('PLACE', drawn(places, i, seed + 1)) };
  });
