// A module that is filled with what files hold, as it comes.

import { assign } from '../nn/buffer.ts';
import { type Module, targetsOf } from '../nn/module.ts';
import { StateMap } from '../nn/state-map.ts';
import { type Plan, scatter } from '../nn/state-plan.ts';
import { outside } from '../tensor/scope.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { empty, kindOf, type Tensor } from '../tensor/tensor.ts';
import { digest as newDigest } from './digest.ts';
import { decode, fitted } from './elements.ts';
import type { Readable } from './format.ts';
import type { Sink } from './reading.ts';
import type { FileEntry } from './safetensors.ts';
import { dtypeOf } from './tensors.ts';
import { fail, quote } from './words.ts';

/** How a module is filled. */
export interface FillingOptions {
  /** The names of the files for those of the module. Default: they are the same. */
  map?: StateMap | undefined;
  /** Whether exactly the module's parameters and buffers must be in the file. Default true. */
  strict?: boolean | undefined;
  /** Whether what is read waits beside the module until all of it has come and is right. Default true. */
  staged?: boolean | undefined;
  /** Takes what the map leaves out, as it lies in the files. Default: it is passed over. */
  kept?: Map<string, FileEntry> | undefined;
}

/** A module that is being filled. */
export class Filling {
  private readonly module: Module;
  private readonly map: StateMap;
  private readonly strict: boolean;
  private readonly staged: boolean;
  private plan: Plan = { places: new Map(), shapes: new Map(), ties: new Map(), copies: new Map() };
  /** The module's own tensors, by the paths that the file gives. */
  private targets = new Map<string, Tensor>();
  /** The destination of each: beside the module or in it. */
  private readonly tensors = new Map<string, Tensor>();
  /** Digests of tensors that repeat others, and of those others. */
  private readonly digests = new Map<string, string>();
  /** What is read though it has no place in the module, by name. */
  private readonly kept: Map<string, FileEntry> | undefined;

  constructor(module: Module, options: FillingOptions) {
    this.module = module;
    this.map = options.map ?? new StateMap([{ from: '**', to: '**' }]);
    this.strict = options.strict ?? true;
    this.staged = options.staged ?? true;
    this.kept = options.kept;
  }

  /** Checks that everything fits, makes room, and says which names are to be read. */
  begin(wanted: readonly (readonly [string, Readable])[]): Set<string> {
    this.plan = this.map.plan(new Map(wanted));
    const { places, shapes, ties, copies } = this.plan;
    this.targets = targetsOf(this.module, new Map<string, unknown>([...shapes, ...copies]), this.strict);
    for (const [name, { dtype }] of wanted) for (const { path } of places.get(name) ?? []) this.expectFits(path, path, dtype);
    for (const [path, other] of copies) this.expectFits(path, other);
    const compared = new Set([...ties].flat());
    const needs = (name: string) =>
      compared.has(name) || (places.get(name)?.some(({ path }) => this.targets.has(path)) ?? this.kept !== undefined);
    for (const name of compared) this.digests.set(name, '');
    const taken = new Set<Tensor>();
    for (const [path, to] of this.targets) {
      if (copies.has(path)) continue;
      const own = !this.staged && !taken.has(to);
      taken.add(to);
      this.tensors.set(path, own ? to : outside(() => empty(to.shape, to.dtype)));
    }
    return new Set(wanted.map(([name]) => name).filter(needs));
  }

  private expectFits(path: string, from: string, type?: string): void {
    const to = this.targets.get(path);
    const shape = this.plan.shapes.get(from) ?? [];
    const dtype = type === undefined ? to?.dtype : dtypeOf(type as Readable['dtype']);
    if (!to || (sameShape(shape, to.shape) && dtype === to.dtype)) return;
    throw new RangeError(`loadInto: ${path} must be ${kindOf(to)}, got ${dtype} ${show(shape)}`);
  }

  /** Takes the bytes of a tensor of the file. */
  readonly sink = (name: string, layout: Readable): Sink<null> => {
    const { dtype, shape } = layout;
    if (this.kept && !this.plan.places.has(name) && !this.digests.has(name)) return keeping(this.kept, name, layout);
    const places = (this.plan.places.get(name) ?? []).filter(({ path }) => this.tensors.has(path));
    const digest = this.digests.has(name) ? newDigest() : undefined;
    let at = 0;
    return {
      put: (bytes) => {
        digest?.update(bytes);
        const elements = fitted(name, decode(name, dtype, bytes));
        for (const place of places) {
          const to = this.tensors.get(place.path) as Tensor;
          if (!this.staged) to.storage.touch();
          if (place.whole) to.peek().set(elements, at);
          else scatter(elements as Float32Array, at, shape, place, to.peek());
        }
        at += elements.length;
      },
      take: () => {
        if (digest) this.digests.set(name, digest.hex());
        return null;
      },
    };
  };

  /** Ends the load: compares tensors that must be equal and copies the collected ones. */
  finish(): void {
    for (const [name, other] of this.plan.ties)
      if (this.digests.get(name) !== this.digests.get(other)) fail(`${quote(name)} must hold the same as ${quote(other)}`, 'other bytes');
    for (const [path, other] of this.plan.copies) {
      const x = this.tensors.get(other);
      if (x && this.targets.has(path)) this.tensors.set(path, x);
    }
    const { module, strict, staged } = this;
    if (staged) module.loadStateDict(this.tensors, { strict });
    else this.settle();
  }

  /** Tensors written in place are kept; a collected one is a further path of the same parameter, or gets copied. */
  private settle(): void {
    const written = new Set([...this.targets].filter(([path, to]) => this.tensors.get(path) === to).map(([, to]) => to));
    for (const [path, to] of this.targets) {
      const x = this.tensors.get(path) as Tensor;
      const values = to.peek();
      if (!written.has(to)) assign(to, x);
      else if (x !== to && !x.peek().every((value, i) => Object.is(value, values[i])))
        throw new Error(`loadInto: ${path} must hold the same as the path it is tied to, got other values`);
    }
  }

  /** Frees the collected tensors. */
  drop(): void {
    const own = new Set(this.targets.values());
    for (const x of this.tensors.values()) if (!own.has(x)) x.storage.free();
  }
}

/** Takes the bytes of a tensor as they are. */
function keeping(kept: Map<string, FileEntry>, name: string, { dtype, shape, begin, end }: Readable): Sink<null> {
  const all = new Uint8Array(end - begin);
  let at = 0;
  return {
    put(bytes) {
      all.set(bytes, at);
      at += bytes.length;
    },
    take() {
      kept.set(name, { dtype, shape, bytes: all });
      return null;
    },
  };
}
