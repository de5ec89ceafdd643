// A memory that answers with the value of the closest sequence: the baseline of the models.

interface Node<T, V> {
  children: Map<T, Node<T, V>>;
  value?: { stored: V };
}

/** Values by sequence, found by the closest sequence (fewest edits; among equally close ones, the first along the branches of the tree). */
export class Nearest<T, V> {
  private readonly root: Node<T, V> = { children: new Map() };
  private longest = 0;

  /** Stores a value; the first value stored under a sequence stays. */
  set(sequence: Iterable<T>, stored: V): void {
    let node = this.root;
    let length = 0;
    for (const token of sequence) {
      let next = node.children.get(token);
      if (!next) {
        next = { children: new Map() };
        node.children.set(token, next);
      }
      node = next;
      length++;
    }
    this.longest = Math.max(this.longest, length);
    node.value ??= { stored };
  }

  /** The value of the closest sequence; `undefined` if the memory is empty. */
  get(sequence: readonly T[]): V | undefined {
    // Increases the number of edits one by one: close sequences, which most queries have, are found in a small part of the tree.
    for (let most = 0; most <= Math.max(this.longest, sequence.length); most++) {
      const found = within(this.root, sequence, Array.from({ length: sequence.length + 1 }, (_, j) => j), most); // biome-ignore format: one line
      if (found) return found.stored;
    }
    return undefined;
  }
}

/** A value below a node that is at most `most` edits away; `row` holds the edits from the node's sequence to each prefix of the query. */
function within<T, V>(node: Node<T, V>, sequence: readonly T[], row: readonly number[], most: number): { stored: V } | undefined {
  if (node.value && (row[sequence.length] as number) <= most) return node.value;
  for (const [token, child] of node.children) {
    const next = [(row[0] as number) + 1];
    let least = next[0] as number;
    for (let j = 0; j < sequence.length; j++) {
      const same = (row[j] as number) + (sequence[j] === token ? 0 : 1);
      const edits = Math.min(same, (row[j + 1] as number) + 1, (next[j] as number) + 1);
      next.push(edits);
      if (edits < least) least = edits;
    }
    const found = least <= most ? within(child, sequence, next, most) : undefined;
    if (found) return found;
  }
  return undefined;
}
