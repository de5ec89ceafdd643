// The chart of a forecast: SVG as text, its lines and its band by d3-shape.
import { area, line } from 'd3-shape';
import type { ColumnForecast } from 'saccade/fronts';

const [HEIGHT, LEFT, TOP, BOTTOM] = [260, 34, 10, 240];

/** A value at a place of the axis; `null` breaks a line. */
type Point = readonly [place: number, value: number | null];

const path = (kind: string, d: string | null) => `<path class="${kind}" d="${d ?? ''}"/>`;

/** Past values, and of the forecast the band, the median and the linear map; behind the past how much one hour to come looked at each. `width` is in pixels. */
export function chart(
  past: readonly (number | null)[],
  found: ColumnForecast | undefined,
  weights: readonly number[] = [],
  width = 720,
): string {
  const ahead = found?.median.length ?? 0;
  const known = past.filter((value) => value !== null);
  const all = [...known, ...(found?.quantiles.flat() ?? []), ...(found?.linear ?? [])];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const step = (width - LEFT) / (past.length + ahead - 1);
  const x = (place: number) => LEFT + step * place;
  const y = (value: number) => BOTTOM - ((BOTTOM - TOP) * (value - low)) / (high - low || 1);
  const drawn = line<Point>(([place]) => x(place), ([, value]) => y(value ?? 0)).defined(([, value]) => value !== null).digits(1); // biome-ignore format: one line
  const now = past.length - 1;
  const onward = (values: readonly number[]) => drawn([known.at(-1) ?? null, ...values].map((value, t): Point => [now + t, value]));
  const band = area<number[]>((_, t) => x(now + 1 + t), (own) => y(own[0] as number), (own) => y(own.at(-1) as number)).digits(1); // biome-ignore format: one line
  const most = Math.max(...weights, 1e-9);
  const looked = weights.map((weight, s) => {
    const left = x(past.length - weights.length + s - 0.5).toFixed(1);
    return `<rect class="looked" x="${left}" width="${step.toFixed(1)}" y="${TOP}" height="${BOTTOM - TOP}" style="opacity:${((0.6 * weight) / most).toFixed(3)}"/>`;
  });
  const forecast = found
    ? [
        path('band', band(found.quantiles.map((own) => [...own]))),
        path('linear', onward(found.linear)),
        path('median', onward(found.median)),
      ]
    : [];
  const ticks = [low, (low + high) / 2, high].map((value) => `<text x="0" y="${y(value).toFixed(1)}" dy="4">${value.toFixed(1)}</text>`);
  const title = `${past.length} hours so far${found ? `, and the ${ahead} hours to come` : ''}`;
  const rule = `<line class="now" x1="${x(now)}" x2="${x(now)}" y1="${TOP}" y2="${BOTTOM}"/>`;
  const before = path('past', drawn(past.map((value, place): Point => [place, value])));
  return `<svg viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${title}">${[...looked, ...ticks, rule, before, ...forecast].join('')}</svg>`;
}
