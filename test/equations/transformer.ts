// The Transformer, one sequence at a time, from its papers.
import { apply, at, blend, dot, type Matrix, plus, range, softmax, times, total, type Vector } from './plain.ts';
import { linear } from './recurrent.ts';
import type { Weights } from './weights.ts';

/** Ba, Kiros, Hinton 2016, eq. 3, with `eps` beside the variance. */
export const layerNorm = (w: Weights, x: Vector, eps = 1e-5): Vector => {
  const mean = total(x) / x.length;
  const variance = total(x.map((v) => (v - mean) ** 2)) / x.length;
  const scaled = times(x.map((v) => (v - mean) / Math.sqrt(variance + eps)), w.vector('weight')); // biome-ignore format: one line
  return w.has('bias') ? plus(scaled, w.vector('bias')) : scaled;
};

/** Zhang and Sennrich 2019, eq. 4, with `eps` beside the mean square. */
export const rmsNorm = (w: Weights, x: Vector, eps = 1e-6): Vector =>
  times(x.map((v) => v / Math.sqrt(total(times(x, x)) / x.length + eps)), w.vector('weight')); // biome-ignore format: one line

/** Su et al. 2021, eq. 34, sines and cosines rounded to float32: elements i and i + D/2 turned by place · 10000^(−2i/D). */
export const rotary = (x: Vector, place: number): Vector =>
  x.map((v, i) => {
    const half = x.length / 2;
    const angle = place * 10000 ** (-(i % half) / half);
    return v * Math.fround(Math.cos(angle)) + (i < half ? -at(x, i + half) : at(x, i - half)) * Math.fround(Math.sin(angle));
  });

export const relu = (x: number): number => Math.max(0, x);

/** Hendrycks and Gimpel 2016: x Φ(x), Φ by Simpson's rule over the density from 0. */
export function gelu(x: number): number {
  const steps = 1000;
  const h = x / steps;
  const density = (u: number) => Math.exp((-u * u) / 2) / Math.sqrt(2 * Math.PI);
  const area = (h / 3) * total(range(steps + 1).map((i) => density(i * h) * (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2)));
  return x * (0.5 + area);
}

/** GPT-2's and Hendrycks and Gimpel 2016's approximation. */
export const geluTanh = (x: number): number => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
/** Ramachandran, Zoph, Le 2017, with β = 1. */
export const silu = (x: number): number => x / (1 + Math.exp(-x));
/** So et al. 2021, §4.2. */
export const reluSquared = (x: number): number => relu(x) ** 2;

export interface Layer {
  heads: number;
  /** Heads of keys and values, each for as many of queries (Ainslie et al. 2023). */
  keyHeads?: number;
  /** Factor of scores. */
  scale?: number;
  /** Norms before what they are of (Radford et al. 2019, §2.3), not behind the sum (Vaswani et al. 2017, §3.1). */
  first?: boolean;
  /** Beside the variance of norms. */
  eps?: number;
  /** What the norms are. Default {@link layerNorm}. */
  norm?: (w: Weights, x: Vector, eps?: number) => Vector;
  /** Added to the score of a head's query t and key s. */
  bias?: (head: number, t: number, s: number) => number;
  /** What a score at a distance gains, and what its value does. */
  far?: { score: (q: Vector, t: number, s: number, head: number) => number; value?: (t: number, s: number) => Vector } | undefined;
  /** A query or key at a place, turned. */
  turn?: (x: Vector, place: number) => Vector;
  may: (t: number, s: number) => boolean;
  bend: (x: number) => number;
}

/** What each place looked at with each head. */
export interface Seen {
  output: Matrix;
  /** [H][T][S] */
  weights: Matrix[];
}

