/** Every tag closed in order, every attribute quoted, no bare `<` or `&`. */
export function wellFormed(svg: string): boolean {
  const open: string[] = [];
  const rest = svg.replace(/<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?)>/g, (_, end, name, _attributes, self) => {
    if (end) {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
    } else if (!self) open.push(name);
    return '';
  });
  return open.length === 0 && !rest.includes('<') && !/&(?!#\d+;)/.test(svg);
}
