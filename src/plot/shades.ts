// The colours of weights, on paper and in terminals.

/**
 * Colours of weights 0, 1/8, … 1, from our own table. Lightness (OKLab) falls at every step on light ground, by 0.05 to 0.10, and rises
 * on dark, by 0.06 to 0.13, so that order shows in grey too, and 0 is next to the ground.
 */
export const LIGHT: readonly string[] = ['#eef3f4', '#d0e5e8', '#a9d5df', '#7fc0d8', '#5aa6d2', '#4487c6', '#3f66b3', '#3e4597', '#35246f'];
/** The same on dark ground. */
export const DARK: readonly string[] = ['#1b2129', '#1f3040', '#204258', '#20576f', '#256f84', '#368994', '#57a59d', '#8ac4a4', '#d3e6b0'];

/** The grounds of pictures. */
export const GROUND = { light: '#ffffff', dark: '#12161c' } as const;
/** The colours of text on them. */
export const INK = { light: '#22303a', dark: '#d5dde3' } as const;

/** Rules of the classes c0 … c`last`, colours from 0 to the share `most` of a table. */
export function shadesOf(table: readonly string[], last: number, most = 1): string[] {
  return Array.from({ length: last + 1 }, (_, i) => `.c${i}{fill:${between(table, (most * i) / last)}}`);
}

/** The colour at `t` of 0 … 1 along an even table, mixed linearly in sRGB. */
function between(table: readonly string[], t: number): string {
  const at = t * (table.length - 1);
  const i = Math.min(Math.floor(at), table.length - 2);
  const channel = (color: string | undefined, k: number): number => Number.parseInt((color ?? '').slice(1 + 2 * k, 3 + 2 * k), 16);
  const mixed = [0, 1, 2].map((k) => Math.round(channel(table[i], k) * (i + 1 - at) + channel(table[i + 1], k) * (at - i)));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** Of weights 0 … 1, in terminals without colour. */
export const SHADES: readonly string[] = [' ', '░', '▒', '▓', '█'];

/** Of the terminal's 256 colours, from dark blue-grey to pale green: 0 … 1. */
const COLORS = [235, 236, 23, 24, 31, 37, 73, 115, 158, 194];

/** The entry of a scale for a weight. */
export function shadeAt<T>(scale: readonly T[], weight: number): T {
  return scale[Math.min(scale.length - 1, Math.floor(weight * scale.length))] as T;
}

/** Text on the colour of a weight, of which the first `most` are used. */
export function tinted(text: string, weight: number, most = COLORS.length): string {
  return `\u001b[48;5;${shadeAt(COLORS.slice(0, most), weight)}m${text}\u001b[0m`;
}

/** Whether the output is a terminal that may be coloured. */
export function onTerminal(): boolean {
  if (typeof process === 'undefined' || !process.stdout) return false;
  return process.stdout.isTTY === true && !process.env.NO_COLOR;
}
