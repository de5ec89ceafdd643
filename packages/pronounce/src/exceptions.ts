/**
 * The ways to say a word that lines have of it, first to last: `read R EH1 D, R IY1 D`. The lines are sorted by their words and end in a newline each; a word is
 * found by halving, so that nothing is made of the lines before they are asked.
 */
export function excepted(lines: string, word: string): string[][] {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const start = lines.lastIndexOf('\n', ((low + high) >> 1) - 1) + 1;
    const space = lines.indexOf(' ', start);
    const end = lines.indexOf('\n', space);
    const here = lines.slice(start, space);
    if (here === word)
      return lines
        .slice(space + 1, end)
        .split(', ')
        .map((phones) => phones.split(' '));
    if (here < word) low = end + 1;
    else high = start;
  }
  return [];
}
