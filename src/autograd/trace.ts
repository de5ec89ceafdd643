import { now } from '../runtime/clock.ts';
import { currentScope, type Storage } from '../runtime/storage.ts';
import { expectSynchronous } from '../runtime/synchronous.ts';
import { isFunction } from '../tensor/check.ts';
import { type Attributes, observedBy } from '../tensor/observe.ts';
import { noticedBy } from '../tensor/reading.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** One call of an op. */
export interface TracedCall {
  /** Name of the op. */
  readonly op: string;
  /** Every tensor that it read, in order; `null` for an optional one that was absent. {@link rolesOf} names them. */
  readonly inputs: readonly (Tensor | null)[];
  /** All its other arguments: with the inputs they determine the bits of the result. */
  readonly attributes: Attributes;
  /** Its results. */
  readonly outputs: readonly Tensor[];
}

/** A tensor that ops read but none of them made. */
export interface Constant {
  /** The tensor itself. */
  readonly tensor: Tensor;
  /**
   * `outside`: made before, such as a parameter or an input. `host`: filled by code of `fn` itself, as by `tensor(values)`. `hidden`: made
   * in `fn` by something that is not recorded, such as the fused gradient of an op.
   */
  readonly from: 'outside' | 'host' | 'hidden';
  /** For `host`: the last read to the host before it was filled, on which its values may depend; `null` if there was none. */
  readonly read: Tensor | null;
}

/** Elements that `fn` read to the host by `item`, `toArray` or `view`. No op records what it did with them. */
export interface HostRead {
  /** The tensor that was read. */
  readonly tensor: Tensor;
  /** The number of calls before it. */
  readonly after: number;
}

/** The result of {@link trace}. */
export interface Trace<T> {
  /** The return value of the function. */
  readonly result: T;
  /** In execution order, which is also an order of dependence. */
  readonly calls: readonly TracedCall[];
  /** In the order of their first use. */
  readonly constants: readonly Constant[];
  /** Reads of tensors that ops of `fn` made or that existed before. */
  readonly reads: readonly HostRead[];
  /** Effects that are not results of calls: writes in place, as into a cache, and gradients. */
  readonly effects: readonly string[];
}

const none: Attributes = {};

/**
 * Runs `fn`, which is synchronous, and lists its ops: each by name with all the tensors it read and its attributes. An op that is composed
 * of others appears as those. If `reads` and `effects` are empty, the calls describe all of `fn` and give the same bits again from the same
 * constants. Tensors that a scope inside `fn` frees stay in the list with shape and type but without values; constants stay until the scope
 * ends in which `trace` was called. What `fn` reads must not change while it runs.
 */
export function trace<T>(fn: () => T): Trace<T> {
  isFunction('trace', 'fn', fn);
  const start = now();
  const owner = currentScope();
  const [calls, constants, reads, effects]: [TracedCall[], Constant[], HostRead[], string[]] = [[], [], [], []];
  const known = new Set<Tensor>(); // results of calls, and known constants
  const filled = new Map<Storage, Tensor | null>(); // filled by the host, with the read before
  const first: number[] = []; // the first use of each constant
  let last: Tensor | null = null;

  const meet = (tensor: Tensor) => {
    if (known.has(tensor)) return;
    known.add(tensor);
    const { storage } = tensor;
    const from = storage.made <= start ? 'outside' : filled.has(storage) ? 'host' : 'hidden';
    constants.push({ tensor, from, read: filled.get(storage) ?? null });
    first.push(now());
    if (storage.made > start) storage.moveTo(owner);
  };

  const result = noticedBy(
    (x, written) => {
      const tensor = x as Tensor;
      if (tensor.storage.made > start && !known.has(tensor)) filled.set(tensor.storage, last);
      else {
        reads.push({ tensor, after: calls.length });
        last = tensor;
        if (written && calls.some(({ outputs }) => outputs.includes(tensor))) {
          known.delete(tensor); // the host may have changed an op's result: from here on it counts as the host's
          filled.set(tensor.storage, tensor);
        }
      }
    },
    () =>
      observedBy((op, outputs, { inputs, attributes = none }) => {
        if (outputs.length === 0) {
          effects.push(op);
          return;
        }
        for (const x of inputs) if (x) meet(x);
        calls.push({ op, inputs: inputs.map((x) => x ?? null), attributes, outputs: [...outputs] });
        for (const y of outputs) known.add(y);
      }, fn),
  );
  expectSynchronous('trace', result);
  constants.forEach(({ tensor }, i) => {
    expectUnchanged(tensor, first[i] as number);
  });
  return { result, calls, constants, reads, effects };
}

/** Refuses a constant that was written to after its first use. */
function expectUnchanged({ storage, shape }: Tensor, since: number): void {
  if (storage.live && storage.changed(since))
    throw new Error(
      `trace: what fn reads must stay as it is while it runs, got a tensor of shape ${show(shape)} written since (trace a pass, not a step)`,
    );
}