/** Vaswani et al. 2017, §3.2: every head's softmax of scaled products, over lines of queries and of a source. */
export function looked(
  w: Weights,
  queries: Matrix,
  source: Matrix,
  layer: Pick<Layer, 'heads' | 'keyHeads' | 'scale' | 'may' | 'turn' | 'bias' | 'far'>,
): Seen {
  const { heads, keyHeads = heads, may, turn = (x) => x, bias = () => 0 } = layer;
  const width = at(w.matrix('out_proj.weight'), 0).length / heads;
  const map = (which: number, x: Vector): Vector => {
    const letter = at(['q', 'k', 'v'], which);
    if (w.has(`${letter}_proj.weight`)) return linear(w, `${letter}_proj`, x);
    const size = heads * width;
    const m = w.has('in_proj_weight')
      ? w.matrix('in_proj_weight').slice(which * size, (which + 1) * size)
      : w.matrix(`${letter}_proj_weight`);
    return w.has('in_proj_bias') ? plus(apply(m, x), w.vector('in_proj_bias').slice(which * size, (which + 1) * size)) : apply(m, x);
  };
  const part = (x: Vector, head: number) => x.slice(head * width, (head + 1) * width);
  const each = range(heads).map((head) => {
    const group = Math.floor((head * keyHeads) / heads);
    const keys = source.map((x, s) => turn(part(map(1, x), group), s));
    const values = source.map((x) => part(map(2, x), group));
    return queries.map((x, t) => {
      const q = turn(part(map(0, x), head), t + source.length - queries.length);
      const places = range(source.length).filter((s) => may(t, s));
      const gain = (s: number) => bias(head, t, s) + (layer.far?.score(q, t, s, head) ?? 0);
      const shares = softmax(places.map((s) => dot(q, at(keys, s)) * (layer.scale ?? 1 / Math.sqrt(width)) + gain(s)));
      const weights = range(source.length).map((s) => (places.includes(s) ? at(shares, places.indexOf(s)) : 0));
      const seen = values.map((value, s) => (layer.far?.value ? plus(value, layer.far.value(t, s)) : value));
      return { weights, read: blend(weights, seen) };
    });
  });
  return {
    output: queries.map((_, t) =>
      linear(
        w,
        'out_proj',
        each.flatMap((head) => at(head, t).read),
      ),
    ),
    weights: each.map((head) => head.map(({ weights }) => weights)),
  };
}

/** One half: what `of` makes of lines added to them, and norm `n`. */
export function half(
  w: Weights,
  n: number,
  rows: Matrix,
  { first = false, eps, norm: normalised = layerNorm }: Pick<Layer, 'first' | 'eps' | 'norm'>,
  of: (z: Matrix) => Matrix,
): Matrix {
  const norm = (z: Matrix) => z.map((row) => normalised(w.within(`norm${n}`), row, eps));
  const sum = of(first ? norm(rows) : rows).map((row, t) => plus(at(rows, t), row));
  return first ? sum : norm(sum);
}

/** Vaswani et al. 2017, §3.3 (eq. 2); with a gate Shazeer 2020, eq. 6. */
export function net(w: Weights, x: Vector, bend: Layer['bend']): Vector {
  const up = linear(w, 'linear1', x);
  return linear(w, 'linear2', w.has('gate.weight') ? times(linear(w, 'gate', x).map(bend), up) : up.map(bend));
}

/** Vaswani et al. 2017, §3.1: self-attention, then a net of each place, each added to what it read. */
export function layer(w: Weights, x: Matrix, options: Layer): Matrix {
  const read = half(w, 1, x, options, (z) => looked(w.within('self_attn'), z, z, options).output);
  return half(w, 2, read, options, (z) => z.map((row) => net(w, row, options.bend)));
}

/** One layer of a decoder: between the two, attention to a source where `sees` lets it. */
export function decoderLayer(w: Weights, x: Matrix, source: Matrix, options: Layer & { sees: Layer['may'] }): Matrix {
  const own = half(w, 1, x, options, (z) => looked(w.within('self_attn'), z, z, options).output);
  const { turn: _, bias: __, far: ___, ...cross } = { ...options, may: options.sees };
  const read = half(w, 2, own, options, (z) => looked(w.within('multihead_attn'), z, source, cross).output);
  return half(w, 3, read, options, (z) => z.map((row) => net(w, row, options.bend)));
}

const last = (w: Weights, rows: Matrix, { eps, norm = layerNorm }: Layer): Matrix =>
  w.has('norm.weight') ? rows.map((row) => norm(w.within('norm'), row, eps)) : rows;

/** Layers one after the other, and the norm behind them where there is one. */
export function encoder(w: Weights, x: Matrix, count: number, options: Layer): Matrix {
  return last(w, range(count).reduce<Matrix>((z, i) => layer(w.within(`layers.${i}`), z, options), x), options); // biome-ignore format: one line
}

/** The same of a decoder. */
export function decoder(w: Weights, x: Matrix, source: Matrix, count: number, options: Layer & { sees: Layer['may'] }): Matrix {
  return last(w, range(count).reduce<Matrix>((z, i) => decoderLayer(w.within(`layers.${i}`), z, source, options), x), options); // biome-ignore format: one line
}

