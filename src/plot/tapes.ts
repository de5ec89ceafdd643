import { expectNames, expectOptions, firstWrong, isList, isSize, isText, maybe } from '../tensor/check.ts';
import { partVisited } from './circle.ts';
import { framed, type Panel } from './frame.ts';
import { isTheme, type Theme } from './theme.ts';
import { escaped, round } from './xml.ts';

/** What the heads of a tape machine did in T steps. */
export interface TapePanel {
  /** The signs of the input tape, from the first cell on. */
  input: readonly string[];
  /** The cell of the input head before each step moved it, from 0: `[T]`. */
  places: ArrayLike<number>;
  /** What was written in each step; null where nothing was: `[T]`. */
  written: readonly (string | null)[];
  /** What should have been written: signs that differ are crossed out. */
  target?: readonly string[] | undefined;
  /** The memory's head, on a circle of so many cells. */
  memory?: { cells: number; places: ArrayLike<number> } | undefined;
  /** A line above the picture. */
  title?: string | undefined;
}

const [CELL, LEFT, GAP] = [26, 84, 14];

/** On light ground and on dark; a step that writes and one that does not differ in form as well. */
const RULES = {
  common: ['.path{fill:none;stroke-width:2;stroke-linejoin:round}', '.head{stroke-width:2}', '.wrong{stroke-width:2}'],
  light: [
    '.field{fill:#eef3f4}',
    '.path,.head{stroke:#2f6496}',
    '.head{fill:#ffffff}',
    '.wrote{fill:#2f6496}',
    '.memory{stroke:#b4531a}',
    '.wrong{stroke:#b3261e}',
  ],
  dark: [
    '.field{fill:#1b2129}',
    '.path,.head{stroke:#6fb3e8}',
    '.head{fill:#12161c}',
    '.wrote{fill:#6fb3e8}',
    '.memory{stroke:#f0a06b}',
    '.wrong{stroke:#f2857d}',
  ],
} as const;

const middle = (i: number) => i * CELL + CELL / 2;

/** Checks where a head stood: one of `cells` in each of so many steps. */
function expectPlaces(name: string, places: ArrayLike<number>, steps: number, cells: number): number[] {
  isList('tapesSvg', name, places);
  if (places.length !== steps)
    throw new RangeError(`tapesSvg: ${name} must be of the ${steps} steps that written has, got ${places.length}`);
  const wrong = firstWrong(places, (at) => Number.isInteger(at) && at >= 0 && at < cells);
  if (wrong.length > 0) throw new RangeError(`tapesSvg: ${name} must be cells from 0 to ${cells - 1}, got ${wrong[0]}`);
  return Array.from(places);
}

/** A head's way over a tape: a line through the places, broken where it goes round the circle, and a mark in each step. */
function way(kind: string, places: readonly number[], top: number, full: (t: number) => boolean): string {
  const points = places.map((at, t) => {
    const far = t > 0 && Math.abs(at - (places[t - 1] as number)) > 1;
    return `${t === 0 || far ? 'M' : 'L'}${LEFT + middle(t)} ${top + middle(at)}`;
  });
  const marks = places.map(
    (at, t) =>
      `<circle class="head ${kind}${full(t) ? ' wrote' : ''}" cx="${LEFT + middle(t)}" cy="${top + middle(at)}" r="5"><title>step ${t + 1}${full(t) ? ', wrote' : ''}</title></circle>`,
  );
  return [`<path class="path ${kind}" d="${points.join('')}"/>`, ...marks].join('\n');
}

/** The ground of a tape, with a name or a sign beside each cell. */
function ground(name: string, signs: readonly string[], top: number, steps: number): string[] {
  const beside = signs.map((sign, i) => `<text x="${LEFT - 8}" y="${top + middle(i) + 4}" text-anchor="end">${escaped(sign)}</text>`);
  const field = `<rect class="field" x="${LEFT}" y="${top}" width="${round(steps * CELL)}" height="${signs.length * CELL}" rx="4"/>`;
  return [`<text x="0" y="${top + 15}">${name}</text>`, field, ...beside];
}

/** The signs written, each in the column of its step. */
function signs({ written, target }: TapePanel, top: number): string[] {
  let count = 0;
  return written.flatMap((sign, t) => {
    if (sign === null) return [];
    isText('tapesSvg', 'each sign', sign);
    const right = target === undefined || target[count] === sign;
    count++;
    const [x, y] = [LEFT + middle(t), top + middle(0)];
    const cross = right ? [] : [`<path class="wrong" d="M${x - 7} ${y + 7}L${x + 7} ${y - 7}"/>`];
    return [`<text x="${x}" y="${y + 4}" text-anchor="middle">${escaped(sign)}</text>`, ...cross];
  });
}

function draw(panel: TapePanel): Panel {
  expectNames('tapesSvg', panel, { input: 0, places: 0, written: 0, target: 0, memory: 0, title: 0 });
  const { input, written, target, memory, title = '' } = panel;
  for (const [name, list] of Object.entries({ input, written, ...(target && { target }) })) isList('tapesSvg', name, list);
  for (const sign of input) isText('tapesSvg', 'each sign', sign);
  const steps = written.length;
  const places = expectPlaces('places', panel.places, steps, input.length);
  const body = [...ground('input', input, 0, steps), way('', places, 0, (t) => written[t] !== null)];
  let top = input.length * CELL + GAP;
  if (memory) {
    expectNames('tapesSvg', memory, { cells: 0, places: 0 }, 'a memory');
    isSize('tapesSvg', 'cells', memory.cells);
    const own = expectPlaces('places of the memory', memory.places, steps, memory.cells);
    const { first, cells } = partVisited(Array.from({ length: memory.cells }, (_, i) => own.includes(i)));
    const names = Array.from({ length: cells }, (_, i) => String((first + i) % memory.cells));
    const rows = own.map((at) => (at - first + memory.cells) % memory.cells);
    body.push(
      ...ground('memory', names, top, steps),
      way('memory', rows, top, () => false),
    );
    top += cells * CELL + GAP;
  }
  body.push(...ground('written', [''], top, steps), ...signs(panel, top));
  return { title, svg: body.join('\n'), width: LEFT + steps * CELL, height: top + CELL };
}

const rules = { columns: /* @__PURE__ */ maybe(isSize), theme: isTheme };

/**
 * Draws what tape machines did as an SVG: steps from left to right, the cells of the input tape from top to bottom, and on them the way of the head; its mark is full
 * where a sign was written in that step, and the sign stands in that column below. Between them is the way of the memory's head, if there is one. The SVG works alone or
 * inside a page; its styles affect no other element of the page.
 */
export function tapesSvg(panels: readonly TapePanel[], options: { columns?: number | undefined; theme?: Theme | undefined } = {}): string {
  expectOptions('tapesSvg', options, rules);
  isList('tapesSvg', 'panels', panels);
  return framed('tapes', panels.map(draw), { ...options, name: 'Tapes' }, RULES);
}
