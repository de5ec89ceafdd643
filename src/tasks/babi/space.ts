// Tasks on how things lie to each other: 4, 17, 18, 19.

import { type Dice, PLACES, type Teller, type Telling } from './writing.ts';

/** What one thing is of another, and the other of the one. */
const OPPOSITE: Readonly<Record<string, string>> = { north: 'south', south: 'north', east: 'west', west: 'east' };

/** Says that `a` lies `direction` of `b`, one way round or the other. */
function relate(dice: Dice, teller: Teller, a: string, direction: string, b: string): number {
  return teller.say(dice.once(2) ? `the ${a} is ${direction} of the ${b}` : `the ${b} is ${OPPOSITE[direction]} of the ${a}`);
}

/** Task 4: three rooms in a line, two facts, one question on one of them. */
export const twoArguments: Telling = (dice, teller) => {
  const direction = dice.pick(['north', 'east']);
  const rooms = dice.shuffled(PLACES).slice(0, 3); // the first is farthest north or east
  const facts = dice.shuffled([0, 1]);
  const at = new Map(facts.map((i) => [i, relate(dice, teller, rooms[i] as string, direction, rooms[i + 1] as string)]));
  const asked = dice.below(2);
  const [upper, lower] = [rooms[asked] as string, rooms[asked + 1] as string];
  const forms: [string, string][] = [
    [`what is ${direction} of the ${lower}`, upper],
    [`what is ${OPPOSITE[direction]} of the ${upper}`, lower],
    [`what is the ${upper} ${direction} of`, lower],
    [`what is the ${lower} ${OPPOSITE[direction]} of`, upper],
  ];
  const [text, answer] = dice.pick(forms);
  teller.ask(text, answer, [at.get(asked) as number]);
};

const STEPS = { north: [0, 1], south: [0, -1], east: [1, 0], west: [-1, 0] } as const;
type Direction = keyof typeof STEPS;

/** Task 19: six rooms on a grid, joined by five facts; the way between two that share a neighbour. */
export const pathFinding: Telling = (dice, teller) => {
  const [first, ...others] = dice.shuffled(PLACES) as [string, ...string[]];
  const places = new Map<string, string>([['0,0', first]]);
  const corners = new Map<string, readonly [number, number]>([[first, [0, 0]]]);
  const facts: { room: string; direction: Direction; of: string }[] = [];
  for (const room of others) {
    const free = [...corners].flatMap(([of, [x, y]]) =>
      (Object.keys(STEPS) as Direction[]).flatMap((direction) => {
        const [dx, dy] = STEPS[direction];
        return places.has(`${x + dx},${y + dy}`) ? [] : [{ of, direction, corner: [x + dx, y + dy] as const }];
      }),
    );
    const { of, direction, corner } = dice.pick(free);
    places.set(corner.join(), room);
    corners.set(room, corner);
    facts.push({ room, direction, of });
  }
  const told = dice.shuffled(facts).map((fact) => ({ ...fact, at: relate(dice, teller, fact.room, fact.direction, fact.of) }));
  /** Each fact from either end: from a room one step to another. */
  const steps = told.flatMap(({ room, direction, of, at }) => [
    { from: of, to: room, step: direction, at },
    { from: room, to: of, step: OPPOSITE[direction] as Direction, at },
  ]);
  const ways = steps.flatMap((one) => steps.filter((two) => two.from === one.to && two.to !== one.from).map((two) => [one, two] as const));
  const [one, two] = dice.pick(ways);
  teller.ask(`how do you go from the ${one.from} to the ${two.to}`, `${one.step[0]},${two.step[0]}`, [one.at, two.at]);
};

const SHAPES = ['triangle', 'pink rectangle', 'blue square', 'red square', 'yellow square', 'red sphere'] as const;
/** Relations by axis: the first means larger. */
const SIDES = [['to the right of', 'to the left of'], ['above', 'below']] as const; // biome-ignore format: a row a line

/** Task 17: one shape beside two others; eight questions about those two. */
export const positional: Telling = (dice, teller) => {
  const [middle, one, two] = dice.shuffled(SHAPES) as [string, string, string];
  const place = new Map<string, [number, number]>([[middle, [0, 0]]]);
  for (const shape of [one, two]) {
    const own: [number, number] = [0, 0];
    const taken = place.get(one);
    do {
      [own[0], own[1]] = dice.pick([[1, 0], [-1, 0], [0, 1], [0, -1]] as const); // biome-ignore format: one line
    } while (taken && shape === two && taken[0] === own[0] && taken[1] === own[1]);
    place.set(shape, own);
    const axis = own[0] === 0 ? 1 : 0;
    const [larger, smaller] = SIDES[axis];
    const right = (own[axis] as number) > 0;
    teller.say(
      dice.once(2)
        ? `the ${shape} is ${right ? larger : smaller} the ${middle}`
        : `the ${middle} is ${right ? smaller : larger} the ${shape}`,
    );
  }
  for (let i = 0; i < 8; i++) {
    const [a, b] = dice.shuffled([one, two]) as [string, string];
    const apart = [0, 1].map(
      (axis) => ((place.get(a) as [number, number])[axis] as number) - ((place.get(b) as [number, number])[axis] as number),
    );
    const axis = dice.pick([0, 1].filter((own) => apart[own] !== 0)) as 0 | 1;
    const side = dice.below(2) as 0 | 1;
    const yes = (apart[axis] as number) > 0 === (side === 0);
    teller.ask(`is the ${a} ${SIDES[axis][side]} the ${b}`, yes ? 'yes' : 'no', [0, 1]);
  }
};

const BOXES = ['suitcase', 'container', 'chest', 'box'] as const;

/** Task 18: things that fit into each other; asked is what follows from two facts. */
export const sizes: Telling = (dice, teller) => {
  const order = ['chocolate', 'box of chocolates', ...dice.shuffled(BOXES)]; // from small to large
  const [low, middle, high] = dice
    .shuffled(order.map((_, i) => i))
    .slice(0, 3)
    .toSorted((a, b) => a - b) as [number, number, number];
  const pairs: [number, number][] = [[low, middle], [middle, high]]; // biome-ignore format: one line
  while (pairs.length < 5) {
    const [a, b] = dice
      .shuffled(order.map((_, i) => i))
      .slice(0, 2)
      .toSorted((x, y) => x - y) as [number, number];
    pairs.push([a, b]);
  }
  const told = dice.shuffled(pairs).map(([a, b]) => {
    const [small, large] = [order[a], order[b]];
    return { a, b, at: teller.say(dice.once(2) ? `the ${small} fits inside the ${large}` : `the ${large} is bigger than the ${small}`) };
  });
  const chains = told.flatMap((one) =>
    told.filter((two) => one.b === two.a).map((two) => ({ small: one.a, large: two.b, by: [one.at, two.at] })),
  );
  for (let i = 0; i < 5; i++) {
    const { small, large, by } = dice.pick(chains);
    const [a, b] = [order[small], order[large]];
    const yes = dice.once(2);
    if (dice.once(2)) teller.ask(yes ? `does the ${a} fit in the ${b}` : `does the ${b} fit in the ${a}`, yes ? 'yes' : 'no', by);
    else teller.ask(yes ? `is the ${b} bigger than the ${a}` : `is the ${a} bigger than the ${b}`, yes ? 'yes' : 'no', by);
  }
};
