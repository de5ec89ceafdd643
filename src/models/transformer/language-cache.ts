// What a language model keeps of the texts so far.

import { KeyValueCache, orderOf } from '../../attention/cache.ts';
import { expectMap } from '../../nn/fit.ts';
import type { RowState } from '../../nn/state.ts';
import { expectSizes, isSize } from '../../tensor/check.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/**
 * The keys and values of every layer of a {@link LanguageModel} for the texts so far. A value: to go on from one gives another and changes none, so
 * that a prompt may be shared by many texts, a text taken back, a search go on from any of them, and a chat be saved and loaded.
 */
export class LanguageModelCache implements RowState {
  /** Of each layer, first layer first. */
  readonly layers: readonly KeyValueCache[];

  constructor(layers: readonly KeyValueCache[]) {
    this.layers = layers;
  }

  /** A cache of `rows` texts without tokens. */
  static empty(layers: number, rows: number): LanguageModelCache {
    expectSizes('LanguageModelCache', { layers, rows }, isSize);
    return new LanguageModelCache(Array.from({ length: layers }, () => KeyValueCache.empty(rows)));
  }

  /** The cache whose {@link stateDict} this is. */
  static from(dict: ReadonlyMap<string, Tensor>): LanguageModelCache {
    expectMap(dict);
    const layers: Map<string, Tensor>[] = [];
    for (const [path, x] of dict) {
      const [, layer, name] = /^layers\.(\d{1,4})\.(keys|values|lengths)$/.exec(path) ?? [];
      if (layer === undefined) throw new RangeError(`LanguageModelCache: names must be layers.N.keys, .values and .lengths, got ${path}`);
      const own = layers[Number(layer)] ?? new Map<string, Tensor>();
      layers[Number(layer)] = own.set(name as string, x);
    }
    if (layers.length === 0) throw new RangeError('LanguageModelCache: dict must hold a layer, got none');
    const all = Array.from(layers, (layer) => KeyValueCache.from(layer ?? new Map()));
    const told = all.map(({ lengths }) => String(lengths));
    const other = told.findIndex((lengths) => lengths !== told[0]);
    if (other > 0)
      throw new RangeError(`LanguageModelCache: layers must be of one text, got lengths ${told[0]} and in layer ${other} ${told[other]}`);
    return new LanguageModelCache(all);
  }

  /** How many tokens each text has. */
  get lengths(): readonly number[] {
    return this.layers[0]?.lengths ?? [];
  }

  /** Tokens of the longest text. */
  get length(): number {
    return this.layers[0]?.length ?? 0;
  }

  get rows(): number {
    return this.lengths.length;
  }

  /** The first `count` tokens of each text, or fewer if it has fewer. */
  cropped(count: number): LanguageModelCache {
    return this.mapped((layer) => layer.cropped(count));
  }

  /** The texts that `order` names, in that order; a text may come several times. */
  selected(order: readonly number[]): LanguageModelCache {
    return this.takeRows(orderOf(order));
  }

  takeRows(order: Tensor): LanguageModelCache {
    return this.mapped((layer) => layer.takeRows(order));
  }

  mergeRows(real: Tensor, before: LanguageModelCache): LanguageModelCache {
    return this.mapped((layer, i) => layer.mergeRows(real, before.layers[i] as KeyValueCache));
  }

  tensors(): readonly Tensor[] {
    return this.layers.flatMap((layer) => layer.tensors());
  }

  /** Tensors to be saved, `layers.N.keys`, `.values` and `.lengths`. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.layers.flatMap((layer, i) => Array.from(layer.stateDict(), ([name, x]) => [`layers.${i}.${name}`, x] as const)));
  }

  private mapped(f: (layer: KeyValueCache, i: number) => KeyValueCache): LanguageModelCache {
    return new LanguageModelCache(this.layers.map(f));
  }
}
