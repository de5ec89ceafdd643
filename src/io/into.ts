import { assign } from '../nn/buffer.ts';
import { type Module, targetsOf } from '../nn/module.ts';
import { StateMap } from '../nn/state-map.ts';
import { type Plan, scatter } from '../nn/state-plan.ts';
import { expectNames, type Names } from '../tensor/check.ts';
import { outside } from '../tensor/scope.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { empty, kindOf, type Tensor } from '../tensor/tensor.ts';
import { digest as newDigest } from './digest.ts';
import { decode, fitted } from './elements.ts';
import { driven } from './file.ts';
import type { Readable } from './format.ts';
import { type FileContent, type ReadOptions, reading, type Sink } from './reading.ts';
import { type FileSource, sourceOf } from './source.ts';
import { dtypeOf } from './tensors.ts';
import { fail, quote } from './words.ts';

/** Options of {@link loadInto}. */
export interface LoadIntoOptions extends ReadOptions {
  /** Relates names of the file to paths of the module. Default: they are equal. */
  map?: StateMap | undefined;
  /** Whether exactly the module's parameters and buffers must be in the file. Default true. */
  strict?: boolean | undefined;
  /**
   * Whether to collect all tensors beside the module until the whole file has arrived and is valid. Default true. Without it, tensors are
   * written to the module as they arrive, which needs no memory beyond the module's; after an error, such as a lost connection, the module
   * holds some of them.
   */
  staged?: boolean | undefined;
}

const names: Names<LoadIntoOptions> = { map: 0, strict: 0, staged: 0, only: 0, skip: 0, checksum: 0, maximumHeader: 0 };

/** What {@link loadInto} returns of the file, to write another like it. */
export type FileFacts = Pick<FileContent<unknown>, 'metadata' | 'header'>;

/** Bytes per read. */
const PIECE = 2 ** 20;

/**
 * Loads a safetensors file into a module piece by piece, with at most some megabytes of it in JavaScript's memory. Names, shapes and types
 * are compared with the module's before any tensor is read; on an error the module stays as it was.
 *
 * `await loadInto(model, await fetch(url))` in a page, `await loadInto(model, 'model.safetensors', { map: gpt2 })` in Node.
 */
export async function loadInto(module: Module, source: FileSource, options: LoadIntoOptions = {}): Promise<FileFacts> {
  expectNames('loadInto', options, names);
  const { map, strict, staged, ...rest } = options;
  const filling = new Filling(module, map ?? new StateMap([{ from: '**', to: '**' }]), strict ?? true, staged ?? true);
  const from = await sourceOf(source, PIECE);
  try {
    const steps = reading(from.size, rest, filling.sink, (wanted) => {
      filling.begin(wanted);
      wanted.sort(([, a], [, b]) => a.begin - b.begin); // in the order of a stream
      return PIECE;
    });
    const { metadata, header } = await driven(steps, from.read);
    await from.close(filling.complete && !rest.only && !rest.skip);
    filling.finish();
    return { metadata, header };
  } finally {
    filling.drop();
    await from.close(false);
  }
}

/** A module that is being filled. */
class Filling {
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
  /** Whether the whole file is read. */
  complete = false;

  constructor(module: Module, map: StateMap, strict: boolean, staged: boolean) {
    this.module = module;
    this.map = map;
    this.strict = strict;
    this.staged = staged;
  }

  /** Checks that everything fits, allocates the destinations, and removes tensors that are not needed from `wanted`. */
  begin(wanted: [string, Readable][]): void {
    this.plan = this.map.plan(new Map(wanted));
    const { places, shapes, ties, copies } = this.plan;
    this.targets = targetsOf(this.module, new Map<string, unknown>([...shapes, ...copies]), this.strict);
    for (const [name, { dtype }] of wanted) for (const { path } of places.get(name) ?? []) this.expectFits(path, path, dtype);
    for (const [path, other] of copies) this.expectFits(path, other);
    const compared = new Set([...ties].flat());
    const needed = wanted.filter(([name]) => compared.has(name) || places.get(name)?.some(({ path }) => this.targets.has(path)));
    this.complete = needed.length === wanted.length;
    wanted.splice(0, wanted.length, ...needed);
    for (const name of compared) this.digests.set(name, '');
    const taken = new Set<Tensor>();
    for (const [path, to] of this.targets) {
      if (copies.has(path)) continue;
      const own = !this.staged && !taken.has(to);
      taken.add(to);
      this.tensors.set(path, own ? to : outside(() => empty(to.shape, to.dtype)));
    }
  }

  private expectFits(path: string, from: string, type?: string): void {
    const to = this.targets.get(path);
    const shape = this.plan.shapes.get(from) ?? [];
    const dtype = type === undefined ? to?.dtype : dtypeOf(type as Readable['dtype']);
    if (!to || (sameShape(shape, to.shape) && dtype === to.dtype)) return;
    throw new RangeError(`loadInto: ${path} must be ${kindOf(to)}, got ${dtype} ${show(shape)}`);
  }

  /** Takes the bytes of a tensor of the file. */
  readonly sink = (name: string, { dtype, shape }: Readable): Sink<null> => {
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
