// Draws a program: a gene is a row of the table with its choices. Every list of genes is a program, since genes that do not fit are
// skipped; so fast-check can remove genes and simplify choices until it finds the smallest failing program.
import type * as Package from '../../src/all.ts';
import { Choices, direction, INAPPLICABLE, type Options, scatter, small } from './choices.ts';
import { constant, cut, gradients, type Node, same, variable } from './interpreter.ts';
import { agree, broadcast, type Plain, type Shape, sizeOf } from './plain.ts';
import {
  type DType,
  type Form,
  type Gene,
  type Leaf,
  type Program,
  type Refusals,
  type Round,
  type Slot,
  type Step,
  slotsIn,
} from './program.ts';

/** An op with its arguments and its computation, or an action between ops. */
export interface Row {
  readonly op: string;
  readonly draw: (d: Draw) => void;
  /** Relative frequency. Default 1. */
  readonly weight?: number;
  /** Does something with the program itself: not inside a block. */
  readonly structure?: boolean;
  /** Whether its gradient may refuse to be differentiated again. */
  readonly refuses?: boolean;
}

/** Keeps values where float32 and the first-order bound are meaningful. */
const LARGEST = 512;
const PRECISION = 2 ** -12;

/** Whether results may share memory with arguments. */
const VIEWS: ReadonlySet<string> = new Set(['reshape', 'detach', 'straightThrough', 'sum', 'einsum', 'select', 'stack']);

const none: ReadonlySet<string> = new Set();

export class Draw extends Choices {
  readonly leaves: Leaf[] = [];
  /** The tensors that a step may use, latest last. */
  visible: Slot[] = [];
  steps: Step[] = [];
  recording = true;
  readonly package: typeof Package;
  private readonly options: Options;
  private readonly table: readonly Row[];
  private row: Row | undefined;
  private queue: Gene[] = [];
  private count = 0;

  constructor(table: readonly Row[], from: typeof Package, options: Options = {}) {
    super(options.sizes ?? small);
    this.table = table;
    this.package = from;
    this.options = options;
  }

  // Tensors.

  /** A new leaf: multiples of 1/32 of the domain's length, exact in float32. */
  fresh(shape: Shape, [low, high]: readonly [number, number] = [-2, 2]): Slot {
    const seed = this.int(64);
    const values = Array.from({ length: sizeOf(shape) }, (_, i) => low + ((high - low) * scatter(seed, i, 33)) / 32);
    return this.leaf(shape, values, 'float32', this.int(4) !== 3);
  }

  leaf(shape: Shape, values: readonly number[], dtype: DType, trainable = false): Slot {
    this.need(values.length <= this.sizes.limit);
    const { moved = 0, error = 0 } = this.options;
    const place = this.leaves.length;
    const nodes = values.map((value, i) => {
      return trainable ? variable(value + moved * direction(place, i), error) : constant(value);
    });
    const slot: Slot = this.slot({ shape, nodes }, { dtype, needs: trainable });
    this.leaves.push({ slot, trainable, values, generations: [nodes], gradient: null });
    return slot;
  }

  private slot(plain: Plain, parts: Partial<Slot>): Slot {
    const slot: Slot = {
      id: this.count++,
      shape: plain.shape,
      nodes: plain.nodes,
      dtype: 'float32',
      needs: false,
      target: true,
      poisoned: false,
      fused: none,
      refusers: none,
      since: -1,
      uses: new Map(),
      views: [],
      ...parts,
    };
    this.visible.push(slot);
    return slot;
  }

  /** A visible float32 tensor that fits, or a new one of a drawn shape. */
  float(fits: (x: Slot) => boolean = () => true, shape: () => Shape = () => this.shape(), domain?: readonly [number, number]): Slot {
    const found = this.visible.filter((x) => x.dtype === 'float32' && !x.poisoned && fits(x)).reverse();
    const i = this.int(found.length + 2);
    const chosen = found[i] ?? this.fresh(shape(), domain);
    this.need(fits(chosen));
    return chosen;
  }

