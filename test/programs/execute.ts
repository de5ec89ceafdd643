// Runs a program on the package and compares the results with the interpreter.
import type * as Package from '../../src/all.ts';
import { MARGIN, type Node } from './interpreter.ts';
import { type Leaf, type Program, type Refusals, Seed, type Slot, type Step, slotsIn } from './program.ts';

type Tensor = Package.Tensor;
type Values = ReturnType<Tensor['toArray']>;

/** Receives every tensor: its name, itself, and its expected values. */
export type Observe = (name: string, tensor: Tensor, slot: { shape: readonly number[]; dtype: string; nodes: readonly Node[] }) => void;

const name = (slot: Slot) => `x${slot.id}`;

/** Compares a tensor with its expected numbers. Only masked elements may be infinite or NaN. */
export const judge: Observe = (called, tensor, { shape, dtype, nodes }) => {
  if (tensor.dtype !== dtype || tensor.shape.join() !== shape.join())
    throw new Error(`${called} must be ${dtype} [${shape}], got ${tensor.dtype} [${tensor.shape}]`);
  const values = tensor.toArray();
  for (let i = 0; i < nodes.length; i++) {
    const { value, error } = nodes[i] as Node;
    const got = values[i] as number;
    if (Object.is(got, value) || Math.abs(got - value) <= MARGIN * error) continue;
    throw new Error(
      `${called}[${i}] must be ${value} to within ${MARGIN * error}, got ${got} (all: ${[...values].slice(0, 12).join(', ')})`,
    );
  }
};

/** A gradient was refused, which is allowed. The program ends. */
class Refused extends Error {}

export class Execution {
  private readonly from: typeof Package;
  private readonly observe: Observe;
  private readonly counting: boolean;
  private readonly env: Tensor[] = [];
  /** What must not change: the tensor and its numbers, by name. */
  private readonly kept = new Map<string, { tensor: Tensor; values: Values }>();

  /** `counting` is false if others use the memory too, such as workers for their scratch. */
  constructor(from: typeof Package, observe: Observe, counting = true) {
    this.from = from;
    this.observe = observe;
    this.counting = counting;
  }

  run(program: Program): void {
    const { scope, memoryReport, SGD } = this.from;
    const before = memoryReport();
    scope(() => {
      for (const leaf of program.leaves) this.leaf(leaf);
      const trainable = program.leaves.filter((leaf) => leaf.trainable).map(({ slot }) => this.get(slot));
      try {
        for (const steps of program.rounds) this.round(steps, trainable);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
      }
      if (trainable.length > 0) new SGD(trainable).zeroGrad();
    });
    const { blocks, bytes } = memoryReport();
    if (!this.counting) return;
    if (blocks !== before.blocks || bytes !== before.bytes)
      throw new Error(`memory must be as before, got ${blocks - before.blocks} blocks and ${bytes - before.bytes} bytes more`);
  }

  private round(steps: readonly Step[], trainable: readonly Tensor[]): void {
    const { scope, memoryReport } = this.from;
    const grads = () => trainable.filter((x) => x.grad).length;
    const [blocks, had] = [memoryReport().blocks, grads()];
    scope(() => {
      for (const step of steps) this.step(step);
      this.unchanged();
    });
    const more = memoryReport().blocks - blocks - (grads() - had);
    if (this.counting && more !== 0)
      throw new Error(`memory after a scope must hold what it held and the gradients, got ${more} blocks more`);
    for (const [called, { tensor }] of this.kept) if (!tensor.storage.live) this.kept.delete(called);
  }

  private leaf({ slot, values, trainable }: Leaf): void {
    const { tensor, parameter } = this.from;
    const made = tensor(Float64Array.from(values), { shape: slot.shape, dtype: slot.dtype });
    this.put(slot, trainable ? parameter(made) : made);
  }

  private put(slot: Slot, tensor: Tensor): void {
    this.env[slot.id] = tensor;
    this.kept.set(name(slot), { tensor, values: tensor.toArray() });
  }

  private get(slot: Slot): Tensor {
    return this.env[slot.id] as Tensor;
  }

  private step(step: Step): void {
    if (step.kind === 'call') this.call(step, true);
    else if (step.kind === 'block') this.block(step);
    else if (step.kind === 'backward') this.backward(step);
    else if (step.kind === 'grad') this.grad(step);
    else this.optimise(step);
  }

