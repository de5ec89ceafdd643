// Models that look at images, from their papers, in plain float64.
import { real } from '../nn/row.ts';
import { affine, at, type Matrix, plus, range, scaled, sigmoid, total, type Vector, zeros } from './plain.ts';
import { type Core, linear, lstm, type State } from './recurrent.ts';

import { rows, type Weights } from './weights.ts';

/** Rows of Gaussians around `middles`, over places 1 … length (Gregor et al. 2015, eq. 25), each by its sum and a little. */
const bank = (middles: Vector, variance: number, length: number): Matrix =>
  middles.map((middle) => {
    const factors = range(length).map((a) => Math.exp(-((a + 1 - middle) ** 2) / (2 * variance)));
    return factors.map((factor) => factor / (total(factors) + 1e-4));
  });

/** `A x Bᵀ` */
const between = (a: Matrix, x: Matrix, b: Matrix): Matrix =>
  a.map((down) => b.map((across) => total(down.map((p, i) => p * total(across.map((q, j) => q * at(at(x, i), j)))))));

const transposed = (x: Matrix): Matrix => range(at(x, 0).length).map((j) => x.map((row) => at(row, j)));

/** A grid of n × n filters that five numbers place (eq. 19–24): both banks and γ. */
function grid(numbers: Vector, n: number, height: number, width: number) {
  const [x, y, logVariance, logStride, logStrength] = numbers as [number, number, number, number, number];
  const stride = ((Math.max(height, width) - 1) / (n - 1)) * Math.exp(logStride);
  const middles = (centre: number) => range(n).map((i) => centre + (i + 1 - n / 2 - 0.5) * stride);
  return {
    down: bank(middles(((height + 1) / 2) * (y + 1)), Math.exp(logVariance), height),
    across: bank(middles(((width + 1) / 2) * (x + 1)), Math.exp(logVariance), width),
    strength: Math.exp(logStrength),
  };
}

export interface Sizes {
  height: number;
  width: number;
  steps: number;
  hidden: number;
  /** Sizes of windows; none without. */
  read?: number;
  write?: number;
}

/** DRAW (Gregor et al. 2015, eq. 3–8, 10, 11), z being their means: the last canvas, and what z cost. */
export function draw(w: Weights, image: Matrix, { height, width, steps, hidden, read, write }: Sizes): { canvas: Vector; cost: number } {
  const none: State = { h: zeros(hidden), c: zeros(hidden) };
  let [encoder, decoder, canvas, cost] = [none, none, w.vector('canvas'), 0];
  for (let t = 0; t < steps; t++) {
    const missing = image.flat().map((x, i) => x - at(sigmoid([at(canvas, i)]), 0));
    const rows = range(height).map((i) => missing.slice(i * width, (i + 1) * width));
    let seen = [...image.flat(), ...missing];
    if (read) {
      const { down, across, strength } = grid(linear(w, 'readWindow.linear', decoder.h), read, height, width);
      seen = [image, rows].flatMap((x) => scaled(between(down, x, across).flat(), strength));
    }
    encoder = lstm(w.within('encoder'), '', [...seen, ...decoder.h], encoder);
    const [mean, logStd] = [linear(w, 'mean', encoder.h), linear(w, 'logStd', encoder.h)];
    cost += total(mean.map((m, i) => 0.5 * (m * m + Math.exp(2 * at(logStd, i)) - 2 * at(logStd, i) - 1)));
    decoder = lstm(w.within('decoder'), '', mean, decoder);
    let added = linear(w, 'patch', decoder.h);
    if (write) {
      const { down, across, strength } = grid(linear(w, 'writeWindow.linear', decoder.h), write, height, width);
      const patch = range(write).map((i) => added.slice(i * write, (i + 1) * write));
      added = scaled(between(transposed(down), patch, transposed(across)).flat(), 1 / strength);
    }
    canvas = plus(canvas, added);
  }
  return { canvas, cost };
}

const relu = (x: Vector): Vector => x.map((v) => Math.max(0, v));

/** What is seen at a place of x and y. */
type Eye = (image: Matrix, place: Vector) => Vector;

