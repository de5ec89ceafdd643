import { expectFits, expectMap, expectSamePaths } from '../nn/fit.ts';
import { shown } from '../tensor/check.ts';
import { outside, scope } from '../tensor/scope.ts';
import { sameShape } from '../tensor/shape.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';

/** The source of a copy: a module or an optimiser. */
export interface Copied {
  /** Its tensors by path. */
  stateDict(): ReadonlyMap<string, Tensor>;
  /** Loads values into them. */
  loadStateDict(dict: ReadonlyMap<string, Tensor>): void;
}

/**
 * A copy of the state of a module or an optimiser, made by the constructor and by each {@link Snapshot.take}. It owns its memory.
 *
 * `const best = new Snapshot(model)`, `await fit({ …, keepBest: best })`, `best.restore()`: the model has its best weights again. A run
 * that may be resumed saves it too: `saveCheckpoint(path, { model, optimizer, position, best })`.
 */
export class Snapshot {
  readonly #part: Copied;
  #copies: Map<string, Tensor> = new Map();

  constructor(part: Copied) {
    if (typeof Object(part).stateDict !== 'function') throw new TypeError(`Snapshot: part must have stateDict(), got ${shown(part)}`);
    this.#part = part;
    this.take();
  }

  /** Copies the current state in place of the previous copy. */
  take(): void {
    const before = this.#copies;
    scope(() => {
      const now = this.#part.stateDict();
      const room = ([path, x]: [string, Tensor]): [string, Tensor] => {
        const old = before.get(path);
        return [path, old && sameShape(old.shape, x.shape) && old.dtype === x.dtype ? old : outside(() => empty(x.shape, x.dtype))];
      };
      this.#copies = new Map(Array.from(now, room)); // allocates everything first: if memory runs out, the previous copy stays
      for (const [path, x] of now) fill(this.#copies.get(path) as Tensor, x);
    });
  }

  /** Loads the copy into the part. */
  restore(): void {
    this.#part.loadStateDict(this.#copies);
  }

  /** The copies themselves, by path. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.#copies);
  }

  /** Loads another copy of the same part, such as that of a checkpoint. It checks everything before it changes anything. */
  loadStateDict(dict: ReadonlyMap<string, Tensor>): void {
    expectMap(dict);
    expectSamePaths("paths must be the snapshot's", dict, this.#copies);
    for (const [path, to] of this.#copies) expectFits('loadStateDict', path, dict.get(path), to);
    for (const [path, to] of this.#copies) fill(to, dict.get(path) as Tensor);
  }
}

function fill(to: Tensor, from: Tensor): void {
  to.peek().set(from.peek());
  to.storage.touch();
}
