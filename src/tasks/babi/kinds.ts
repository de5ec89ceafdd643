// Tasks on kinds and reasons: 15, 16, 20.

import { type Dice, MOVES, other, type Teller, type Telling } from './writing.ts';

const PLURALS = { cat: 'cats', mouse: 'mice', sheep: 'sheep', wolf: 'wolves' } as const;
type Animal = keyof typeof PLURALS;
const ANIMALS = Object.keys(PLURALS) as Animal[];
const NAMES = ['emily', 'gertrude', 'jessica', 'winona'] as const;

/** Task 15: what each kind is afraid of, and who is of which kind: eight facts in any order, four questions. */
export const deduction: Telling = (dice, teller) => {
  const feared = new Map(ANIMALS.map((kind) => [kind, other(dice, ANIMALS, kind)]));
  const kinds = new Map(NAMES.map((name) => [name, dice.pick(ANIMALS)]));
  const told = new Map<string, number>();
  const facts = [
    ...Array.from(feared, ([kind, of]) => [kind, `${PLURALS[kind]} are afraid of ${PLURALS[of]}`] as const),
    ...Array.from(kinds, ([name, kind]) => [name, `${name} is a ${kind}`] as const),
  ];
  for (const [about, text] of dice.shuffled(facts)) told.set(about, teller.say(text));
  for (let i = 0; i < 4; i++) {
    const [name, kind] = dice.pick([...kinds]);
    teller.ask(`what is ${name} afraid of`, feared.get(kind) as Animal, [told.get(name) as number, told.get(kind) as number]);
  }
};

const BEASTS = ['frog', 'lion', 'rhino', 'swan'] as const;
const COLORS = ['gray', 'green', 'white', 'yellow'] as const;
const OTHERS = ['bernhard', 'brian', 'greg', 'julius', 'lily'] as const;

/** Task 16: beasts of a kind have one colour; asked is the colour of one whose kind has been seen. */
export const induction: Telling = (dice, teller) => {
  const colors = new Map(BEASTS.map((kind) => [kind, dice.pick(COLORS)]));
  const [unseen, example, ...rest] = dice.shuffled(OTHERS) as [string, string, ...string[]];
  const kind = dice.pick(BEASTS);
  const kinds = new Map<string, (typeof BEASTS)[number]>([[unseen, kind], [example, kind], ...rest.map((name) => [name, dice.pick(BEASTS)] as const)]); // biome-ignore format: one line
  const said = new Map<string, number>();
  const shown = new Map<string, number>();
  // Twice each name, once the unseen one: the first time its kind, the second time its colour.
  for (const name of dice.shuffled([...OTHERS, ...OTHERS.filter((own) => own !== unseen)])) {
    const own = kinds.get(name) as (typeof BEASTS)[number];
    if (!said.has(name)) said.set(name, teller.say(`${name} is a ${own}`));
    else shown.set(name, teller.say(`${name} is ${colors.get(own)}`));
  }
  const by = [said.get(unseen), said.get(example), shown.get(example)] as number[];
  teller.ask(`what color is ${unseen}`, colors.get(kind) as string, by);
};

/** What a feeling leads to. */
const REASONS = {
  bored: { place: 'garden', thing: 'football' },
  hungry: { place: 'kitchen', thing: 'apple' },
  thirsty: { place: 'kitchen', thing: 'milk' },
  tired: { place: 'bedroom', thing: 'pajamas' },
} as const;
type Feeling = keyof typeof REASONS;
const PEOPLE = ['antoine', 'jason', 'sumit', 'yann'] as const;
const TAKES = ['got', 'grabbed', 'picked up', 'took'] as const;

/** Task 20: four people feel something, go where it leads them and take what is there, by turns; a question after each. */
export const motivations: Telling = (dice, teller) => {
  const feelings = new Map(PEOPLE.map((who) => [who, dice.pick(Object.keys(REASONS) as Feeling[])]));
  const felt = new Map<string, number>();
  const gone = new Set<string>();
  const taken = new Set<string>();
  /** The next of somebody's steps; whether there was one. */
  const step = (who: (typeof PEOPLE)[number]): boolean => {
    const feeling = feelings.get(who) as Feeling;
    const { place, thing } = REASONS[feeling];
    const by = felt.get(who);
    if (by === undefined) {
      felt.set(who, teller.say(`${who} is ${feeling}`));
      teller.ask(`where will ${who} go`, place, [felt.get(who) as number]);
    } else if (!gone.has(who)) {
      gone.add(who);
      teller.say(`${who} ${dice.pick(MOVES)} the ${place}`);
      teller.ask(`why did ${who} go to the ${place}`, feeling, [by]);
    } else if (!taken.has(thing)) {
      taken.add(thing);
      teller.say(`${who} ${dice.pick(TAKES)} the ${thing} there`);
      teller.ask(`why did ${who} get the ${thing}`, feeling, [by]);
    } else return false;
    return true;
  };
  turns(dice, teller, step);
};

/** People in any order until nobody has a step left. */
function turns(dice: Dice, teller: Teller, step: (who: (typeof PEOPLE)[number]) => boolean): void {
  const left: (typeof PEOPLE)[number][] = [...PEOPLE];
  while (left.length > 0 && teller.asked < 12) {
    const who = dice.pick(left);
    if (!step(who)) left.splice(left.indexOf(who), 1);
  }
}
