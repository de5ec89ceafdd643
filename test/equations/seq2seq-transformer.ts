// The Transformer as a translator, one sentence at a time, from its papers.
import { at, dot, type Matrix, plus, range, scaled, type Vector } from './plain.ts';
import { linear } from './recurrent.ts';
import { decoder, encoder, geluTanh, type Layer, relu, reluSquared, rmsNorm, rotary, silu } from './transformer.ts';
import type { Weights } from './weights.ts';

/** Vaswani et al. 2017, §3.5, rounded once as all tables of positions are. */
const sinusoid = (size: number, place: number): Vector =>
  range(size).map((i) => {
    const angle = place / 10000 ** ((2 * Math.floor(i / 2)) / size);
    return Math.fround(i % 2 === 0 ? Math.sin(angle) : Math.cos(angle));
  });

/** tensor2tensor's: rates from 1 to 1/10000, sines first; OpenNMT's begin at 1. */
const sines = (size: number, place: number): Vector =>
  range(size).map((i) => {
    const half = size / 2;
    const angle = (place + 1) * 10000 ** (-(i % half) / (half - 1));
    return Math.fround(i < half ? Math.sin(angle) : Math.cos(angle));
  });

/** The bucket of a distance s − t within 8 places, one for each (Raffel et al. 2020, §2.1): those ahead from 16 on in an encoder. */
const bucket = (distance: number, both: boolean) => (distance > 0 ? (both ? 16 + distance : 0) : -distance);

const clipped = (distance: number, reach: number) => Math.max(-reach, Math.min(reach, distance)) + reach;

interface Kind extends Omit<Layer, 'heads' | 'may'> {
  layers?: number;
  /** The vector of a place, with the path of learned ones. */
  place?: (w: Weights, path: string, t: number) => Vector;
  /** What scores and values gain, of the parameters below a path. */
  distances?: (w: Weights, path: string, both: boolean) => Layer['far'];
  /** Embeddings as they are, and one for both. */
  plain?: true;
  shared?: true;
  tied?: true;
}

/** The models of the table by their variants' names, two heads each. */
export const translating: Record<string, Kind> = {
  sinusoidal: { bend: relu, place: (w, _, t) => sinusoid(at(w.matrix('embedding.weight'), 0).length, t) },
  learned: { bend: silu, first: true, shared: true, tied: true, plain: true, place: (w, path, t) => at(w.matrix(`${path}.weight`), t) },
  rotary: { bend: reluSquared, first: true, keyHeads: 1, norm: rmsNorm, eps: 1e-2, turn: rotary, layers: 2 },
  alibi: { bend: relu, distances: () => ({ score: (_, t, s, head) => -Math.abs(s - t) * 2 ** (-4 * (head + 1)) }) },
  distance: {
    ...{ bend: relu, first: true, scale: 1 },
    distances: (w, path, both) => ({ score: (_, t, s, head) => at(at(w.matrix(`${path}.weight`), bucket(s - t, both)), head) }),
  },
  relative: {
    bend: relu,
    distances: (w, path) => ({
      score: (q, t, s) => dot(q, at(w.matrix(`${path}.keys`), clipped(s - t, 16))) / Math.sqrt(q.length),
      value: (t, s) => at(w.matrix(`${path}.values`), clipped(s - t, 16)),
    }),
  },
  opennmt: { bend: geluTanh, place: (w, _, t) => sines(at(w.matrix('embedding.weight'), 0).length, t) },
};

/** Logits of each token of the target, and the memory, of a sentence without its pads; the target begins with 1. */
export function translator(w: Weights, source: readonly number[], target: readonly number[], kind: Kind): Matrix {
  const { layers = 1, place, plain, shared, tied } = kind;
  const embedded = (name: string, path: string, tokens: readonly number[]): Matrix =>
    tokens.map((token, t) => {
      const row = at(w.matrix(`${name}.weight`), token);
      const x = plain ? row : scaled(row, Math.sqrt(row.length));
      return place ? plus(x, place(w, path, t)) : x;
    });
  const layer = { ...kind, heads: 2 };
  const of = (path: string, both: boolean) => (kind.distances ? { far: kind.distances(w, path, both) } : {});
  const read = source.filter((token) => token !== 0);
  const inner = w.within('transformer');
  const memory = encoder(inner.within('encoder'), embedded(shared ? 'embedding' : 'sourceEmbedding', 'sourcePositions', read), layers, { ...layer, ...of('sourceDistances', true), may: () => true }); // biome-ignore format: one line
  const fed = [1, ...target.slice(0, -1)];
  const back = { ...layer, ...of('distances', false), may: (t: number, s: number) => s <= t, sees: () => true };
  const written = decoder(inner.within('decoder'), embedded('embedding', 'positions', fed), memory, layers, back);
  const out = (row: Vector) => (tied ? plus(at([w.matrix('embedding.weight')], 0).map((e) => e.reduce((sum, v, i) => sum + v * at(row, i), 0)), w.vector('output.bias')) : linear(w, 'output', row)); // biome-ignore format: one line
  return written.map(out);
}
