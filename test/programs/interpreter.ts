// The second tape: float64 numbers, each a node that knows its operands. It shares no code with the package. A derivative consists of nodes
// again, so it can be differentiated too. Each node also carries a bound of the error of float32 (a running error analysis, Wilkinson 1986,
// to first order): the propagated errors of its operands plus its own rounding, whatever the order of a sum.

/** Half a unit in the last place of float32: the largest relative error of one rounding. */
const ROUNDING = 2 ** -24;
/** The kernels' functions promise 2 units in the last place. */
const FUNCTION = 4 * ROUNDING;
/** The largest loss by underflow. */
const TINY = 2 ** -149;

/** From the derivative of a node to that of its i-th operand. */
type Partial = (g: Node, i: number) => Node;

let made = 0;

/** A number with its history. */
export class Node {
  readonly value: number;
  /** The largest error of float32. 0 means that both are the same number. */
  readonly error: number;
  readonly from: readonly Node[];
  readonly partial: Partial | null;
  /** Whether a derivative passes through. */
  readonly needs: boolean;
  readonly order = made++;

  constructor(value: number, error = 0, from: readonly Node[] = [], partial: Partial | null = null, needs = false) {
    this.value = value;
    this.error = error;
    this.from = from;
    this.partial = partial;
    this.needs = needs;
  }
}

function node(value: number, error: number, from: readonly Node[], partial: Partial): Node {
  for (const x of from) if (x.needs) return new Node(value, error, from, partial, true);
  return new Node(value, error);
}

/** Bounds are multiples of the running error, since the package may use another formula with other intermediate results. */
export const MARGIN = 4;

/** Whether float32 certainly orders two numbers as float64 does. */
export const apart = (a: Node, b: Node) => Math.abs(a.value - b.value) > MARGIN * (a.error + b.error) || (a.error === 0 && b.error === 0);

export const constant = (value: number, error = 0) => new Node(value, error);
export const variable = (value: number, error = 0) => new Node(value, error, [], null, true);
export const zero = constant(0);
export const one = constant(1);
/** The same number without its history. */
export const cut = (x: Node) => constant(x.value, x.error);
/** The same number as another node, through which the derivative passes. */
export const same = (x: Node) => node(x.value, x.error, [x], (g) => g);
/** The value of one with the derivative of the other. */
export const straight = (hard: Node, soft: Node) => node(hard.value, hard.error, [soft], (g) => g);

export function sum(xs: readonly Node[]): Node {
  if (xs.length === 0) return zero;
  if (xs.length === 1) return xs[0] as Node;
  let [value, error, size] = [0, 0, 0];
  for (const x of xs) {
    value += x.value;
    error += x.error;
    size += Math.abs(x.value);
  }
  return node(value, error + (xs.length - 1) * ROUNDING * size, xs, (g) => g);
}

export const add = (a: Node, b: Node) => sum([a, b]);
export const neg = (x: Node) => node(-x.value, x.error, [x], neg);

export function sub(a: Node, b: Node): Node {
  const value = a.value - b.value;
  return node(value, a.error + b.error + ROUNDING * Math.abs(value), [a, b], (g, i) => (i === 0 ? g : neg(g)));
}

/** `Σ aᵢ bᵢ` */
export function dot(as: readonly Node[], bs: readonly Node[]): Node {
  let [value, error, size] = [0, 0, 0];
  const n = as.length;
  for (let i = 0; i < n; i++) {
    const [a, b] = [as[i] as Node, bs[i] as Node];
    value += a.value * b.value;
    error += Math.abs(a.value) * b.error + Math.abs(b.value) * a.error + a.error * b.error + TINY; // the product too: near 0 it is all
    size += Math.abs(a.value * b.value);
  }
  return node(value, error + n * ROUNDING * size, [...as, ...bs], (g, i) => mul(g, (i < n ? bs[i] : as[i - n]) as Node));
}

export const mul = (a: Node, b: Node) => dot([a], [b]);

export function div(a: Node, b: Node): Node {
  const value = a.value / b.value;
  const error = (a.error + Math.abs(value) * b.error) / Math.abs(b.value) + ROUNDING * Math.abs(value) + TINY;
  const y: Node = node(value, error, [a, b], (g, i) => (i === 0 ? div(g, b) : neg(div(mul(g, y), b))));
  return y;
}

