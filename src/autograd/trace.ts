import { now } from '../runtime/clock.ts';
import { currentScope, type Storage } from '../runtime/storage.ts';
import { expectSynchronous } from '../runtime/synchronous.ts';
import { type Attributes, observedBy } from '../tensor/observe.ts';
import { noticedBy } from '../tensor/reading.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** An op as it ran. */
export interface TracedCall {
  readonly op: string;
  /** Every tensor that it read, each at its place; `null` where one that may be left out was. {@link rolesOf} knows what each is. */
  readonly inputs: readonly (Tensor | null)[];
  /** All else that it was told: the inputs and these give the same bits again. */
  readonly attributes: Attributes;
  readonly outputs: readonly Tensor[];
}

/** A tensor that ops read and none of them made. */
export interface Constant {
  readonly tensor: Tensor;
  /**
   * `outside`: made before, such as a parameter or an input. `host`: filled by code of `fn` itself, as `tensor(values)` does. `hidden`: made in `fn`
   * by something that records nothing, such as the fused gradient of an op.
   */
  readonly from: 'outside' | 'host' | 'hidden';
  /** Of `host`: what `fn` had last taken to the host before, on which the values may depend; `null` where it had taken nothing. */
  readonly read: Tensor | null;
}

/** Elements that `fn` took to the host: `item`, `toArray`, `view`. What it did with them no op says. */
export interface HostRead {
  readonly tensor: Tensor;
  /** How many calls had been made. */
  readonly after: number;
}

/** What {@link trace} found. */
export interface Trace<T> {
  readonly result: T;
  /** In the order they ran, which is one of dependence. */
  readonly calls: readonly TracedCall[];
  /** In the order in which they were first read. */
  readonly constants: readonly Constant[];
  /** Of what ops of `fn` made and of what there was before. */
  readonly reads: readonly HostRead[];
  /** What ran and has no results that the calls could show: writes where something lies, as into a cache, and gradients. */
  readonly effects: readonly string[];
}

const none: Attributes = {};

/**
 * Runs `fn`, which is synchronous, and says of which ops it is made: each by name with all the tensors it read and its attributes. An op that is
 * composed of others appears as those. Where `reads` and `effects` are empty the calls are all of `fn`, and give the same bits again from
 * the same constants. Tensors that a scope inside `fn` frees stay in the list with shape and type, without values;
 * constants stay until the scope ends in which `trace` was called. What `fn` reads must not change while it runs.
 */
export function trace<T>(fn: () => T): Trace<T> {
  const start = now();
  const owner = currentScope();
  const [calls, constants, reads, effects]: [TracedCall[], Constant[], HostRead[], string[]] = [[], [], [], []];
  const known = new Set<Tensor>(); // made by a call, or a constant already
  const filled = new Map<Storage, Tensor | null>(); // by the host, and what had been read before
  const first: number[] = []; // when each constant was first read
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
          known.delete(tensor); // what an op made the host may have changed: from here on it is the host's
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
    if (tensor.storage.live && tensor.storage.changed(first[i] as number))
      throw new Error(
        `trace: what fn reads must stay as it is while it runs, got a tensor of shape ${show(tensor.shape)} written since (trace a pass, not a step)`,
      );
  });
  return { result, calls, constants, reads, effects };
}
