/** Scripts that terminals draw two columns wide (UAX #11: wide and fullwidth), and emoji. */
const wide =
  /^[\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{a4cf}\u{a960}-\u{a97c}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}|\u{fe0f}/u;

/** Columns that a terminal gives to a label: none to combining marks, two to wide characters. */
export function widthOf(label: string): number {
  let width = 0;
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(label)) width += wide.test(segment) ? 2 : 1;
  return width;
}
