// A parse as a tree over its words, and below it which words each bracket looked at.

import { expectOptions, isFlag, isList, isText, maybe } from '../tensor/check.ts';
import { expectTree, type ParseTree, wordsOf } from '../trees/tree.ts';
import { DARK, LIGHT, onTerminal, shadesOf, tinted } from './shades.ts';
import { MONO, SANS, sheet } from './sheet.ts';
import { isTheme, type Theme } from './theme.ts';
import { type AlignmentWeights, rowsOf } from './weights.ts';
import { widthOf } from './width.ts';
import { escaped, round } from './xml.ts';

/** What a drawn tree says besides. */
export interface TreeOptions {
  /** The words of the sentence. */
  words: readonly string[];
  /** How much of each word each constituent took, in depth-first order `[N, S]`: the `looks` of a `GrammarParser`. */
  looks?: AlignmentWeights | undefined;
  /** A title above the tree. */
  title?: string | undefined;
}

const rules = { words: isList, looks: () => {}, title: /* @__PURE__ */ maybe(isText) };

/** A constituent in its place. */
interface Placed {
  label: string;
  /** Its number in depth-first order. */
  number: number;
  depth: number;
  x: number;
  children: (Placed | number)[];
}

const CELL = 22;
const LEVEL = 44;
const LETTER = 8.4;
const MARGIN = 20;

/** Checks a tree and its words, and lists its constituents depth first with the rows of what they looked at. */
function checked(op: string, tree: ParseTree, { words, looks }: TreeOptions): { nodes: ParseTree[]; rows: number[][] | undefined } {
  expectTree(op, 'tree', tree);
  const strange = wordsOf(tree).find((word) => word >= words.length);
  if (strange !== undefined) throw new RangeError(`${op}: words must be of the whole tree, got ${words.length} and the place ${strange}`);
  const all = (node: ParseTree): ParseTree[] => [node, ...node.children.flatMap((child) => (typeof child === 'number' ? [] : all(child)))];
  const nodes = all(tree);
  return { nodes, rows: looks === undefined ? undefined : rowsOf(op, looks, { rows: nodes.map(({ label }) => label), columns: words }) };
}

/** Puts each constituent above the middle of what it covers. */
function placed(tree: ParseTree, at: readonly number[]): { root: Placed; all: Placed[] } {
  const all: Placed[] = [];
  const place = ({ label, children }: ParseTree, depth: number): Placed => {
    const node: Placed = { label, number: all.length + 1, depth, x: 0, children: [] };
    all.push(node);
    node.children = children.map((child) => (typeof child === 'number' ? child : place(child, depth + 1)));
    const xs = node.children.map((child) => (typeof child === 'number' ? (at[child] as number) : child.x));
    node.x = xs.length > 0 ? (Math.min(...xs) + Math.max(...xs)) / 2 : (at[0] ?? 0);
    return node;
  };
  return { root: place(tree, 0), all };
}

/** The words a bracket looked at most, to say it in words. */
function mostSeen(row: readonly number[], words: readonly string[], least: number): string {
  const seen = row.map((weight, i) => [weight, words[i]] as const).filter(([weight]) => weight >= least);
  return seen
    .sort((a, b) => b[0] - a[0])
    .map(([weight, word]) => `${word} ${weight.toFixed(2)}`)
    .join(', ');
}

/** Where the columns of words are, the top of the tree, and the line of words under it. */
interface Ground {
  words: readonly string[];
  /** The left edge and the width of each word. */
  lefts: readonly number[];
  widths: readonly number[];
  /** The middle of each word. */
  at: readonly number[];
  yOf: (depth: number) => number;
  base: number;
}

/** The constituents with branches to their children, and the words; a tip says what was looked at. */
function drawnTree(all: readonly Placed[], rows: readonly number[][] | undefined, { words, at, yOf, base }: Ground): string[] {
  const line = (x: number, y: number, toX: number, toY: number) =>
    `<path class="branch" d="M${round(x)} ${round(y + 6)}L${round(toX)} ${round(toY - 14)}"/>`;
  const nodes = all.map(({ label, number, depth, x, children }) => {
    const seen = rows ? mostSeen(rows[number - 1] as number[], words, 0.05) : '';
    const tip = seen ? `<title>${escaped(`${label} ← ${seen}`)}</title>` : '';
    const branches = children.map((child) =>
      typeof child === 'number' ? line(x, yOf(depth), at[child] as number, base) : line(x, yOf(depth), child.x, yOf(child.depth)),
    );
    const count = rows ? `<tspan class="number" dx="1" dy="4">${number}</tspan>` : '';
    return `${branches.join('')}<text class="label" x="${round(x)}" y="${round(yOf(depth))}">${tip}${escaped(label)}${count}</text>`;
  });
  const leaves = words.map((word, i) => `<text class="word" x="${round(at[i] as number)}" y="${round(base)}">${escaped(word)}</text>`);
  return [...nodes, ...leaves];
}

