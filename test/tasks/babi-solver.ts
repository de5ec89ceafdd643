// Answers questions about stories by reading their sentences, task by task. It shares nothing with the generator: it was written against
// the official data, whose answers it gives.

import type { Story, StoryQuestion } from '../../src/tasks/index.ts';

const MOVE =
  /^(?:(?:after that|afterwards|following that|then) )?(.+?) (?:journeyed to|moved to|travelled to|went back to|went to) the (\w+)$/;
const TAKE = /^(\w+) (?:got|grabbed|picked up|took) the (\w+)/;
const DROP = /^(\w+) (?:discarded|dropped|left|put down) the (\w+)/;
const GIVE = /^(\w+) (?:gave|handed|passed) the (\w+) to (\w+)$/;

/** What a story says: who is where, who has what, where things were. */
function world(sentences: readonly string[]) {
  const at = new Map<string, string>();
  const has = new Map<string, string[]>();
  const trail = new Map<string, string[]>();
  const strange: string[] = [];
  let spoken: string[] = [];
  const own = (who: string) => has.get(who) ?? [];
  const note = (who: string) => {
    const place = at.get(who);
    for (const thing of own(who)) if (place && trail.get(thing)?.at(-1) !== place) trail.set(thing, [...(trail.get(thing) ?? []), place]);
  };
  const move = ([, who = '', place = '']: RegExpExecArray) => {
    const people = /^(he|she|they)$/.test(who) ? spoken : who.split(' and ');
    for (const one of people) {
      at.set(one, place);
      note(one);
    }
    spoken = people;
  };
  const doubt = (right: boolean, ...what: string[]) => {
    if (!right) strange.push(what.join(' '));
  };
  const free = (thing: string) => ![...has.values()].flat().includes(thing);
  const take = ([, who = '', thing = '']: RegExpExecArray) => {
    doubt(free(thing) && (trail.get(thing)?.at(-1) ?? at.get(who)) === at.get(who), who, 'takes', thing);
    has.set(who, [...own(who), thing]);
    note(who);
  };
  const drop = ([, who = '', thing = '']: RegExpExecArray) => {
    const before = own(who);
    doubt(before.includes(thing), who, 'drops', thing);
    has.set(who, [...before.filter((one) => one !== thing), thing]); // whoever drops it had it
    note(who);
    has.set(
      who,
      before.filter((one) => one !== thing),
    );
  };
  const give = ([, from = '', thing = '', to = '']: RegExpExecArray) => {
    doubt(own(from).includes(thing) && at.get(from) === at.get(to), from, 'gives', thing);
    has.set(
      from,
      own(from).filter((one) => one !== thing),
    );
    has.set(to, [...own(to), thing]);
    note(to);
  };
  for (const sentence of sentences) {
    for (const [pattern, event] of [
      [MOVE, move],
      [GIVE, give],
      [TAKE, take],
      [DROP, drop],
    ] as const) {
      const found = pattern.exec(sentence);
      if (!found) continue;
      event(found);
      break;
    }
  }
  return { at, own, trail, strange };
}

const NUMBERS = ['none', 'one', 'two', 'three'];
type Solve = (sentences: readonly string[], question: string) => string | undefined;

const words = (text: string, pattern: RegExp): string[] => pattern.exec(text)?.slice(1) ?? [];
const whereIs: Solve = (said, asked) => world(said).at.get(words(asked, /is (\w+)$/)[0] as string);
const thingIs: Solve = (said, asked) =>
  world(said)
    .trail.get(words(asked, /the (\w+)$/)[0] as string)
    ?.at(-1);

const thingWas: Solve = (said, asked) => {
  const [thing = '', place = ''] = words(asked, /the (\w+) before the (\w+)$/);
  const trail = world(said).trail.get(thing) ?? [];
  return trail[trail.lastIndexOf(place) - 1];
};