/** `c·x`, c rounded to float32. */
export const scale = (x: Node, c: number) => mul(x, constant(c, ROUNDING * Math.abs(c)));
/** `x + c` */
export const shift = (x: Node, c: number) => add(x, constant(c, ROUNDING * Math.abs(c)));

/** A function of one number with its slope there, and its derivative as a node of the result. */
function unary(x: Node, value: number, slope: number, relative: number, derivative: (y: Node) => Node): Node {
  const error = Math.abs(slope) * x.error + relative * Math.abs(value) + TINY;
  const y: Node = node(value, error, [x], (g) => mul(g, derivative(y)));
  return y;
}

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

export const exp = (x: Node): Node => unary(x, Math.exp(x.value), Math.exp(x.value), FUNCTION, (y) => y);
export const log = (x: Node): Node => unary(x, Math.log(x.value), 1 / x.value, FUNCTION, () => div(one, x));
export const tanh = (x: Node): Node => {
  const value = Math.tanh(x.value);
  return unary(x, value, 1 - value * value, FUNCTION, (y) => sub(one, mul(y, y)));
};
export const sigmoid = (x: Node): Node => {
  const value = logistic(x.value);
  return unary(x, value, value * (1 - value), FUNCTION, (y) => mul(y, sub(one, y)));
};
export const softplus = (x: Node): Node => {
  const value = Math.max(x.value, 0) + Math.log1p(Math.exp(-Math.abs(x.value)));
  return unary(x, value, logistic(x.value), FUNCTION, () => sigmoid(x));
};
export const sin = (x: Node): Node => unary(x, Math.sin(x.value), Math.cos(x.value), FUNCTION, () => cos(x));
export const cos = (x: Node): Node => unary(x, Math.cos(x.value), Math.sin(x.value), FUNCTION, () => neg(sin(x)));
export const sqrt = (x: Node): Node => {
  const value = Math.sqrt(x.value);
  return unary(x, value, 0.5 / value, ROUNDING, (y) => div(constant(0.5), y));
};
export const erf = (x: Node): Node => {
  const slope = (2 / Math.sqrt(Math.PI)) * Math.exp(-x.value * x.value);
  return unary(x, erfOf(x.value), slope, FUNCTION, () => scale(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)));
};

/** `2/√π Σ (−1)ⁿ x²ⁿ⁺¹ / n!(2n + 1)`; 1 beyond 6, where that is as accurate. */
function erfOf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  // With e^(−x²) factored out, every term is positive: Abramowitz and Stegun 7.1.6.
  let [term, total] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

/** Every node with a derivative in the history of `ys`, not before `first`, latest first. */
function past(ys: readonly Node[], first: number): Node[] {
  const seen = new Set<Node>();
  const waiting = [...ys];
  for (let x = waiting.pop(); x; x = waiting.pop()) {
    if (!x.needs || x.order < first || seen.has(x)) continue;
    seen.add(x);
    for (const operand of x.from) waiting.push(operand);
  }
  return [...seen].sort((a, b) => b.order - a.order);
}

/** `∂(Σ seedᵢ yᵢ) / ∂x` of each x, as nodes. */
export function gradients(ys: readonly Node[], seeds: readonly Node[], xs: readonly Node[]): Node[] {
  const parts = new Map<Node, Node[]>();
  const give = (x: Node, part: Node) => {
    const known = parts.get(x);
    if (known) known.push(part);
    else parts.set(x, [part]);
  };
  ys.forEach((y, i) => {
    if (y.needs) give(y, seeds[i] as Node);
  });
  const first = xs.reduce((least, x) => Math.min(least, x.order), Number.POSITIVE_INFINITY);
  for (const x of past(ys, first)) {
    const { from, partial } = x;
    const got = parts.get(x);
    if (!got || !partial) continue;
    const g = sum(got);
    for (let i = 0; i < from.length; i++) if (from[i]?.needs) give(from[i] as Node, partial(g, i));
  }
  return xs.map((x) => sum(parts.get(x) ?? []));
}
