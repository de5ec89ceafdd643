/** Makes a group a single tab stop: the arrow keys, Home and End move between its members. */
export function rove(group: Element, members: string): void {
  const all = () => [...group.querySelectorAll<HTMLElement | SVGElement>(members)];
  group.addEventListener('keydown', (event) => {
    const { key } = event as KeyboardEvent;
    const list = all();
    const at = list.indexOf(document.activeElement as HTMLElement);
    const turn = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[key];
    if (at < 0 || turn === undefined) return;
    event.preventDefault();
    list[Math.max(0, Math.min(list.length - 1, turn))]?.focus();
  });
  group.addEventListener('focusin', ({ target }) => {
    const list = all();
    if (list.includes(target as HTMLElement)) for (const one of list) one.tabIndex = one === target ? 0 : -1;
  });
}
