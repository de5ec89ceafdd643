// TypeDoc's headings leave levels out (h1, then h4). They keep their looks, and say the level that they have among the others.

/** @param {string} page the text of an HTML file */
export function levelled(page) {
  const menu = page.indexOf('class="col-sidebar"');
  /** @type {number[]} the headings that a heading stands under, by the level of their tag */
  let above = [];
  let inMenu = false;
  return page.replace(/<h([1-6])(?=[\s>])/g, (tag, digit, at) => {
    const level = Number(digit);
    if (menu >= 0 && at > menu && !inMenu) [inMenu, above] = [true, above.slice(0, 1)];
    above = [...above.filter((other) => other < level), level];
    return above.length === level ? tag : `${tag} aria-level="${above.length}"`;
  });
}
