// Tasks on who has what: 2, 3, 5, 7, 8, and 6, which asks where people are while they carry things.

import { type Dice, MOVES, other, PLACES, type Teller, type Telling } from './writing.ts';

const PEOPLE = ['daniel', 'john', 'mary', 'sandra'] as const;
const FRIENDS = ['bill', 'fred', 'jeff', 'mary'] as const;
const THINGS = ['apple', 'football', 'milk'] as const;
const TAKES = ['got', 'grabbed', 'picked up', 'took'] as const;
const DROPS = ['discarded', 'dropped', 'left', 'put down'] as const;
const GIVES = ['gave', 'handed', 'passed'] as const;
const NUMBERS = ['none', 'one', 'two', 'three'] as const;
const QUESTIONS = 5;

/** A place that a thing was at, and the sentences that say so. */
interface Stay {
  place: string;
  by: readonly number[];
}

interface Gift {
  from: string;
  to: string;
  thing: string;
  at: number;
}

/** People, things and what happened: what is told is all there is to know. */
class House {
  /** Where people are, and since which sentence. */
  readonly at = new Map<string, { place: string; by: number }>();
  /** Who has what, and since which sentence. */
  readonly held = new Map<string, { who: string; by: number }>();
  /** Where things lie that nobody holds. */
  private readonly lying = new Map<string, string>();
  /** Where each thing has been, in turn. */
  readonly trail = new Map<string, Stay[]>();
  /** The sentences on what each person took, dropped, gave or got. */
  readonly dealings = new Map<string, number[]>();
  readonly gifts: Gift[] = [];
  private readonly dice: Dice;
  private readonly teller: Teller;
  private readonly people: readonly string[];
  private readonly gives: boolean;

  constructor(dice: Dice, teller: Teller, people: readonly string[], gives = false) {
    this.dice = dice;
    this.teller = teller;
    this.people = people;
    this.gives = gives;
  }

  /** One thing that may happen: somebody moves, takes, drops or gives. */
  happens(): void {
    const who = this.dice.pick(this.people);
    const place = this.at.get(who)?.place;
    const own = this.holdings(who);
    const there = THINGS.filter((thing) => !this.held.has(thing) && (this.lying.get(thing) ?? place) === place);
    const near = this.people.filter((one) => one !== who && this.at.get(one)?.place === place);
    if (place === undefined || this.dice.once(2)) this.go(who);
    else if (this.gives && own.length > 0 && near.length > 0 && !this.dice.once(4))
      this.give(who, this.dice.pick(near), this.dice.pick(own));
    else if (there.length > 0 && !(own.length > 0 && this.dice.once(2))) this.take(who, this.dice.pick(there), place);
    else if (own.length > 0) this.drop(who, this.dice.pick(own), place);
    else this.go(who);
  }

  /** What somebody carries, in the order in which they came to it. */
  holdings(who: string): string[] {
    const own = [...this.held].filter(([, { who: holder }]) => holder === who);
    return own.toSorted(([, a], [, b]) => a.by - b.by).map(([thing]) => thing);
  }

  private go(who: string): void {
    const place = other(this.dice, PLACES, this.at.get(who)?.place);
    const by = this.teller.say(`${who} ${this.dice.pick(MOVES)} the ${place}`);
    this.at.set(who, { place, by });
    for (const thing of this.holdings(who)) this.stays(thing, place, [(this.held.get(thing) as { by: number }).by, by]);
  }

  private take(who: string, thing: string, place: string): void {
    const by = this.teller.say(`${who} ${this.dice.pick(TAKES)} the ${thing} there`);
    this.held.set(thing, { who, by });
    this.lying.delete(thing);
    this.deals(by, who);
    this.stays(thing, place, [by, (this.at.get(who) as { by: number }).by]);
  }

  private drop(who: string, thing: string, place: string): void {
    const by = this.teller.say(`${who} ${this.dice.pick(DROPS)} the ${thing}${this.dice.once(5) ? ' there' : ''}`);
    this.held.delete(thing);
    this.lying.set(thing, place);
    this.deals(by, who);
    this.stays(thing, place, [by, (this.at.get(who) as { by: number }).by]);
  }

  private give(from: string, to: string, thing: string): void {
    const at = this.teller.say(`${from} ${this.dice.pick(GIVES)} the ${thing} to ${to}`);
    this.held.set(thing, { who: to, by: at });
    this.gifts.push({ from, to, thing, at });
    this.deals(at, from, to);
    const { place, by } = this.at.get(to) as { place: string; by: number };
    this.stays(thing, place, [at, by]);
  }

