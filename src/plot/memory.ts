import { expectNames, expectOptions, isCount, isList, isSize, isText, maybe } from '../tensor/check.ts';
import { partVisited } from './circle.ts';
import { FIELD, SANS, sheet } from './sheet.ts';
import { isTheme, type Theme } from './theme.ts';
import { escaped, round } from './xml.ts';

/** What happened in each of T steps: rows of numbers in [0, 1]. */
export interface MemoryTraces {
  /** Where each head that reads looked: heads × `[T, N]`. */
  reads: readonly (readonly ArrayLike<number>[])[];
  /** Where each head that writes looked: heads × `[T, N]`. */
  writes: readonly (readonly ArrayLike<number>[])[];
  /** What was shown, `[T, I]`. */
  inputs?: readonly ArrayLike<number>[] | undefined;
  /** What was said, `[T, O]`. */
  outputs?: readonly ArrayLike<number>[] | undefined;
}

/** Options of {@link memorySvg}. */
export interface MemoryPictureOptions {
  /** A title above the picture. */
  title?: string | undefined;
  /** How many cells to draw. Default: as few as hold all places, on the circle of cells, where a head ever looked with a weight of 0.1. */
  cells?: number | undefined;
  /** The cell to draw first, from 0. Default: where those places begin; 0 if `cells` is given. */
  first?: number | undefined;
  /** Colours for a light or a dark page, or those of the system. Default `auto`. */
  theme?: Theme | undefined;
}

const rules = {
  title: /* @__PURE__ */ maybe(isText),
  cells: /* @__PURE__ */ maybe(isSize),
  first: /* @__PURE__ */ maybe(isCount),
  theme: isTheme,
};

const [MARGIN, GAP, LABEL] = [20, 14, 74];
/** Weights below this leave no mark. */
const FAINT = 0.02;

/** Colours on light and dark grounds: writing and reading differ in lightness too. */
const COLORS = {
  field: FIELD,
  write: { light: '#1f5fa8', dark: '#6fb3e8' },
  read: { light: '#d9631e', dark: '#f0a06b' },
  bit: { light: '#3a4a55', dark: '#b9c4cc' },
} as const;

const style = {
  kind: 'memory',
  rules: [`text{font:12px ${SANS}}`, '.title{font-size:15px;font-weight:600}'],
  colors: (of: 'light' | 'dark') => Object.entries(COLORS).map(([name, color]) => `.${name}{fill:${color[of]}}`),
};

interface Band {
  name: string;
  lines: number;
  /** The row's number that is drawn first; after the last comes the first again. */
  first?: number;
  /** Layers of marks: a class, rows `[T, lines]`, and the part of a square's width that they take, from `left` on. */
  marks: { kind: string; rows: readonly ArrayLike<number>[]; left: number; share: number }[];
}

function drawn({ name, lines, first = 0, marks }: Band, top: number, side: number, steps: number): string[] {
  const rect = (kind: string, x: number, y: number, width: number, opacity: number) =>
    `<rect class="${kind}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${side - 1}"${opacity < 1 ? ` opacity="${round(opacity)}"` : ''}/>`;
  return [
    `<text x="${MARGIN}" y="${top + 12}">${escaped(name)}</text>`,
    ...(first > 0 ? [`<text x="${MARGIN}" y="${top + 28}">from ${first}</text>`] : []),
    `<rect class="field" x="${MARGIN + LABEL}" y="${top}" width="${steps * side}" height="${lines * side}" rx="3"/>`,
    ...marks.flatMap(({ kind, rows, left, share }) =>
      rows.flatMap((row, t) =>
        Array.from({ length: Math.min(lines, row.length) }, (_, i) => row[(first + i) % row.length] as number).flatMap((value, i) =>
          value < FAINT
            ? []
            : [rect(kind, MARGIN + LABEL + t * side + left * side + 0.5, top + i * side + 0.5, share * side - 1, Math.min(1, value))],
        ),
      ),
    ),
  ];
}

/** The cells where any head looked. */
function lookedAt(heads: readonly (readonly ArrayLike<number>[])[]): { first: number; cells: number } {
  const count = heads[0]?.[0]?.length ?? 1;
  return partVisited(Array.from({ length: count }, (_, i) => heads.some((rows) => rows.some((row) => (row[i] as number) >= 0.1))));
}

/** Heads side by side within a square. */
const layers = (kind: string, heads: readonly (readonly ArrayLike<number>[])[], from: number, share: number) =>
  heads.map((rows, h) => ({ kind, rows, left: from + (h * share) / heads.length, share: share / heads.length }));

function expectTraces(op: string, traces: MemoryTraces): number {
  expectNames(op, traces, { reads: 0, writes: 0, inputs: 0, outputs: 0 });
  for (const name of ['reads', 'writes'] as const) isList(op, name, traces[name]);
  const all = [...traces.reads, ...traces.writes, ...(traces.inputs ? [traces.inputs] : []), ...(traces.outputs ? [traces.outputs] : [])];
  const steps = all[0]?.length ?? 0;
  const uneven = all.find((rows) => rows.length !== steps || rows.some((row) => row.length !== rows[0]?.length));
  if (steps === 0 || uneven)
    throw new RangeError(`${op}: traces must have the same steps and even rows, got ${uneven?.length ?? 0} steps for ${steps}`);
  return steps;
}

/**
 * Draws a memory over time: steps from left to right, cells from top to bottom, blue in the left half of a square where a head wrote and orange in the
 * right half where one read, the stronger the more; above it what was shown, below it what was said, if given (as in Graves, Wayne, Danihelka 2014, fig.
 * 6). The SVG works alone or inside a page; its styles affect no other element of the page.
 */
export function memorySvg(traces: MemoryTraces, options: MemoryPictureOptions = {}): string {
  const steps = expectTraces('memorySvg', traces);
  expectOptions('memorySvg', options, rules);
  const { title, theme } = options;
  const looked = lookedAt([...traces.reads, ...traces.writes]);
  const { cells = looked.cells, first = options.cells === undefined ? looked.first : 0 } = options;
  const side = Math.max(4, Math.min(14, Math.floor(720 / steps)));
  const band = (name: string, rows: readonly ArrayLike<number>[] | undefined): Band[] =>
    rows ? [{ name, lines: rows[0]?.length ?? 0, marks: [{ kind: 'bit', rows, left: 0, share: 1 }] }] : [];
  const memory: Band = {
    name: 'memory',
    lines: cells,
    first,
    marks: [...layers('write', traces.writes, 0, 0.5), ...layers('read', traces.reads, 0.5, 0.5)],
  };
  const body: string[] = [];
  let top = MARGIN + (title ? 26 : 0);
  for (const one of [...band('shown', traces.inputs), memory, ...band('said', traces.outputs)]) {
    body.push(...drawn(one, top, side, steps));
    top += one.lines * side + GAP;
  }
  const width = Math.max(320, 2 * MARGIN + LABEL + steps * side);
  const height = top + 26;
  const legend = (x: number, kind: string, name: string) =>
    `<rect class="${kind}" x="${x}" y="${top + 4}" width="12" height="12"/><text x="${x + 18}" y="${top + 14}">${name}</text>`;
  return sheet({ ...style, theme, name: title ?? 'Memory over time', width, height }, [
    ...(title ? [`<text class="title" x="${MARGIN}" y="${MARGIN + 10}">${escaped(title)}</text>`] : []),
    ...body,
    legend(MARGIN + LABEL, 'write', 'written'),
    legend(MARGIN + LABEL + 90, 'read', 'read'),
  ]);
}