const gift: Solve = (said, asked) => {
  const [, from, thing, to] =
    /^what did (\w+) give to (\w+)$/.exec(asked)?.toSpliced(2, 0, '') ??
    /^who did (\w+) give the (\w+) to$/.exec(asked) ??
    /^who (?:gave|received) the (\w+)(?: to (\w+))?$/.exec(asked)?.toSpliced(1, 0, '') ??
    [];
  const fits = said.flatMap((sentence) => {
    const found = GIVE.exec(sentence);
    return found && (!from || found[1] === from) && (!thing || found[2] === thing) && (!to || found[3] === to) ? [found] : [];
  });
  return fits.at(-1)?.[asked.startsWith('what') ? 2 : /received|^who did/.test(asked) ? 3 : 1];
};

const yesNo: Solve = (said, asked) => {
  const [who = '', place = ''] = words(asked, /^is (\w+) in the (\w+)$/);
  return world(said).at.get(who) === place ? 'yes' : 'no';
};

const belief: Solve = (said, asked) => {
  const [who = '', place = ''] = words(asked, /^is (\w+) in the (\w+)$/);
  const last = said.findLast((sentence) => sentence.startsWith(`${who} `)) ?? '';
  if (/ (not|no longer) in /.test(last)) return last.endsWith(place) ? 'no' : undefined;
  const either = words(last, /either in the (\w+) or the (\w+)$/);
  if (either.length > 0) return either.includes(place) ? 'maybe' : 'no';
  return last.endsWith(` ${place}`) ? 'yes' : 'no';
};

const TIMES = ['yesterday', 'this morning', 'this afternoon', 'this evening'];
const before: Solve = (said, asked) => {
  const [who = '', place = ''] = words(asked, /was (\w+) before the (\w+)$/);
  const days = TIMES.map((time) => said.find((sentence) => sentence.includes(time) && sentence.includes(`${who} `)));
  const places = days.flatMap((sentence) => (sentence ? [words(sentence, / the (\w+)/)[0] as string] : []));
  return places[places.lastIndexOf(place) - 1];
};

const ONE: Readonly<Record<string, string>> = { mice: 'mouse', cats: 'cat', wolves: 'wolf', sheep: 'sheep' };
const fear: Solve = (said, asked) => {
  const kind = said.flatMap((sentence) => words(sentence, new RegExp(`^${words(asked, /is (\w+) afraid/)[0]} is a (\\w+)$`)))[0];
  return said.flatMap((sentence) => {
    const [who = '', of = ''] = words(sentence, /^(\w+) are afraid of (\w+)$/);
    return ONE[who] === kind && kind ? [ONE[of] as string] : [];
  })[0];
};

const color: Solve = (said, asked) => {
  const kindOf = (who: string) => said.flatMap((sentence) => words(sentence, new RegExp(`^${who} is a (\\w+)$`)))[0];
  const kind = kindOf(words(asked, /is (\w+)$/)[0] as string);
  return said
    .flatMap((sentence) => {
      const [who = '', found = ''] = words(sentence, /^(\w+) is (gray|green|white|yellow)$/);
      return found && kindOf(who) === kind ? [found] : [];
    })
    .at(-1);
};

const STEP: Readonly<Record<string, readonly [number, number]>> = {
  ...{ north: [0, 1], south: [0, -1], east: [1, 0], west: [-1, 0] },
  ...{ 'is above': [0, 1], 'is below': [0, -1], 'is to the right of': [1, 0], 'is to the left of': [-1, 0] },
};
/** `a` lies `step` from `b`. */
const facts = (said: readonly string[]) =>
  said.flatMap((sentence) => {
    const [a = '', word = '', b = ''] = words(
      sentence,
      /^the (.+) (is above|is below|is to the right of|is to the left of|is \w+ of) the (.+)$/,
    );
    return [{ a, b, step: STEP[word] ?? (STEP[word.split(' ')[1] as string] as readonly [number, number]) }];
  });
const both = (said: readonly string[]) =>
  facts(said).flatMap(({ a, b, step: [x, y] }) => [
    { from: b, to: a, step: [x, y] as const },
    { from: a, to: b, step: [-x, -y] as const },
  ]);