/** Patches of Gaussian filters 2ⁱ apart, half as wide, around `W/2 + x · reach` from the image's border. */
export const gaussianEye =
  (size: number, scales: number): Eye =>
  (image, [x = 0, y = 0]) =>
    range(scales).flatMap((i) => {
      const [height, width] = [image.length, at(image, 0).length];
      // From borders to pixels counted from 1, the k-th of which lies around k − ½.
      const middles = (length: number, of: number) =>
        range(size).map((k) => length / 2 + (of * length) / 2 + 0.5 + (k - (size - 1) / 2) * 2 ** i);
      const variance = (2 ** i / 2) ** 2;
      return between(bank(middles(height, y), variance, height), image, bank(middles(width, x), variance, width)).flat();
    });

/** The patch that a grid of filters reads at five numbers. */
export const gridEye =
  (size: number): Eye =>
  (image, numbers) => {
    const { down, across, strength } = grid(numbers, size, image.length, at(image, 0).length);
    return scaled(between(down, image, across).flat(), strength);
  };

/** Recurrent attention (Mnih et al. 2014, §3.1, §4) from the middle on, every place being its mean: logits, places, baselines. */
export function recurrentAttention(
  w: Weights,
  image: Matrix,
  {
    eye,
    glimpses,
    numbers,
    core,
    hidden,
    bend,
  }: { eye: Eye; glimpses: number; numbers: number; core: 'rnn' | 'lstm'; hidden: number; bend: (x: Vector) => Vector },
): { logits: Vector; places: Matrix; baselines: Vector } {
  const places: Vector[] = [zeros(numbers)];
  const baselines: number[] = [];
  const relus: Core = (own, _, x, { h, c }) => ({
    h: relu(plus(affine(own.matrix('weight_ih'), x, own.vector('bias_ih')), affine(own.matrix('weight_hh'), h, own.vector('bias_hh')))),
    c,
  });
  let state: State = { h: zeros(hidden), c: zeros(hidden) };
  for (let t = 0; t < glimpses; t++) {
    const place = at(places, t);
    const [what, where] = [relu(linear(w, 'what', eye(image, place))), relu(linear(w, 'where', place))];
    const glimpse = relu(plus(linear(w, 'fromWhat', what), linear(w, 'fromWhere', where)));
    state = (core === 'lstm' ? lstm : relus)(w.within('core'), '', glimpse, state);
    if (t === glimpses - 1) break;
    if (w.has('baseline.weight')) baselines.push(...linear(w, 'baseline', state.h));
    places.push(bend(linear(w, 'place', relu(linear(w, 'placeHidden', state.h)))));
  }
  return { logits: linear(w, 'output', state.h), places, baselines };
}

const input = (e: number, shape: readonly number[]): Matrix => rows(real([e], shape, 1));
const drawn = (w: Weights, e: number, windows: { read?: number; write?: number }): Vector => {
  const { canvas, cost } = draw(w, input(e, [4, 5]), { height: 4, width: 5, steps: 3, hidden: 4, ...windows });
  return [...canvas, cost];
};

const gaussian = {
  eye: gaussianEye(2, 2),
  glimpses: 3,
  numbers: 2,
  core: 'rnn',
  hidden: 4,
  bend: (x: Vector) => x.map(Math.tanh),
} as const;
const filtered = { eye: gridEye(2), glimpses: 3, numbers: 5, core: 'lstm', hidden: 4, bend: (x: Vector) => x } as const;
const looked = ({ logits, places }: ReturnType<typeof recurrentAttention>): Vector => [...logits, ...places.flat()];

/** The rows of the module table. */
export const lookEquations: Record<string, (w: Weights, e: number) => Vector> = {
  Draw: (w, e) => drawn(w, e, { read: 2, write: 3 }),
  'Draw: whole images': (w, e) => drawn(w, e, {}),
  RecurrentAttention: (w, e) => looked(recurrentAttention(w, input(e, [5, 4]), gaussian)),
  'RecurrentAttention: lstm, filter bank': (w, e) => looked(recurrentAttention(w, input(e, [5, 4]), filtered)),
};