/** A row under the words for each constituent, with a shade for each word. */
function drawnLooks(all: readonly Placed[], rows: readonly number[][], { words, lefts, widths, base }: Ground): string[] {
  return rows.flatMap((row, n) => {
    const y = base + 16 + n * CELL;
    const right = round((lefts[0] ?? 0) - 8);
    const label = `<text class="side" x="${right}" y="${round(y + 15)}">${escaped(`${n + 1} (${all[n]?.label}`)}</text>`;
    const cells = row.map((weight, i) => {
      const box = `x="${round((lefts[i] as number) + 1)}" y="${round(y + 1)}" width="${round((widths[i] as number) - 2)}" height="${CELL - 2}"`;
      const tip = `<title>${escaped(`${all[n]?.label} ← ${words[i]}: ${weight.toFixed(3)}`)}</title>`;
      return `<rect class="c${Math.round(Math.min(1, weight) * 32)}" ${box} rx="4">${tip}</rect>`;
    });
    return [label, ...cells];
  });
}

/**
 * Draws a tree over its words as an SVG, with numbered constituents. With `looks`, a row below it for each constituent shades the words it looked at when its bracket was
 * opened. The SVG works alone or inside a page; its styles affect no other element of the page.
 */
export function treeSvg(tree: ParseTree, options: TreeOptions & { theme?: Theme | undefined }): string {
  expectOptions('treeSvg', options, { ...rules, theme: isTheme });
  const { rows } = checked('treeSvg', tree, options);
  const { words, title, theme } = options;
  const side = rows ? 8 * LETTER : 0;
  const widths = words.map((word) => Math.max(CELL, widthOf(word) * LETTER + 10));
  const lefts = widths.map((_, i) => MARGIN + side + widths.slice(0, i).reduce((sum, width) => sum + width, 0));
  const at = lefts.map((left, i) => left + (widths[i] as number) / 2);
  const { all } = placed(tree, at);
  const top = MARGIN + (title ? 30 : 0) + 14;
  const yOf = (depth: number) => top + depth * LEVEL;
  const base = yOf(all.reduce((most, { depth }) => Math.max(most, depth), 0) + 1);
  const ground: Ground = { words, lefts, widths, at, yOf, base };
  const across = Math.max(MARGIN + side + widths.reduce((sum, width) => sum + width, 0) + MARGIN, widthOf(title ?? '') * 9 + 2 * MARGIN);
  const down = base + 16 + (rows?.length ?? 0) * CELL + MARGIN;
  const head = title ? [`<text class="title" x="${MARGIN}" y="${MARGIN + 10}">${escaped(title)}</text>`] : [];
  const name = `Tree: ${title || words.join(' ')}`;
  const body = [...head, ...drawnTree(all, rows, ground), ...drawnLooks(all, rows ?? [], ground)];
  return sheet({ ...style, theme, name, width: across, height: down }, body);
}

const style = {
  kind: 'tree',
  rules: [
    `text{font:14px ${MONO}}`,
    `.title{font:600 16px ${SANS}}`,
    '.label{font-weight:600;text-anchor:middle}',
    '.number{font-size:10px;font-weight:400}',
    '.word{text-anchor:middle}',
    '.side{text-anchor:end;font-size:12px}',
    '.branch{fill:none;stroke-width:1.2}',
  ],
  colors: (of: 'light' | 'dark') => [
    `.branch{stroke:${of === 'light' ? '#5f717d' : '#93a5b1'}}`,
    ...shadesOf(of === 'light' ? LIGHT : DARK, 32),
  ],
};

/**
 * Formats a tree for a terminal, a constituent or a word a line. With `looks`, each constituent is followed by the words it looked at, those of at least a twentieth. `color` turns 256 colours on, by default
 * where the output is a terminal and `NO_COLOR` is not set.
 */
export function treeText(tree: ParseTree, options: TreeOptions & { color?: boolean | undefined }): string {
  expectOptions('treeText', options, { ...rules, color: maybe(isFlag) });
  const { rows } = checked('treeText', tree, options);
  const { words, title, color = onTerminal() } = options;
  const lines: { text: string; seen: string }[] = [];
  let number = 0;
  const write = (node: ParseTree | number, before: string, inner: string) => {
    if (typeof node === 'number') {
      lines.push({ text: `${before}${words[node]}`, seen: '' });
      return;
    }
    const row = rows?.[number++];
    const seen = row ? mostSeen(row, words, 0.05) : '';
    lines.push({ text: `${before}${node.label}`, seen: seen && `← ${color ? tinted(seen, Math.max(...(row ?? [])), 5) : seen}` });
    node.children.forEach((child, i) => {
      const last = i === node.children.length - 1;
      write(child, `${inner}${last ? '└─ ' : '├─ '}`, `${inner}${last ? '   ' : '│  '}`);
    });
  };
  write(tree, '', '');
  const side = lines.reduce((longest, { text }) => Math.max(longest, widthOf(text)), 0);
  const body = lines.map(({ text, seen }) => (seen ? `${text}${' '.repeat(side - widthOf(text))}  ${seen}` : text));
  return [...(title ? [title] : []), ...body].join('\n');
}
