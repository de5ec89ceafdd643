import { expectFits, expectMap, expectSamePaths } from '../nn/fit.ts';
import { shown } from '../tensor/check.ts';
import { outside, scope } from '../tensor/scope.ts';
import { sameShape } from '../tensor/shape.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';

/** What a copy is taken of and put back into: a module, an optimiser. */
export interface Copied {
  /** Its tensors by path. */
  stateDict(): ReadonlyMap<string, Tensor>;
  /** Takes their values over. */
  loadStateDict(dict: ReadonlyMap<string, Tensor>): void;
}

/**
 * A copy of the state of a module or an optimiser, taken when it is made and whenever {@link Snapshot.take} is called. It owns its memory.
 *
 * `const best = new Snapshot(model)`, `await fit({ …, keepBest: best })`, `best.restore()`: the best weights are the model's again. A run that is
 * to be resumed saves it too: `saveCheckpoint(path, { model, optimizer, position, best })`.
 */
export class Snapshot {
  readonly #part: Copied;
  #copies: Map<string, Tensor> = new Map();

  constructor(part: Copied) {
    if (typeof Object(part).stateDict !== 'function') throw new TypeError(`Snapshot: part must have stateDict(), got ${shown(part)}`);
    this.#part = part;
    this.take();
  }

  /** Copies the state as it is now, in place of the copy before. */
  take(): void {
    const before = this.#copies;
    scope(() => {
      const now = this.#part.stateDict();
      const room = ([path, x]: [string, Tensor]): [string, Tensor] => {
        const old = before.get(path);
        return [path, old && sameShape(old.shape, x.shape) && old.dtype === x.dtype ? old : outside(() => empty(x.shape, x.dtype))];
      };
      this.#copies = new Map(Array.from(now, room)); // all of it first: where memory runs out, the copy before stays
      for (const [path, x] of now) fill(this.#copies.get(path) as Tensor, x);
    });
  }

  /** Puts the copy back. */
  restore(): void {
    this.#part.loadStateDict(this.#copies);
  }

  /** The copies themselves, by path. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.#copies);
  }

  /** Takes another copy of the same part, as a checkpoint has it. Everything is checked before anything is changed. */
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