  /** One of `rank` axes, none of them empty. */
  ranked(rank: number): Slot {
    return this.float(
      (x) => x.shape.length === rank && !x.shape.includes(0),
      () => this.shape(rank),
    );
  }

  /** One of exactly this shape: a visible one, another one reshaped, or a new one. */
  like(shape: Shape): Slot {
    const size = sizeOf(shape);
    const found = this.visible.filter((x) => x.dtype === 'float32' && !x.poisoned && x.nodes.length === size).reverse();
    const chosen = found[this.int(found.length + 2)];
    if (!chosen) return this.fresh(shape);
    return agree(chosen.shape, shape) ? chosen : this.call('reshape', [chosen, shape], { shape, nodes: chosen.nodes });
  }

  /** A second operand that broadcasts with the first. */
  partner(shape: Shape): Slot {
    const fits = (x: Slot) => {
      const all = broadcast(shape, x.shape);
      return all !== undefined && sizeOf(all) <= this.sizes.limit;
    };
    return this.float(fits, () => this.stretchable(shape));
  }

  /** A bool tensor that broadcasts to a shape. */
  mask(shape: Shape): Slot {
    const fits = (x: Slot) => x.dtype === 'bool' && agree(broadcast(x.shape, shape) ?? [-1], shape);
    const found = this.visible.filter(fits).reverse();
    const known = found[this.int(found.length + 2)];
    if (known) return known;
    const [own, seed] = [this.stretchable(shape), this.int(64)];
    return this.leaf(
      own,
      Array.from({ length: sizeOf(own) }, (_, i) => (scatter(seed, i, 3) > 0 ? 1 : 0)),
      'bool',
    );
  }

  /** An int32 tensor of a shape with values in [low, high). */
  index(shape: Shape, high: number, low = 0): Slot {
    this.need(high > low || sizeOf(shape) === 0);
    const within = ({ value }: Node) => value >= low && value < high;
    const found = this.visible.filter((x) => x.dtype === 'int32' && agree(x.shape, shape) && x.nodes.every(within)).reverse();
    const known = found[this.int(found.length + 2)];
    if (known) return known;
    const seed = this.int(64);
    return this.leaf(
      shape,
      Array.from({ length: sizeOf(shape) }, (_, i) => low + scatter(seed, i, high - low)),
      'int32',
    );
  }

  // Steps.

  /** A call with one result. */
  call(op: string, args: readonly unknown[], result: Plain, parts: Partial<Slot> = {}): Slot {
    return this.calls(op, args, [result], 'one', parts)[0] as Slot;
  }

  /** A call with one or more results. A result that is a slot means that the package returns that very tensor. */
  calls(op: string, args: readonly unknown[], results: readonly Plain[], form: Form, parts: Partial<Slot> = {}): Slot[] {
    const inputs = slotsIn(args);
    const views = VIEWS.has(op) ? this.viewed(inputs) : [];
    const outs = results.map((result) => this.out(result, inputs, { ...parts, views }));
    this.steps.push({ kind: 'call', op, args, outs, form });
    return outs;
  }

  /** Numbers that the package draws, taken as given. */
  given(f: (from: typeof Package) => Package.Tensor): number[] {
    return [...this.package.scope(() => f(this.package).toArray())];
  }

  /** Gives each result nodes of its own: no result is made of another, even if their equations share terms. */
  out(result: Plain, inputs: readonly Slot[], parts: Partial<Slot> = {}): Slot {
    const { dtype = 'float32', poisoned = false } = parts;
    this.need(result.nodes.length <= this.sizes.limit);
    if (dtype === 'float32' && !poisoned) for (const { value, error } of result.nodes) this.need(sound(value, error));
    if ('id' in result) return result as Slot;
    const recorded = this.recording && dtype === 'float32';
    const needs = parts.needs ?? (recorded && inputs.some((x) => x.needs));
    const nodes = result.nodes.map((x) => (!needs ? cut(x) : x.needs ? same(x) : variable(x.value, x.error)));
    const past = recorded && parts.needs !== false ? this.pastOf(inputs) : {};
    return this.slot({ shape: result.shape, nodes }, { ...past, ...parts, needs });
  }

