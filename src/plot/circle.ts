/** The part of a circle of cells that holds all those that were visited: the circle without its longest part that holds none. */
export function partVisited(visited: readonly boolean[]): { first: number; cells: number } {
  const count = visited.length;
  if (!visited.includes(true)) return { first: 0, cells: 1 };
  let [end, longest] = [0, 0]; // of the longest part without a visit
  for (let i = 0, run = 0; i < 2 * count; i++) {
    run = visited[i % count] ? 0 : run + 1;
    if (run > longest) [end, longest] = [i + 1, run];
  }
  return { first: end % count, cells: count - longest };
}
