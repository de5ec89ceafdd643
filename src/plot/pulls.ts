import { expectNames, expectOptions, firstWrong, isList, isSize, maybe } from '../tensor/check.ts';
import { FIELD, MONO, sheet, titled } from './sheet.ts';
import { isTheme, type Theme } from './theme.ts';
import { type AlignmentWeights, rowsOf } from './weights.ts';
import { escaped, round } from './xml.ts';

/** One episode of a bandit, and where its player looked. */
export interface PullsPanel {
  /** K, the number of arms. */
  arms: number;
  /** The arm of each of T pulls, from 0. */
  actions: ArrayLike<number>;
  /** What each gave: above 0 is a win. */
  rewards: ArrayLike<number>;
  /** `[T, T]`: row t is where it looked before pull t, column s what it then knew first: the outcome of pull s − 1, at s = 0 nothing. */
  weights?: AlignmentWeights | undefined;
  /** The chance of each arm, written beside it. */
  chances?: ArrayLike<number> | undefined;
  /** A line above the picture. */
  title?: string | undefined;
}

const CELL = 24;
const LEFT = 64;
const MARGIN = 20;
const TITLE = 26;
const GAP = 30; // between the pulls and where it looked
const LEGEND = 40;

/** On light ground and on dark; wins and losses differ in form as well. */
const MARK = { light: '#2f6496', dark: '#6fb3e8' } as const;

const style = {
  kind: 'pulls',
  rules: [`text{font:13px ${MONO}}`, '.lost{fill:none;stroke-width:2}'],
  colors: (of: 'light' | 'dark') => [`.field{fill:${FIELD[of]}}`, `.won,.look{fill:${MARK[of]}}`, `.lost{stroke:${MARK[of]}}`],
};

const across = (t: number) => LEFT + t * CELL + CELL / 2;

/** A win is a full circle, a loss a ring. */
const outcome = (x: number, y: number, won: boolean) =>
  `<circle class="${won ? 'won' : 'lost'}" cx="${round(x)}" cy="${round(y)}" r="${won ? 8 : 7}"`;

function lists({ arms, actions, rewards, chances }: PullsPanel): { actions: number[]; rewards: number[]; chances: number[] } {
  isSize('pullsSvg', 'arms', arms);
  for (const [name, list] of Object.entries({ actions, rewards, ...(chances && { chances }) })) isList('pullsSvg', name, list);
  if (actions.length !== rewards.length || (chances && chances.length !== arms)) {
    const got = `${actions.length} and ${rewards.length}${chances ? `, chances of ${chances.length}` : ''}`;
    throw new RangeError(`pullsSvg: actions and rewards must be of the same pulls, chances of ${arms} arms, got ${got}`);
  }
  const wrong = firstWrong(actions, (arm) => Number.isInteger(arm) && arm >= 0 && arm < arms);
  if (wrong.length > 0) throw new RangeError(`pullsSvg: actions must be arms from 0 to ${arms - 1}, got ${wrong[0]}`);
  return { actions: Array.from(actions), rewards: Array.from(rewards), chances: Array.from(chances ?? []) };
}

function draw(panel: PullsPanel): { svg: string; width: number; height: number } {
  expectNames('pullsSvg', panel, { arms: 0, actions: 0, rewards: 0, weights: 0, chances: 0, title: 0 });
  const { arms, title = '' } = panel;
  const { actions, rewards, chances } = lists(panel);
  const pulls = actions.length;
  const parts = [`<text x="0" y="15">${escaped(title)}</text>`];
  for (let arm = 0; arm < arms; arm++) {
    const y = TITLE + arm * CELL;
    const name = chances.length > 0 ? `${arm + 1}  ${(chances[arm] as number).toFixed(2)}` : `${arm + 1}`;
    parts.push(`<text x="${LEFT - 8}" y="${y + CELL / 2 + 4}" text-anchor="end">${name}</text>`);
    parts.push(`<rect class="field" x="${LEFT}" y="${y + 1}" width="${pulls * CELL}" height="${CELL - 2}" rx="4"/>`);
  }
  actions.forEach((arm, t) => {
    const won = (rewards[t] as number) > 0;
    parts.push(
      `${outcome(across(t), TITLE + arm * CELL + CELL / 2, won)}><title>pull ${t + 1}: arm ${arm + 1} ${won ? 'won' : 'lost'}</title></circle>`,
    );
  });
  let height = TITLE + arms * CELL;
  if (panel.weights) {
    parts.push(looks(panel.weights, actions, height + GAP));
    height += GAP + pulls * CELL;
  }
  return { svg: parts.join('\n'), width: LEFT + pulls * CELL, height };
}

/** A row for each pull: how much it looked at the outcome of each earlier one, in the column of that pull. */
function looks(weights: AlignmentWeights, actions: readonly number[], top: number): string {
  const names = actions.map(String);
  const rows = rowsOf('pullsSvg', weights, { rows: names, columns: names });
  return rows
    .map((row, t) => {
      const y = top + t * CELL;
      const cells = row.slice(0, t + 1).map((weight, s) => {
        const what = s === 0 ? 'the start' : `pull ${s}`;
        return `<rect class="look" x="${round(LEFT + (s - 1) * CELL + 2)}" y="${y + 2}" width="${CELL - 4}" height="${CELL - 4}" rx="3" fill-opacity="${Math.min(1, weight).toFixed(2)}"><title>before pull ${t + 1}, ${what}: ${weight.toFixed(3)}</title></rect>`;
      });
      return `<text x="4" y="${y + CELL / 2 + 4}">${t + 1}</text>${cells.join('')}`;
    })
    .join('\n');
}

function legend(y: number): string {
  const at = (x: number, won: boolean, name: string) => `${outcome(x, y, won)}/><text x="${x + 16}" y="${y + 4}">${name}</text>`;
  return [at(MARGIN + 8, true, 'won'), at(MARGIN + 88, false, 'lost')].join('\n');
}

const rules = { columns: /* @__PURE__ */ maybe(isSize), theme: isTheme };

/**
 * Draws episodes of bandits as an SVG: arms down the side, pulls along the top, and below them where the player looked before each pull: in
 * each row the darker, the more, in the column of the pull whose outcome it was. The SVG works alone or inside a page; its styles affect no other
 * element of the page.
 */
export function pullsSvg(panels: readonly PullsPanel[], options: { columns?: number | undefined; theme?: Theme | undefined } = {}): string {
  expectOptions('pullsSvg', options, rules);
  isList('pullsSvg', 'panels', panels);
  const drawn = panels.map(draw);
  const columns = options.columns ?? Math.max(1, Math.ceil(Math.sqrt(drawn.length)));
  const most = (name: 'width' | 'height') => drawn.reduce((all, one) => Math.max(all, one[name]), 60);
  const [w, h] = [most('width') + MARGIN, most('height') + MARGIN];
  const width = MARGIN + Math.max(1, Math.min(columns, drawn.length)) * w;
  const height = MARGIN + Math.ceil(drawn.length / columns) * h + LEGEND;
  const parts = drawn.map(
    ({ svg }, i) => `<g transform="translate(${MARGIN + (i % columns) * w} ${MARGIN + Math.floor(i / columns) * h})">\n${svg}\n</g>`,
  );
  const page = { ...style, theme: options.theme, name: titled('Pulls', panels), width, height };
  return sheet(page, [...parts, legend(height - LEGEND / 2)]);
}