/** Radford et al. 2018, eq. 2, with the norms of 2019: h₀ = U W_e + W_p, the layers, a norm, and a map to the next symbol. */
export interface Writing extends Omit<Layer, 'may' | 'bend'> {
  layers: number;
  bend?: Layer['bend'];
  /** How far back a place looks, itself counted. */
  window?: number;
  /** What vectors of symbols are multiplied by. */
  times?: number;
  /** What is added at a place. */
  placed?: (place: number, size: number) => Vector;
  cap?: number;
}

/** Radford et al. 2019, §2.3, and what came after: see the options. */
export function languageModel(w: Weights, tokens: readonly number[], options: Writing): Matrix {
  const { layers, bend = gelu, first = true, window = Number.POSITIVE_INFINITY, norm = layerNorm, cap, placed, ...rest } = options;
  const may = (t: number, s: number) => s <= t && t - s < window;
  const start = tokens.map((token, t) => {
    const x = at(w.matrix('symbols.weight'), token).map((v) => v * (options.times ?? 1));
    if (w.has('positions.weight')) return plus(x, at(w.matrix('positions.weight'), t));
    return placed ? plus(x, placed(t, x.length)) : x;
  });
  const y = range(layers).reduce<Matrix>((x, i) => layer(w.within(`layers.${i}`), x, { ...rest, norm, first, may, bend }), start);
  return y.map((row) => {
    const logits = linear(w, w.has('output.weight') ? 'output' : 'symbols', first ? norm(w.within('norm'), row, options.eps) : row);
    return cap === undefined ? logits : logits.map((v) => cap * Math.tanh(v / cap));
  });
}

export interface Encoding extends Pick<Layer, 'bend' | 'eps'> {
  layers: number;
  types?: readonly number[];
  /** How many tokens are looked at. */
  real: number;
  /** The place of the first token. */
  first?: number;
}

/** Devlin et al. 2019, §3 and figure 2: sums of three vectors, normalised, then layers that normalise last; the first `real` tokens are looked at. */
export function textEncoder(
  w: Weights,
  tokens: readonly number[],
  { layers, types, real, bend, eps = 1e-12, first = 0 }: Encoding,
): Matrix {
  const start = tokens.map((token, t) => {
    const sum = plus(at(w.matrix('symbols.weight'), token), at(w.matrix('positions.weight'), first + t));
    return layerNorm(w.within('norm'), types ? plus(sum, at(w.matrix('types.weight'), at(types, t))) : sum, eps);
  });
  return range(layers).reduce<Matrix>((x, i) => layer(w.within(`layers.${i}`), x, { heads: 2, may: (_, s) => s < real, bend, eps }), start);
}

/** Reimers and Gurevych 2019, §3: the mean of all rows, here over its length. */
export function sentenceVector(rows: Matrix): Vector {
  const mean = blend(
    rows.map(() => 1 / rows.length),
    rows,
  );
  return mean.map((v) => v / Math.sqrt(total(mean.map((u) => u * u))));
}

/**
 * Cer et al. 2018, §3.1, with the details of the published graph: places are tensor2tensor's waves in float32, sines first, beside twice the symbol's vector; of
 * two layers the first is wider than what it reads, and its sum takes a map of that.
 */
export function universalSentence(w: Weights, tokens: readonly number[]): Vector {
  const symbols = tokens.map((token) => at(w.matrix('symbols.weight'), token));
  const half = at(symbols, 0).length / 2;
  const angle = (t: number, i: number) => t * 10000 ** (-i / (half - 1));
  const start = symbols.map((x, t) =>
    x.map((v, i) => 2 * v + Math.fround(i < half ? Math.sin(angle(t, i)) : Math.cos(angle(t, i - half)))),
  );
  const rows = range(2).reduce<Matrix>((x, i) => {
    const own = w.within(`layers.${i}`);
    const z = x.map((row) => layerNorm(own.within('norm1'), row, 1e-6));
    const seen = looked(own.within('self_attn'), z, z, { heads: 2, may: () => true }).output;
    const read = x.map((row, t) => plus(own.has('skip.weight') ? linear(own, 'skip', row) : row, at(seen, t)));
    return read.map((row) => plus(row, net(own, layerNorm(own.within('norm2'), row, 1e-6), relu)));
  }, start);
  const mean = blend(
    rows.map(() => 1 / rows.length),
    rows,
  );
  const bent = linear(w, 'output', mean).map(Math.tanh);
  return bent.map((v) => v / Math.sqrt(total(bent.map((u) => u * u))));
}