const letter = ([x, y]: readonly [number, number]) => (x > 0 ? 'e' : x < 0 ? 'w' : y > 0 ? 'n' : 's');

const beside: Solve = (said, asked) => {
  const [direction = '', of = ''] = words(asked, /^what is (\w+) of the (\w+)$/);
  const [subject = '', way = ''] = words(asked, /^what is the (\w+) (\w+) of$/);
  const fits = both(said).find(({ from, to, step }) =>
    of ? from === of && letter(step) === direction[0] : to === subject && letter(step) === way[0],
  );
  return of ? fits?.to : fits?.from;
};

const path: Solve = (said, asked) => {
  const [start = '', end = ''] = words(asked, /from the (\w+) to the (\w+)$/);
  const steps = both(said);
  return steps.flatMap((one) =>
    steps.flatMap((two) =>
      one.from === start && two.from === one.to && two.to === end ? [`${letter(one.step)},${letter(two.step)}`] : [],
    ),
  )[0];
};

const sided: Solve = (said, asked) => {
  const [a = '', side = '', b = ''] = words(asked, /^is the (.+?) (above|below|to the right of|to the left of) the (.+)$/);
  const steps = both(said);
  const found = steps.flatMap((one) =>
    steps.flatMap((two) =>
      one.from === b && two.from === one.to && two.to === a ? [[one.step[0] + two.step[0], one.step[1] + two.step[1]] as const] : [],
    ),
  )[0];
  const [dx, dy] = STEP[`is ${side}`] as readonly [number, number];
  return found && found[0] * dx + found[1] * dy > 0 ? 'yes' : 'no';
};

const larger: Solve = (said, asked) => {
  const smaller = new Map<string, Set<string>>();
  const add = (small = '', large = '') => smaller.set(large, (smaller.get(large) ?? new Set()).add(small));
  for (const sentence of said) {
    if (sentence.includes('bigger')) add(...(words(sentence, /^the (.+) is bigger than the (.+)$/).reverse() as [string, string]));
    else add(...(words(sentence, /^the (.+) fits inside the (.+)$/) as [string, string]));
  }
  const within = (small: string, large: string): boolean =>
    [...(smaller.get(large) ?? [])].some((one) => one === small || within(small, one));
  const [large = '', small = ''] = asked.startsWith('is')
    ? words(asked, /^is the (.+) bigger than the (.+)$/)
    : words(asked, /^does the (.+) fit in the (.+)$/).reverse();
  return within(small, large) ? 'yes' : within(large, small) ? 'no' : undefined;
};

const LEADS: Readonly<Record<string, string>> = { bored: 'garden', hungry: 'kitchen', thirsty: 'kitchen', tired: 'bedroom' };
const motive: Solve = (said, asked) => {
  const who = words(asked, /(?:will|did) (\w+)/)[0];
  const feeling = said.flatMap((sentence) => words(sentence, new RegExp(`^${who} is (\\w+)$`)))[0] ?? '';
  return asked.startsWith('where') ? LEADS[feeling] : feeling;
};

const solvers: readonly Solve[] = [
  ...[whereIs, thingIs, thingWas, beside, gift, yesNo],
  (said, asked) => NUMBERS[world(said).own(words(asked, /is (\w+) carrying/)[0] as string).length],
  (said, asked) =>
    world(said)
      .own(words(asked, /is (\w+) carrying/)[0] as string)
      .join(',') || 'nothing',
  ...[belief, belief, whereIs, whereIs, whereIs, before, fear, color, sided, larger, path, motive],
];

/** The answer to a question of a task, from the sentences before it. */
export function solve(task: number, { sentences }: Story, { after, words: asked }: StoryQuestion): string | undefined {
  const said = sentences.slice(0, after).map((own) => own.join(' '));
  return solvers[task - 1]?.(said, asked.join(' '));
}

/** What cannot happen in a house: things taken where they are not, dropped or given by who has them not, or to somebody elsewhere. */
export const strangeIn = ({ sentences }: Story): string[] => world(sentences.map((words) => words.join(' '))).strange;
