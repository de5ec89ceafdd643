// The choices of a gene: whole numbers, and what they select. The first choice is the simplest, so shrinking moves towards it.
import { apart, type Node } from './interpreter.ts';
import { type Plain, type Shape, sizeOf } from './plain.ts';

/** The maximal size of tensors. */
export interface Sizes {
  readonly lengths: readonly number[];
  readonly limit: number;
}

export const small: Sizes = { lengths: [2, 3, 1, 4, 2, 3, 1, 5, 2, 3, 1, 2, 3, 2, 1, 3, 2, 0], limit: 64 };
export const large: Sizes = { lengths: [8, 17, 4, 33, 12, 5, 64, 1, 20], limit: 1500 };

/** How programs are drawn. */
export interface Options {
  readonly sizes?: Sizes;
  /** Leaves move by this much along a direction, for central differences. */
  readonly moved?: number;
  /** The assumed error of leaves, so that kinks stay that far away. */
  readonly error?: number;
}

/** The direction in which leaves move. */
export const direction = (leaf: number, i: number) => ((leaf * 37 + i * 61) % 64) / 32 - 1;

/** Thrown where a row does not fit. */
export const INAPPLICABLE = Symbol('inapplicable');

export class Choices {
  readonly sizes: Sizes;
  protected choices: readonly number[] = [];
  protected chosen = 0;

  constructor(sizes: Sizes) {
    this.sizes = sizes;
  }

  /** A whole number below n. */
  int(n: number): number {
    return (this.choices[this.chosen++] ?? 0) % n;
  }

  flag(): boolean {
    return this.int(2) === 1;
  }

  pick<T>(list: readonly T[]): T {
    this.need(list.length > 0);
    return list[this.int(list.length)] as T;
  }

  /** Gives up the row unless its condition holds. */
  need(condition: boolean): void {
    if (!condition) throw INAPPLICABLE;
  }

  /** Gives up if float32 may order two numbers differently. */
  apart(a: Node, b: Node): void {
    this.need(apart(a, b));
  }

  length(): number {
    return this.pick(this.sizes.lengths);
  }

  shape(rank = this.pick([2, 1, 3, 2, 0, 4, 5, 1, 3])): Shape {
    const shape = Array.from({ length: rank }, () => this.length());
    while (sizeOf(shape) > this.sizes.limit) {
      const longest = Math.max(...shape);
      shape[shape.indexOf(longest)] = Math.ceil(longest / 2);
    }
    return shape;
  }

  axis(x: Plain): number {
    this.need(x.shape.length > 0);
    return this.int(x.shape.length);
  }

  /** An axis counted from the start or from the end. */
  signed(axis: number, rank: number): number {
    return this.flag() ? axis - rank : axis;
  }

  /** A shape that broadcasts to another: with axes of length 1, and leading ones left out. */
  stretchable(shape: Shape): Shape {
    const ones = this.int(2 ** shape.length);
    const kept = shape.map((length, axis) => ((ones >> axis) & 1 ? 1 : length));
    return kept.slice(this.pick([0, 0, 1, 2]));
  }
}

/** A pseudo-random number below n. */
export const scatter = (seed: number, i: number, n: number) => {
  let x = Math.imul(seed * 1009 + i + 1, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
  return ((x ^ (x >>> 13)) >>> 0) % n;
};