  /** The leaves whose memory views of these share. */
  viewed(inputs: readonly Slot[]): Slot[] {
    return inputs.flatMap((x) => (this.isLeaf(x) ? [x] : x.views));
  }

  isLeaf(x: Slot): boolean {
    return this.leaves.some(({ slot }) => slot === x);
  }

  private pastOf(inputs: readonly Slot[]): Partial<Slot> {
    const uses = new Map<Slot, readonly Node[]>();
    const note = (leaf: Slot, nodes: readonly Node[]) => uses.set(leaf, uses.has(leaf) && uses.get(leaf) !== nodes ? [] : nodes);
    for (const x of inputs) {
      for (const [leaf, nodes] of x.uses) if (x.needs) note(leaf, nodes);
      for (const leaf of this.viewed([x])) if (leaf.needs) note(leaf, leaf.nodes); // even a constant may share a parameter's memory
    }
    const own = this.row?.refuses ? [this.row.op] : [];
    return {
      since: Math.max(...inputs.map((x) => x.since)),
      uses,
      fused: new Set([...inputs.flatMap((x) => [...x.fused]), ...own]),
      refusers: new Set(inputs.flatMap((x) => [...x.refusers])),
    };
  }

  /** The reasons for which a gradient of y may be refused. */
  refusals(y: Slot): Refusals {
    return { ops: y.refusers, changed: [...y.uses].some(([leaf, nodes]) => leaf.nodes !== nodes) };
  }

  /** `∂⟨seed, y⟩/∂x` of each tensor x. */
  gradients(y: Slot, seed: Slot | null, xs: readonly (readonly Node[])[]): Node[][] {
    const seeds = seed?.nodes ?? y.nodes.map(() => constant(1));
    const flat = gradients(y.nodes, seeds, xs.flat());
    return xs.map((x) => flat.splice(0, x.length));
  }

  // Programs.

  /** Takes the next genes, as many as there are. */
  take(count: number): void {
    for (const gene of this.queue.splice(0, count)) this.apply(gene, true);
  }

  private apply({ row: at, choices }: Gene, inside = false): void {
    const row = this.table[at % this.table.length] as Row;
    if (!inside || !row.structure) this.attempt(row, choices);
  }

  private attempt(row: Row, choices: readonly number[]): void {
    const before = { row: this.row, choices: this.choices, chosen: this.chosen };
    const [leaves, visible, steps, recording] = [this.leaves.length, [...this.visible], this.steps, this.recording];
    const length = steps.length;
    const gradients = this.leaves.map(({ gradient }) => gradient);
    [this.row, this.choices, this.chosen] = [row, choices, 0];
    try {
      row.draw(this);
    } catch (error) {
      if (error !== INAPPLICABLE) throw error;
      this.leaves.length = leaves;
      gradients.forEach((gradient, i) => {
        (this.leaves[i] as Leaf).gradient = gradient;
      });
      [this.visible, this.steps, this.recording] = [visible, steps, recording];
      steps.length = length;
    }
    Object.assign(this, before);
  }

  program(rounds: readonly Round[], endings: readonly Row[]): Program {
    const done = rounds.map(({ genes, ending: choices }) => {
      this.steps = [];
      this.visible = this.leaves.map(({ slot }) => slot);
      this.queue = [...genes];
      for (let gene = this.queue.shift(); gene; gene = this.queue.shift()) this.apply(gene);
      if (choices.length > 0) for (const row of endings) this.attempt(row, choices);
      return this.steps;
    });
    return { leaves: this.leaves, rounds: done };
  }
}

const sound = (value: number, error: number) => Math.abs(value) <= LARGEST && error <= PRECISION * Math.max(1, Math.abs(value));
