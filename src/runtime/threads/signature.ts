// How a call can be cut, as far as the kernel's signature implies it. Addresses come first, then lengths, then other numbers.

/** Elements in a cache line: no two threads write to the same one. */
export const LINE = 16;

/** A number of elements, as a value or an argument; a list is their product. */
type Amount<N extends string> = number | N | readonly (number | N)[];

/** One way to cut: along an argument that counts outputs. */
export interface Axis<N extends string> {
  along: N;
  /** The kernel handles units from this argument up to `along`; nothing else changes. */
  from?: N;
  /** Elements by which an address advances per unit; an absent operand (address 0) stays. */
  steps?: Partial<Record<N, Amount<N>>>;
  /** Numbers that advance with each unit but are not addresses. */
  counters?: readonly N[];
  /** Pieces begin at multiples of this. Default 1. */
  multiple?: number;
  /** Fewest units worth a piece. */
  least?: number;
  /** Lengths that must be 1, because `out` is dense and these are outer axes. */
  alone?: readonly N[];
}

/** What a signature implies: the arguments whose product is the work, the number of arrays read or written, and the cuts. */
interface Implied {
  factors: readonly string[];
  arrays: number;
  axes: readonly Axis<string>[];
}

/** Whether a parameter of this name is the address of scratch. */
export const isRoom = (name: string): boolean => /^(scratch|work|workspace)$|(Scratch|Workspace)$/.test(name);

/** Names that are lengths in every signature: `m`, `k` and `inner` are arrays in some. */
const LENGTH = /^(n\d?|batch|columns|count|depth|from|heads|hidden|keys|outer|queries|rows|to|\w*[wW]idth|\w*Stride)$/;
const OPERAND = /^(a|b|g|index|input|logits|mask|p|q|x|y)$/;
const FOUR = ['n0', 'n1', 'n2', 'n3'];

const before = (names: readonly string[], kind: RegExp) => {
  const first = names.findIndex((name) => kind.test(name));
  return first < 0 ? names.length : first;
};

/** How many of the first arguments may be addresses. */
export const addressesOf = (names: readonly string[]) => before(names, LENGTH);

/** How many of the first arguments may be addresses of results. */
export const resultsOf = (names: readonly string[]) => before(names, OPERAND);

/** `(arrays…, n, numbers…)`: each array has n elements. A number `start` counts them across all calls. */
function elementwise(names: readonly string[]): Implied | undefined {
  const at = addressesOf(names);
  const [length, ...numbers] = names.slice(at);
  const matrix = names[at - 1] === 'm' || numbers.some((name) => LENGTH.test(name) || name === 'inner' || name === 'k');
  if (length !== 'n' || matrix) return undefined;
  const steps = Object.fromEntries(names.slice(0, at).map((name) => [name, 1]));
  const counters = numbers.filter((name) => name === 'start');
  return { factors: ['n'], arrays: at, axes: [{ along: 'n', steps, counters, multiple: LINE }] };
}

/** `(arrays…, n0, n1, n2, n3, strides…)`: an array without strides is dense; cut along the outermost axis longer than 1. */
function strided(names: readonly string[]): Implied | undefined {
  const at = addressesOf(names);
  if (FOUR.some((name, axis) => names[at + axis] !== name)) return undefined;
  const arrays = names.slice(0, at);
  const step = (name: string, axis: number) => (names.includes(`${name[0]}0`) ? `${name[0]}${axis}` : FOUR.slice(axis + 1));
  const dense = arrays.some((name) => !names.includes(`${name[0]}0`));
  const axes = FOUR.map((along, axis) => ({
    along,
    steps: Object.fromEntries(arrays.map((name) => [name, step(name, axis)])),
    alone: dense ? FOUR.slice(0, axis) : [],
    multiple: axis === 3 ? LINE : 1,
  }));
  return { factors: FOUR, arrays: at, axes };
}

/** `(…, from, to)`: the kernel itself can run a part. */
function counted(names: readonly string[]): Implied | undefined {
  return names.includes('from') && names.includes('to') ? { factors: [], arrays: 0, axes: [{ along: 'to', from: 'from' }] } : undefined;
}

/** What the names of a kernel's parameters imply; `undefined` if they leave it open. */
export function implied(names: readonly string[]): Implied | undefined {
  return counted(names) ?? strided(names) ?? elementwise(names);
}
