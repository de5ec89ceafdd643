// What every layer of a loaded model is.

import { Module, param } from '../nn/module.ts';
import { shown } from '../tensor/check.ts';
import { tensor } from '../tensor/create.ts';
import { sameShape, show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Weight } from './weights.ts';

/** A layer as model.json has it, its options in `config`. */
export type Config = Readonly<Record<string, unknown>>;

/** A tensor on its way, and which of its steps are real, bool `[B, T]`. */
export interface Signal {
  /** Batch first, channels last. */
  readonly x: Tensor;
  /** Absent where no layer before masks: every step is real. */
  readonly mask?: Tensor | undefined;
}

/** A layer: from the signals of its inputs to those of its outputs. */
export abstract class Layer extends Module {
  /** One call of the layer in the graph; most have one input and one output. */
  abstract call(inputs: readonly Signal[]): readonly Signal[];
}

/** What a layer is built from. */
export class Parts {
  readonly name: string;
  readonly config: Config;
  private readonly weights: ReadonlyMap<string, Weight>;
  private readonly taken: Set<string>;
  private readonly prefix: string;

  constructor(name: string, config: Config, weights: ReadonlyMap<string, Weight>, taken: Set<string>, prefix = name) {
    this.name = name;
    this.config = config;
    this.weights = weights;
    this.taken = taken;
    this.prefix = prefix;
  }

  /** The same for a layer within this one, whose weights have `part` in their names. */
  within(part: string, config: Config): Parts {
    const own = `${this.prefix}/`;
    const path =
      [...this.weights.keys()]
        .find((each) => each.startsWith(own + part))
        ?.slice(own.length)
        .split('/') ?? [];
    const prefix = path.length > 1 ? own + path[0] : this.prefix; // where weights are not named after it they are the layer's own
    return new Parts(part ? own + part : this.name, config, this.weights, this.taken, prefix);
  }

  /** The weight of this last name. */
  raw(name: string): Weight {
    const path = [...this.weights.keys()].find(
      (each) => each.startsWith(`${this.prefix}/`) && each.split('/').at(-1)?.replace(/:0$/, '') === name,
    );
    const found = path === undefined ? undefined : this.weights.get(path);
    if (!found || path === undefined) throw new Error(`loadLayersModel: ${this.name} must have a weight ${name}, got none`);
    this.taken.add(path);
    return found;
  }

  /** A parameter of this name and shape. */
  parameter(name: string, shape: readonly number[], to?: (values: Float32Array) => Float32Array, as: readonly number[] = shape): Tensor {
    const { values, shape: own } = this.raw(name);
    if (!sameShape(own, shape)) throw new RangeError(`loadLayersModel: ${name} of ${this.name} must be ${show(shape)}, got ${show(own)}`);
    return param(() => tensor(to ? to(values) : values, { shape: [...as] }));
  }

  shape(name: string): readonly number[] {
    return this.raw(name).shape;
  }

  /** A whole number of the options. */
  size(name: string): number {
    return this.expect(name, 'a whole number from 1', (value) => Number.isSafeInteger(value) && (value as number) > 0) as number;
  }

  /** A finite number of the options; `usual` where it is left out. */
  number(name: string, usual: number): number {
    if (this.config[name] === undefined || this.config[name] === null) return usual;
    return this.expect(name, 'a finite number', Number.isFinite) as number;
  }

  flag(name: string, usual: boolean): boolean {
    return (this.config[name] ?? usual) === true;
  }

  /** One number or several of the options, as `count` of them. */
  sizes(name: string, count: number, usual?: number): number[] {
    const value = this.config[name] ?? usual;
    const list = Array.isArray(value) ? value : Array<unknown>(count).fill(value);
    const right = list.length === count && list.every((each) => Number.isSafeInteger(each) && each > 0);
    if (!right) throw new RangeError(`loadLayersModel: ${name} of ${this.name} must be ${count} whole numbers from 1, got ${shown(value)}`);
    return list as number[];
  }

  /** A list of the options: whole numbers, or null where a length is what is left. */
  list(name: string): number[] {
    const holds = (value: unknown) => Array.isArray(value) && value.every((each) => each === null || Number.isSafeInteger(each));
    return this.expect(name, 'a list of whole numbers', holds) as number[];
  }

  private expect(name: string, rule: string, holds: (value: unknown) => boolean): unknown {
    const value = this.config[name];
    if (!holds(value)) throw new RangeError(`loadLayersModel: ${name} of ${this.name} must be ${rule}, got ${shown(value)}`);
    return value;
  }

  /** Refuses an option that would change what the layer computes. */
  never(name: string, ...usual: unknown[]): void {
    const value = this.config[name];
    if (value === undefined || value === null || value === false || usual.includes(value)) return;
    throw new Error(`loadLayersModel: ${name} of ${this.name} must be left out, got ${shown(value)}`);
  }
}

/** `[rows, columns]` turned to `[columns, rows]`. */
export function turned(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number);
}
