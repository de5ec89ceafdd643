import { expectFits, expectMap, expectSamePaths } from '../../nn/fit.ts';
import { shown } from '../../tensor/check.ts';
import { tensor } from '../../tensor/create.ts';
import { scope } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { expectWithin, fromWords, toWords } from './numbers.ts';
import { type AnyOptimizer, expectGradient } from './optimizer.ts';

/**
 * Several optimisers, each over parameters of its own, under one step, one rate and one state: Muon for the matrices within a model and AdamW for the
 * rest. `lr` is the first one's; the others keep their ratios to it, so that a schedule multiplies the rates of all alike. Paths begin
 * with the optimiser's number: `1.symbols.weight`.
 */
export class Optimizers implements AnyOptimizer {
  /** In their order. */
  readonly all: readonly AnyOptimizer[];
  readonly #ratios: readonly number[];

  constructor(all: readonly AnyOptimizer[]) {
    const optimisers = Array.isArray(all) ? [...(all as readonly AnyOptimizer[])] : [];
    if (optimisers.length === 0 || optimisers.some((one) => typeof Object(one).prepareStateDict !== 'function'))
      throw new TypeError(`Optimizers: all must be optimisers in a list, got ${shown(all)}`);
    const seen = new Set<Tensor>();
    for (const [path, parameter] of optimisers.flatMap((one) => [...one.parameters])) {
      if (seen.has(parameter)) throw new RangeError(`Optimizers: each parameter must be in one optimiser, got ${path} in two`);
      seen.add(parameter);
    }
    const [first] = optimisers as [AnyOptimizer];
    this.all = optimisers;
    this.#ratios = optimisers.map((one) => (one.lr === first.lr ? 1 : one.lr / first.lr));
    for (const ratio of this.#ratios) expectWithin('Optimizers', "ratio of an optimiser's lr to the first one's", ratio, 0);
  }

  get lr(): number {
    return (this.all[0] as AnyOptimizer).lr;
  }

  set lr(value: number) {
    expectWithin('optimizer', 'lr', value, 0);
    for (const [i, one] of this.all.entries()) one.lr = value * (this.#ratios[i] as number);
  }

  get parameters(): Map<string, Tensor> {
    return this.#joined((one) => one.parameters);
  }

  step(): void {
    for (const [path, parameter] of this.parameters) expectGradient(path, parameter);
    for (const one of this.all) one.step();
  }

  zeroGrad(): void {
    for (const one of this.all) one.zeroGrad();
  }

  /** Each one's state, and its rate in that of the first as `1.ratio`, two int32 words of a float64, low word first. */
  stateDict(): Map<string, Tensor> {
    return new Map([
      ...this.#joined((one) => one.stateDict()),
      ...this.#ratios.map((ratio, i) => [`${i}.ratio`, tensor(toWords(ratio))] as const),
    ]);
  }

  loadStateDict(dict: ReadonlyMap<string, Tensor>): void {
    this.prepareStateDict(dict)();
  }

  prepareStateDict(dict: ReadonlyMap<string, Tensor>): () => void {
    expectMap(dict);
    scope(() => {
      const own = this.stateDict();
      expectSamePaths("entries must be the Optimizers'", dict, own);
      for (const [path, to] of own) expectFits('loadStateDict', path, dict.get(path), to);
    });
    const loads = this.all.map((one, i) => {
      const start = `${i}.`;
      const own = new Map(
        Array.from(dict).flatMap(([path, x]) => (path.startsWith(start) ? [[path.slice(start.length), x] as const] : [])),
      );
      const saved = fromWords((own.get('ratio') as Tensor).toArray());
      const ratio = this.#ratios[i] as number;
      if (!Object.is(saved, ratio)) throw new RangeError(`loadStateDict: ${start}ratio must be this optimiser's ${ratio}, got ${saved}`);
      own.delete('ratio');
      return one.prepareStateDict(own);
    });
    return () => {
      for (const load of loads) load();
    };
  }

  #joined(of: (one: AnyOptimizer) => Map<string, Tensor>): Map<string, Tensor> {
    return new Map(this.all.flatMap((one, i) => Array.from(of(one), ([path, x]) => [`${i}.${path}`, x] as const)));
  }
}
