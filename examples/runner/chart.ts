// Curves as SVG, drawn by Vega without a browser, for dark and light pages.
import type { Spec } from 'vega';

/** One curve. */
export interface Line {
  name: string;
  points: readonly (readonly [number, number])[];
}

/** Titles of the axes with units, and the kind of scale. */
export interface Axes {
  x: string;
  y: string;
  title?: string;
  /** Whether the y axis is logarithmic, base 10. */
  log?: boolean;
  width?: number;
  height?: number;
}

/** Each colour on a light and on a dark background, with a contrast of at least 3. */
const COLORS = [
  ['#2563a8', '#6db3f2'],
  ['#b4441b', '#f09a6b'],
  ['#2e7d4f', '#6fcf97'],
  ['#7a4fa3', '#c39be6'],
  ['#8a6d00', '#e0c14a'],
  ['#b0316d', '#f08cb8'],
  ['#00747c', '#5fd0d6'],
  ['#5a5a5a', '#b5b5b5'],
] as const;
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3]];
const [INK, GRID, GROUND] = ['#24292f', '#d7dce1', '#ffffff'];

/** A colour and dash for each name. */
const MARKS = [
  {
    type: 'group',
    from: { facet: { name: 'line', data: 'points', groupby: 'name' } },
    marks: [
      {
        type: 'line',
        from: { data: 'line' },
        encode: {
          enter: {
            x: { scale: 'x', field: 'x' },
            y: { scale: 'y', field: 'y' },
            stroke: { scale: 'color', field: 'name' },
            strokeDash: { scale: 'dash', field: 'name' },
            strokeWidth: { value: 2 },
          },
        },
      },
    ],
  },
];

const AXIS = { labelColor: INK, titleColor: INK, gridColor: GRID, domainColor: GRID, tickColor: GRID, grid: true, titlePadding: 8 };
const LEGEND = { stroke: 'color', strokeDash: 'dash', labelColor: INK, symbolType: 'stroke', symbolSize: 300, labelLimit: 400 };

/** Positions along both axes, and a colour and a dash for each name; names of one colour differ in their dashes. */
function scalesOf(names: readonly string[], log: boolean): unknown[] {
  const each = (value: (i: number) => unknown) => names.map((_, i) => value(i));
  return [
    { name: 'x', type: 'linear', range: 'width', domain: { data: 'points', field: 'x' }, zero: false },
    { name: 'y', type: log ? 'log' : 'linear', range: 'height', domain: { data: 'points', field: 'y' }, zero: !log, nice: !log },
    { name: 'color', type: 'ordinal', domain: names, range: each((i) => COLORS[i % COLORS.length]?.[0]) },
    { name: 'dash', type: 'ordinal', domain: names, range: each((i) => DASHES[Math.floor(i / COLORS.length) % DASHES.length]) },
  ];
}

function specOf(lines: readonly Line[], { x, y, title, log = false, width = 460, height = 280 }: Axes): Spec {
  const values = lines.flatMap(({ name, points }) => points.map(([at, value]) => ({ name, x: at, y: value })));
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    width,
    height,
    padding: 14,
    background: GROUND,
    ...(title ? { title: { text: title, color: INK, anchor: 'start', fontSize: 14 } } : {}),
    data: [{ name: 'points', values }],
    scales: scalesOf(
      lines.map(({ name }) => name),
      log,
    ),
    axes: [
      { ...AXIS, orient: 'bottom', scale: 'x', title: x, tickCount: 8 },
      { ...AXIS, orient: 'left', scale: 'y', title: y },
    ],
    legends: [LEGEND],
    marks: MARKS,
  } as Spec;
}

/** Draws curves with a legend. Curves without points are left out. */
export async function linesSvg(lines: readonly Line[], axes: Axes): Promise<string> {
  const drawn = lines.filter(({ points }) => points.length > 0);
  const { parse, View } = await import('vega'); // it takes half a second to load, so only those who draw load it
  const svg = await new View(parse(specOf(drawn, axes)), { renderer: 'none' }).toSVG();
  const rules = [[INK, '#d9dee3'], [GRID, '#39414a'], [GROUND, '#12161b'], ...COLORS].map(
    ([light, dark]) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`,
  );
  const name = [axes.title, `${axes.y} by ${axes.x}`, drawn.map((line) => line.name).join(', ')].filter(Boolean).join(': ');
  const head = `<title>${name.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)}</title><style>@media(prefers-color-scheme:dark){${rules.join('')}}</style>`;
  return `${svg.replace(/(<svg[^>]*>)/, `$1${head}`)}\n`;
}
