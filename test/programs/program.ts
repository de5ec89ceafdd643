// What a program is: leaves, and rounds of steps over numbered tensors, each with what the interpreter expects.
import type { Node } from './interpreter.ts';
import type { Plain } from './plain.ts';

export type DType = 'float32' | 'int32' | 'bool';

/** A tensor of a program. */
export interface Slot extends Plain {
  readonly id: number;
  readonly dtype: DType;
  /** Leaves change their numbers at an optimiser's step; nothing else does. */
  nodes: readonly Node[];
  /** Whether gradients flow to or through it. */
  readonly needs: boolean;
  /** Whether `grad` may be asked for its gradient: false for gradients, of which two may be one tensor. */
  readonly target: boolean;
  /** Holds what is not finite, behind a mask. */
  readonly poisoned: boolean;
  /** Ops it was made by whose gradient may refuse to be differentiated again. */
  readonly fused: ReadonlySet<string>;
  /** Ops whose gradient it was made by, and which may refuse. */
  readonly refusers: ReadonlySet<string>;
  /**
   * The latest gradient that it was made of. What its formula reads of earlier results is the package's choice, hence a gradient by one of those
   * is not defined; by a leaf, or by what came later, it is.
   */
  readonly since: number;
  /** The leaves it was made of, each as it was then. */
  readonly uses: ReadonlyMap<Slot, readonly Node[]>;
  /** Leaves in whose memory it may lie. */
  readonly views: readonly Slot[];
}

export interface Leaf {
  readonly slot: Slot;
  readonly trainable: boolean;
  readonly values: readonly number[];
  /** All that its numbers have been. */
  readonly generations: Node[][];
  /** What `grad` holds. */
  gradient: readonly Node[] | null;
}

/** A row of the table and what it chooses. */
export interface Gene {
  readonly row: number;
  readonly choices: readonly number[];
}

/** Genes that share a scope, and how it ends. */
export interface Round {
  readonly genes: readonly Gene[];
  readonly ending: readonly number[];
}

/** A key in the arguments of a call. */
export class Seed {
  readonly seed: number;
  constructor(seed: number) {
    this.seed = seed;
  }
}

/** Why a gradient may be refused: the ops that may say that they are of first order, or the leaves that changed since. */
export interface Refusals {
  readonly ops: ReadonlySet<string>;
  readonly changed: boolean;
}

/** One tensor, a list of them, or an object by name. */
export type Form = 'one' | 'list' | readonly string[];

export type Step =
  | { kind: 'call'; op: string; args: readonly unknown[]; outs: readonly Slot[]; form: Form }
  | { kind: 'block'; block: Block; inputs: readonly Slot[]; locals: readonly Slot[]; body: readonly Step[]; result: Slot; out: Slot }
  | { kind: 'backward'; y: Slot; seed: Slot | null; expected: readonly [Leaf, readonly Node[]][]; refusals: Refusals }
  | { kind: 'grad'; y: Slot; seed: Slot | null; xs: readonly Slot[]; createGraph: boolean; outs: readonly Slot[]; refusals: Refusals }
  | { kind: 'optimise'; optimiser: 'SGD' | 'Adam'; lr: number; leaves: readonly Slot[]; expected: readonly (readonly Node[])[] };

export type Block = 'checkpoint' | 'noGrad' | 'scope';

export interface Program {
  readonly leaves: readonly Leaf[];
  readonly rounds: readonly (readonly Step[])[];
}

/** The tensors among the arguments of a call. */
export function slotsIn(value: unknown, found: Slot[] = []): Slot[] {
  if (typeof value !== 'object' || value === null || value instanceof Seed) return found;
  if ('nodes' in value) found.push(value as Slot);
  else for (const key in value) slotsIn(value[key as never], found);
  return found;
}
