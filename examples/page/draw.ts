const SVG = 'http://www.w3.org/2000/svg';

/** Makes an SVG element with attributes and children. */
export function svg(name: string, attributes: Record<string, string | number>, ...children: (Node | string)[]): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** The dictionary's ARPAbet sounds in the International Phonetic Alphabet. */
const ipa = new Map(
  (
    'AA ɑ AE æ AH ʌ AO ɔ AW aʊ AY aɪ B b CH tʃ D d DH ð EH ɛ ER ɝ EY eɪ F f G ɡ HH h IH ɪ IY i JH dʒ K k L l M m N n NG ŋ OW oʊ OY ɔɪ ' +
    'P p R ɹ S s SH ʃ T t TH θ UH ʊ UW u V v W w Y j Z z ZH ʒ'
  )
    .match(/\S+ \S+/g)
    ?.map((pair) => pair.split(' ') as [string, string]),
);

/** A sound in the notation of dictionaries. */
export const sound = (phone: string): string => ipa.get(phone) ?? phone.toLowerCase();

/** The letter with the largest weight for a sound, and that weight. */
function focus(word: string, row: readonly number[]): { letter: string; share: number } {
  const share = Math.max(...row);
  return { letter: word[row.indexOf(share)] ?? '', share };
}

/** Letters or sounds side by side: how far apart, how large, and the middle of each. */
interface Columns {
  pitch: number;
  size: number;
  at: (i: number) => number;
}

function columns(count: number, width: number): Columns {
  const pitch = Math.min(72, width / Math.max(count, 1));
  const size = Math.max(11, Math.min(40, pitch * 0.72));
  return { pitch, size, at: (i) => width / 2 + (i - (count - 1) / 2) * pitch };
}

/** Lines from the letters to a sound, as wide as its weights. */
function lines(row: readonly number[], above: Columns, x: number, pitch: number, [top, bottom]: readonly [number, number]): SVGElement[] {
  const middle = (top + bottom) / 2;
  return row.flatMap((weight, i) => {
    if (weight < 0.03) return [];
    const from = above.at(i);
    return [
      svg('path', {
        d: `M${from} ${top} C${from} ${middle} ${x} ${middle} ${x} ${bottom}`,
        'stroke-width': (0.8 + 9 * weight * Math.min(1, pitch / 50)).toFixed(2),
        'stroke-opacity': (0.12 + 0.72 * weight).toFixed(3),
      }),
    ];
  });
}

/** A sound in the phonetic alphabet with its ring, and its name below where there is room. */
function soundAt(phone: string, { pitch, size }: Columns, x: number, bottom: number): SVGElement[] {
  const small = Math.max(9, Math.min(12, pitch * 0.36));
  const y = bottom + size;
  const ring = { class: 'ring', x: x - pitch / 2 + 2, y: bottom + 2, width: pitch - 4, height: size * 1.2 + small + 8, rx: 8 };
  const glyph = { class: 'ipa', x, y, 'font-size': size * 0.92, 'text-anchor': 'middle' };
  const name = { class: 'arpa', x, y: y + small + 8, 'font-size': small, 'text-anchor': 'middle' };
  const named = pitch >= 20; // ARPAbet names are too wide below narrow columns
  return [svg('rect', ring), svg('text', glyph, sound(phone)), ...(named ? [svg('text', name, phone)] : [])];
}

/** Draws letters above and sounds below; lines between them are as wide as the weights. */
export function alignment(
  word: string,
  phones: readonly string[],
  weights: readonly (readonly number[])[] | null,
  width: number,
): SVGElement {
  const height = 260;
  const [above, below] = [columns(word.length, width), columns(phones.length, width)];
  const [top, bottom] = [above.size * 1.1 + 8, height - below.size * 1.6 - 8];
  const letters = [...word].map((letter, i) =>
    svg('text', { class: 'letter', x: above.at(i), y: above.size, 'font-size': above.size, 'text-anchor': 'middle' }, letter),
  );
  const sounds = phones.map((phone, j) => {
    const row = weights?.[j] ?? [];
    const { letter, share } = focus(word, row);
    const label = row.length > 0 ? `${sound(phone)}, looks at ${letter}, ${Math.round(100 * share)} %` : sound(phone);
    return svg(
      'g',
      { class: 'sound', tabindex: j === 0 ? 0 : -1, role: 'img', 'aria-label': label },
      svg('title', {}, label),
      ...lines(row, above, below.at(j), below.pitch, [top, bottom]),
      ...soundAt(phone, below, below.at(j), bottom),
    );
  });
  const attributes = { viewBox: `0 0 ${width} ${height}`, height, role: 'group', 'aria-label': `Where each sound of ${word} looks` };
  return svg('svg', attributes, ...letters, ...sounds);
}

/** Draws the loss over the steps so far; the scale runs from the first loss down to 0. */
export function curve(points: readonly { step: number; loss: number }[], width: number): SVGElement {
  const [height, left, base] = [150, 34, 22];
  const last = Math.max(points.at(-1)?.step ?? 0, 100);
  const most = Math.max(4, Math.ceil(Math.max(0, ...points.map(({ loss }) => loss))));
  const x = (step: number) => left + (step / last) * (width - left - 2);
  const y = (loss: number) => 8 + (1 - loss / most) * (height - base - 8);
  const ticks = [0, most / 2, most].flatMap((loss) => [
    svg('line', { class: 'grid', x1: left, x2: width, y1: y(loss), y2: y(loss) }),
    svg('text', { x: left - 8, y: y(loss) + 4, 'text-anchor': 'end' }, String(loss)),
  ]);
  const path = points.map(({ step, loss }) => `${x(step).toFixed(1)} ${y(loss).toFixed(1)}`).join(' L');
  const lines =
    points.length > 1
      ? [
          svg('path', { class: 'area', d: `M${x(points[0]?.step ?? 0)} ${y(0)} L${path} L${x(points.at(-1)?.step ?? 0)} ${y(0)} Z` }),
          svg('path', { class: 'loss', d: `M${path}` }),
        ]
      : [];
  const labels = [
    svg('text', { x: left, y: height - 4 }, 'loss by step'),
    svg('text', { x: width - 2, y: height - 4, 'text-anchor': 'end' }, last.toLocaleString('en')),
  ];
  const attributes = {
    viewBox: `0 0 ${width} ${height}`,
    height,
    role: 'img',
    'aria-label': `Loss after ${points.at(-1)?.step ?? 0} steps`,
  };
  return svg('svg', attributes, ...ticks, ...lines, ...labels);
}
