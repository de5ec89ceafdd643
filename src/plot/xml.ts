/** A number for a drawing: one digit after the point. */
export const round = (value: number): number => Math.round(value * 10) / 10;

/** Text for XML: markup escaped, characters that XML 1.0 forbids replaced. */
export function escaped(text: string): string {
  const legal = text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\u{fffd}');
  return legal.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
