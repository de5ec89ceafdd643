// Tasks on where people are: 1, 6, 9 to 14.

import { type Dice, MOVES, other, PLACES, type Teller, type Telling } from './writing.ts';

const PEOPLE = ['daniel', 'john', 'mary', 'sandra'] as const;
const PRONOUNS: Readonly<Record<string, string>> = { daniel: 'he', john: 'he', mary: 'she', sandra: 'she' };
const THEN = ['after that', 'afterwards', 'following that', 'then'] as const;
const QUESTIONS = 5;

/** Where somebody is, and the sentences that say so. */
interface Known {
  place: string;
  by: readonly number[];
}

/** Sends people to places that are new to them; tells where each is known to be. */
export class Walk {
  readonly known = new Map<string, Known>();
  private readonly dice: Dice;
  private readonly teller: Teller;

  constructor(dice: Dice, teller: Teller) {
    this.dice = dice;
    this.teller = teller;
  }

  /** `who` is one person or several; `subject` says so, after `since` others sentences that the reader needs. */
  go(who: readonly string[], subject: string = who.join(' and '), since: readonly number[] = []): number {
    const place = other(this.dice, PLACES, ...who.map((one) => this.known.get(one)?.place));
    const at = this.teller.say(`${subject} ${this.dice.pick(MOVES)} the ${place}`);
    for (const one of who) this.known.set(one, { place, by: [...since, at] });
    return at;
  }

  /** Asks where somebody is. */
  where(): void {
    const [who, { place, by }] = this.dice.pick([...this.known]);
    this.teller.ask(`where is ${who}`, place, by);
  }
}

/** Two sentences and a question, five times. */
const rounds =
  (sentences: (walk: Walk, dice: Dice) => void): Telling =>
  (dice, teller) => {
    const walk = new Walk(dice, teller);
    for (let i = 0; i < QUESTIONS; i++) {
      sentences(walk, dice);
      walk.where();
    }
  };

const two = (dice: Dice) => dice.shuffled(PEOPLE).slice(0, 2);

/** Task 1: where somebody went last. */
export const singleFact: Telling = rounds((walk, dice) => {
  for (let i = 0; i < 2; i++) walk.go([dice.pick(PEOPLE)]);
});

/** Task 11: two moves of one person, who is a pronoun in the second. */
export const coreference: Telling = rounds((walk, dice) => {
  const who = dice.pick(PEOPLE);
  const first = walk.go([who]);
  walk.go([who], `${dice.pick(THEN)} ${PRONOUNS[who]}`, [first]);
});

/** Task 12: two people move at once. */
export const conjunction: Telling = rounds((walk, dice) => {
  for (let i = 0; i < 2; i++) walk.go(two(dice));
});

/** Task 13: two people move twice, and are `they` in the second sentence. */
export const compoundCoreference: Telling = rounds((walk, dice) => {
  const who = two(dice);
  const first = walk.go(who);
  walk.go(who, `${dice.pick(THEN)} they`, [first]);
});

/** What is known of a person's place: those where they may be (none: not known), those where they are not, and the sentence. */
interface Belief {
  may: readonly string[];
  not?: string;
  by: number;
}

/** Yes, no or maybe from a belief; nothing where it does not follow. */
const answers = ({ may, not }: Belief, place: string): string | undefined => {
  if (place === not) return 'no';
  if (may.length === 0) return undefined;
  if (!may.includes(place)) return 'no';
  return may.length === 1 ? 'yes' : 'maybe';
};

/** Two sentences about people, then whether one is somewhere, as often yes as no (and maybe), five times. */
const beliefs =
  (
    people: readonly string[],
    places: readonly string[],
    say: (dice: Dice, who: string, before: Belief | undefined) => [text: string, Omit<Belief, 'by'>],
  ): Telling =>
  (dice, teller) => {
    const all = new Map<string, Belief>();
    for (let i = 0; i < QUESTIONS; i++) {
      for (let n = 0; n < 2; n++) {
        const who = dice.pick(people);
        const [text, belief] = say(dice, who, all.get(who));
        all.set(who, { ...belief, by: teller.say(text) });
      }
      const [who, belief] = dice.pick([...all]);
      const found = places.flatMap((place) => {
        const answer = answers(belief, place);
        return answer ? [{ place, answer }] : [];
      });
      const kind = dice.pick([...new Set(found.map(({ answer }) => answer))]);
      const { place, answer } = dice.pick(found.filter((one) => one.answer === kind));
      teller.ask(`is ${who} in the ${place}`, answer, [belief.by]);
    }
  };

const move = (dice: Dice, who: string, places: readonly string[], before: Belief | undefined): [string, Omit<Belief, 'by'>] => {
  const place = other(dice, places, ...(before?.may ?? []));
  return [`${who} ${dice.pick(MOVES)} the ${place}`, { may: [place] }];
};

/** Task 9: where people are, or are not. */
export const negation: Telling = beliefs(PEOPLE, PLACES, (dice, who, before) => {
  if (dice.once(2)) return move(dice, who, PLACES, before);
  if (dice.once(2)) {
    const place = other(dice, PLACES, before?.not);
    return [`${who} is in the ${place}`, { may: [place] }];
  }
  const place = before?.may[0] ?? dice.pick(PLACES);
  return [`${who} is ${dice.pick(['not', 'no longer'])} in the ${place}`, { may: [], not: place }];
});

const TOWN = ['bedroom', 'cinema', 'kitchen', 'office', 'park', 'school'] as const;
const NEIGHBOURS = ['bill', 'fred', 'julie', 'mary'] as const;

/** Task 10: where people are, or may be. */
export const indefinite: Telling = beliefs(NEIGHBOURS, TOWN, (dice, who, before) => {
  if (dice.once(2)) return move(dice, who, TOWN, before);
  const [first, second] = dice.shuffled(TOWN) as [string, string];
  if (dice.once(2)) return [`${who} is in the ${first}`, { may: [first] }];
  return [`${who} is either in the ${first} or the ${second}`, { may: [first, second] }];
});

const TIMES = ['yesterday', 'this morning', 'this afternoon', 'this evening'] as const;

/** Task 14: who went where when is told in any order; asked is where somebody was before. */
export const timeReasoning: Telling = (dice, teller) => {
  const people = dice.shuffled(NEIGHBOURS).slice(0, 2 + dice.below(3));
  const events = people.flatMap((who) => {
    const places = dice.shuffled(TOWN);
    return TIMES.map((time, order) => ({ who, time, order, place: places[order] as string }));
  });
  const told: ((typeof events)[number] & { at: number })[] = [];
  const tell = (event: (typeof events)[number]) => {
    const went = `${event.who} ${dice.pick(MOVES)} the ${event.place}`;
    told.push({ ...event, at: teller.say(dice.once(2) ? `${event.time} ${went}` : `${went} ${event.time}`) });
  };
  /** Neighbours in time, of what has been told of one person. */
  const pairs = () =>
    people.flatMap((who) => {
      const own = told.filter((event) => event.who === who).toSorted((a, b) => a.order - b.order);
      return own.slice(1).map((event, i) => [own[i] as (typeof told)[number], event] as const);
    });
  const left = dice.shuffled(events);
  while (teller.asked < QUESTIONS) {
    const some = teller.told === 0 ? 3 : 1 + dice.below(2);
    for (let i = 0; i < some; i++) {
      const event = left.pop();
      if (event) tell(event);
    }
    const known = pairs();
    if (known.length === 0) continue;
    const [before, event] = dice.pick(known);
    teller.ask(`where was ${event.who} before the ${event.place}`, before.place, [event.at, before.at]);
  }
};
