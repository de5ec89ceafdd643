import { gather } from '../../ops/index.ts';
import type { DType } from '../../runtime/backend.ts';
import { expectKey, expectNames, expectOptions, expectSizes, isSize, isWhole, shown } from '../../tensor/check.ts';
import { tensor, zeros } from '../../tensor/create.ts';
import { type Key, randomInt } from '../../tensor/random.ts';
import { outside } from '../../tensor/scope.ts';
import { expectShape, type Shape, sameShape, show, sizeOf } from '../../tensor/shape.ts';
import { empty, kindOf, Tensor } from '../../tensor/tensor.ts';

/** The fields of a step: shape and element type (float32 by default) of each. */
export type ReplayFields = Readonly<Record<string, { shape: Shape; dtype?: DType }>>;

/** Several steps: of each field `[B, …shape]`. */
export type Transitions<F extends ReplayFields> = { readonly [Name in keyof F]: Tensor };

/**
 * The last `capacity` steps, to learn from in random order (Lin 1992; Mnih et al. 2015). It owns its memory. `stateDict` and
 * `loadStateDict` are for checkpoints.
 */
export class Replay<F extends ReplayFields> {
  readonly capacity: number;
  private readonly fields: ReadonlyMap<string, Tensor>; // [capacity, …shape] each
  private added = 0;

  constructor(fields: F, options: { capacity: number }) {
    expectOptions('Replay', options, { capacity: isSize });
    const { capacity } = options;
    if (typeof fields !== 'object' || fields === null) throw new TypeError(`Replay: fields must be an object, got ${shown(fields)}`);
    if (Object.keys(fields).length === 0) throw new RangeError('Replay: fields must hold at least one, got none');
    for (const [name, field] of Object.entries(fields)) {
      expectNames('Replay', field, { shape: 0, dtype: 0 }, name);
      expectShape('Replay', field.shape);
    }
    if ('added' in fields) throw new RangeError('Replay: a field must have another name, got added');
    this.capacity = capacity;
    this.fields = outside(
      () => new Map(Object.entries(fields).map(([name, { shape, dtype }]) => [name, zeros([capacity, ...shape], dtype)])),
    );
  }

  /** Number of steps stored. */
  get size(): number {
    return Math.min(this.added, this.capacity);
  }

  /** Stores steps in order; once it is full each replaces the oldest. Values are copied. */
  add(transitions: Transitions<F>): void {
    const count = this.check(transitions);
    for (const [name, store] of this.fields) {
      const [to, from] = [store.view(), (transitions[name] as Tensor).peek()];
      const width = sizeOf(store.shape.slice(1));
      for (let i = 0; i < count; i++) {
        to.set(from.subarray(i * width, (i + 1) * width), ((this.added + i) % this.capacity) * width);
      }
    }
    this.added += count;
  }

  /** Draws `count` of the stored steps, each uniformly from all of them. */
  sample(key: Key, count: number): Transitions<F> {
    const { size } = this;
    expectKey('Replay', key);
    expectSizes('Replay', { count }, isWhole(0));
    if (size === 0) throw new RangeError('Replay: sample needs steps to draw from, got none');
    const index = empty([count], 'int32');
    const places = index.view();
    for (let i = 0; i < count; i++) places[i] = randomInt(key, i, size);
    const drawn = [...this.fields].map(([name, store]) => [name, gather(store, index)] as const);
    return Object.fromEntries(drawn) as Transitions<F>;
  }

  /** The whole state: the tensors themselves, not copies. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.fields, ['added', tensor(this.added, { dtype: 'int32' })]]);
  }

  /** Copies in the state of another replay with the same fields and capacity. It checks everything before it changes anything. */
  loadStateDict(dict: ReadonlyMap<string, Tensor>): void {
    const own = this.stateDict();
    for (const name of new Set([...own.keys(), ...dict.keys()])) {
      const [to, from] = [own.get(name), dict.get(name)];
      if (!to || !from || !sameShape(to.shape, from.shape) || to.dtype !== from.dtype) {
        throw new RangeError(`Replay: ${name} must be ${to ?? 'absent'}, got ${from ?? 'nothing'}`);
      }
    }
    const added = (dict.get('added') as Tensor).item();
    if (added < 0) throw new RangeError(`Replay: added must be from 0, got ${added}`);
    for (const [name, to] of this.fields) to.view().set((dict.get(name) as Tensor).peek());
    this.added = added;
  }

  private check(transitions: Transitions<F>): number {
    expectNames<object>('Replay', transitions, Object.fromEntries(this.fields), 'transitions');
    const [first = ''] = this.fields.keys();
    const count = transitions[first as keyof F]?.shape?.[0] ?? 0;
    for (const [name, store] of this.fields) {
      const given: unknown = transitions[name as keyof F];
      const wanted = [count, ...store.shape.slice(1)];
      if (!(given instanceof Tensor) || !sameShape(given.shape, wanted) || given.dtype !== store.dtype) {
        throw new RangeError(
          `Replay: ${name} must be ${store.dtype} ${show(wanted)}, got ${given === undefined ? 'nothing' : kindOf(given)}`,
        );
      }
    }
    return count;
  }
}