  private deals(at: number, ...people: string[]): void {
    for (const who of people) this.dealings.set(who, [...(this.dealings.get(who) ?? []), at]);
  }

  /** A thing is at a place: the same as before, for another reason, or a new one. */
  private stays(thing: string, place: string, by: readonly number[]): void {
    const before = this.trail.get(thing) ?? [];
    this.trail.set(thing, before.at(-1)?.place === place ? [...before.slice(0, -1), { place, by }] : [...before, { place, by }]);
  }
}

/** What a question says, what is right, and why. */
type Asked = readonly [text: string, answer: string, supports: readonly number[]];

/** Some events, then a question if one can be asked, five times. */
const asking =
  (
    people: readonly string[],
    options: { events: number; gives?: boolean },
    question: (house: House, dice: Dice) => Asked | undefined,
  ): Telling =>
  (dice, teller) => {
    const house = new House(dice, teller, people, options.gives);
    while (teller.asked < QUESTIONS) {
      const events = 2 + dice.below(2 * options.events - 3);
      for (let i = 0; i < events; i++) house.happens();
      for (let more = 0; more < 40; more++) {
        const asked = question(house, dice);
        if (asked) {
          teller.ask(...asked);
          break;
        }
        house.happens();
      }
    }
  };

/** Task 2: where a thing is. */
export const twoFacts: Telling = asking(PEOPLE, { events: 4 }, (house, dice) => {
  const known = [...house.trail];
  if (known.length === 0) return undefined;
  const [thing, stays] = dice.pick(known);
  const { place, by } = stays.at(-1) as Stay;
  return [`where is the ${thing}`, place, by];
});

/** Task 3: where a thing was before. */
export const threeFacts: Telling = asking(PEOPLE, { events: 8 }, (house, dice) => {
  const known = [...house.trail].filter(([, stays]) => stays.length > 1);
  if (known.length === 0) return undefined;
  const [thing, stays] = dice.pick(known);
  const [before, now] = stays.slice(-2) as [Stay, Stay];
  return [`where was the ${thing} before the ${now.place}`, before.place, [...new Set([...now.by, ...before.by])]];
});

/** Task 5: who gave what to whom. */
export const threeArguments: Telling = asking(FRIENDS, { events: 5, gives: true }, (house, dice) => {
  if (house.gifts.length === 0) return undefined;
  const latest = (fits: (gift: Gift) => boolean) => house.gifts.findLast(fits) as Gift;
  const some = dice.pick(house.gifts.slice(-3));
  const byThing = latest(({ thing }) => thing === some.thing);
  const forms: (() => [string, string, Gift])[] = [
    () => {
      const gift = latest(({ from, to }) => from === some.from && to === some.to);
      return [`what did ${gift.from} give to ${gift.to}`, gift.thing, gift];
    },
    () => {
      const gift = latest(({ from, thing }) => from === some.from && thing === some.thing);
      return [`who did ${gift.from} give the ${gift.thing} to`, gift.to, gift];
    },
    () => {
      const gift = latest(({ thing, to }) => to === some.to && thing === some.thing);
      return [`who gave the ${gift.thing} to ${gift.to}`, gift.from, gift];
    },
    () => [`who gave the ${byThing.thing}`, byThing.from, byThing],
    () => [`who received the ${byThing.thing}`, byThing.to, byThing],
  ];
  const [text, answer, { at }] = dice.pick(forms)();
  return [text, answer, [at]];
});

/** Task 6: whether somebody is somewhere. */
export const yesNo: Telling = asking(PEOPLE, { events: 3 }, (house, dice) => {
  if (house.at.size === 0) return undefined;
  const [who, { place, by }] = dice.pick([...house.at]);
  const asked = dice.once(2) ? place : other(dice, PLACES, place);
  return [`is ${who} in the ${asked}`, asked === place ? 'yes' : 'no', [by]];
});

/** Task 7: how many things somebody carries. */
export const counting: Telling = asking(PEOPLE, { events: 3, gives: true }, (house, dice) => {
  const known = [...house.dealings];
  if (known.length === 0) return undefined;
  const [who, by] = dice.pick(known);
  return [`how many objects is ${who} carrying`, NUMBERS[house.holdings(who).length] as string, by];
});

/** Task 8: which things somebody carries. */
export const lists: Telling = asking(PEOPLE, { events: 3 }, (house, dice) => {
  const known = [...house.dealings];
  if (known.length === 0) return undefined;
  const [who, by] = dice.pick(known);
  return [`what is ${who} carrying`, house.holdings(who).join(',') || 'nothing', by];
});