  /** The arguments of a call, with tensors for slots. */
  private given(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Seed) return this.from.key(value.seed);
    if ('nodes' in value) return this.get(value as Slot);
    if (Array.isArray(value)) return value.map((each) => this.given(each));
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.given(each)]));
  }

  private call({ op, args, outs, form }: Step & { kind: 'call' }, look: boolean): void {
    const f = this.from[op as 'add'] as (...args: unknown[]) => unknown;
    const result = f(...args.map((each) => this.given(each)));
    const results =
      form === 'one' ? [result] : form === 'list' ? (result as Tensor[]) : form.map((key) => (result as Record<string, Tensor>)[key]);
    outs.forEach((slot, i) => {
      if (slotsIn(args).includes(slot)) return; // the very tensor it was given
      this.env[slot.id] = results[i] as Tensor;
      if (!look) return;
      this.put(slot, results[i] as Tensor);
      this.observe(`${op} ${name(slot)}`, results[i] as Tensor, slot);
    });
  }

  private block({ block, inputs, locals, body, result, out }: Step & { kind: 'block' }): void {
    const { checkpoint, noGrad, scope, detach } = this.from;
    const inside = () => {
      for (const step of body) this.call(step as Step & { kind: 'call' }, false);
      return this.get(result);
    };
    const bound = (...given: Tensor[]) => {
      locals.forEach((slot, i) => {
        this.env[slot.id] = given[i] as Tensor;
      });
      return inside();
    };
    const y =
      block === 'noGrad'
        ? noGrad(inside)
        : block === 'scope'
          ? detach(scope(inside))
          : checkpoint(
              bound,
              inputs.map((x) => this.get(x)),
            );
    this.put(out, y);
    this.observe(`${block} ${name(out)}`, y, out);
  }

  /** Runs something that may be refused, and checks the message if it is. */
  private refusing<T>({ ops, changed }: Refusals, f: () => T): T {
    try {
      return f();
    } catch (error) {
      const said = error instanceof Error ? error.message : '';
      const byName = [...ops].some((op) => said.startsWith(`${op}: `) && said.includes('first order'));
      if (!byName && !(changed && said.includes('as it was in the forward pass'))) throw error;
      this.unchanged();
      throw new Refused(said);
    }
  }

  private seed(seed: Slot | null): { gradient?: Tensor } {
    return seed ? { gradient: this.get(seed) } : {};
  }

  private backward({ y, seed, expected, refusals }: Step & { kind: 'backward' }): void {
    this.refusing(refusals, () => this.from.backward(this.get(y), this.seed(seed)));
    for (const [{ slot }, nodes] of expected) {
      const { grad } = this.get(slot);
      if (grad) this.observe(`gradient of ${name(slot)}`, grad, { ...slot, nodes });
      else if (nodes.some(({ value }) => value !== 0))
        throw new Error(`gradient of ${name(slot)} must be ${nodes.map(({ value }) => value)}, got none`);
    }
  }

  private grad({ y, seed, xs, createGraph, outs, refusals }: Step & { kind: 'grad' }): void {
    const options = { ...this.seed(seed), createGraph };
    const all = this.refusing(refusals, () =>
      this.from.grad(
        this.get(y),
        xs.map((x) => this.get(x)),
        options,
      ),
    );
    outs.forEach((slot, i) => {
      this.put(slot, all[i] as Tensor);
      this.observe(`grad ${name(slot)} by ${name(xs[i] as Slot)}`, all[i] as Tensor, slot);
    });
  }

  private optimise({ optimiser, lr, leaves, expected }: Step & { kind: 'optimise' }): void {
    const made = new this.from[optimiser](
      leaves.map((slot) => this.get(slot)),
      { lr },
    );
    const state = made.stateDict();
    made.step();
    for (const x of state.values()) x.storage.free();
    leaves.forEach((slot, i) => {
      for (const [called, { tensor }] of this.kept) if (tensor.storage === this.get(slot).storage) this.kept.delete(called);
      this.put(slot, this.get(slot));
      this.observe(`${name(slot)} after ${optimiser}`, this.get(slot), { ...slot, nodes: expected[i] as Node[] });
    });
  }

  private unchanged(): void {
    for (const [called, { tensor, values }] of this.kept) {
      const now = tensor.toArray();
      const at = values.findIndex((value, i) => !Object.is(value, now[i]));
      if (at >= 0) throw new Error(`${called}[${at}] must stay ${values[at]}, got ${now[at]}`);
    }
  }
}
