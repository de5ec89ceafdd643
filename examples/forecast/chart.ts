// The chart of a forecast: SVG as text.
import type { ColumnForecast } from 'saccade/fronts';

const [WIDTH, HEIGHT, LEFT] = [720, 260, 34];

/** Past values, and of the forecast the band, the median and the linear map; behind the past how much one hour to come looked at each. */
export function chart(past: readonly (number | null)[], found: ColumnForecast | undefined, weights: readonly number[] = []): string {
  const ahead = found?.median.length ?? 0;
  const known = past.filter((value) => value !== null);
  const all = [...known, ...(found?.quantiles.flat() ?? []), ...(found?.linear ?? [])];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const x = (i: number) => (LEFT + ((WIDTH - LEFT) * i) / (past.length + ahead - 1)).toFixed(1);
  const y = (value: number) => (HEIGHT - 20 - ((HEIGHT - 30) * (value - low)) / (high - low || 1)).toFixed(1);
  const line = (values: readonly (number | null)[], from: number) =>
    values.map((value, i) => (value === null ? '' : `${i === 0 || values[i - 1] === null ? 'M' : 'L'}${x(from + i)} ${y(value)}`)).join('');
  const now = past.length - 1;
  const last = known.at(-1) ?? 0;
  const edge = (at: number) => found?.quantiles.map((quantiles, t) => `${x(now + 1 + t)} ${y(quantiles.at(at) as number)}`) ?? [];
  const most = Math.max(...weights, 1e-9);
  const bar = (WIDTH - LEFT) / (past.length + ahead - 1);
  const looked = weights.map((weight, s) => {
    const at = Number(x(past.length - weights.length + s)) - bar / 2;
    return `<rect class="looked" x="${at.toFixed(1)}" width="${bar.toFixed(1)}" y="10" height="${HEIGHT - 30}" style="opacity:${((0.6 * weight) / most).toFixed(3)}"/>`;
  });
  const forecast = found
    ? `<path class="band" d="M${edge(0).join('L')}L${edge(-1).reverse().join('L')}Z"/><path class="linear" d="${line([last, ...found.linear], now)}"/><path class="median" d="${line([last, ...found.median], now)}"/>`
    : '';
  const ticks = [low, (low + high) / 2, high].map((value) => `<text x="0" y="${y(value)}" dy="4">${value.toFixed(1)}</text>`).join('');
  const title = `${past.length} hours so far${found ? `, and the ${ahead} hours to come` : ''}`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">${looked.join('')}${ticks}<line class="now" x1="${x(now)}" x2="${x(now)}" y1="10" y2="${HEIGHT - 20}"/><path class="past" d="${line(past, 0)}"/>${forecast}</svg>`;
}
