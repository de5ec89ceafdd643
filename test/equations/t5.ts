// T5, one sentence at a time, from Raffel et al. 2020 and its code.
import { apply, at, type Matrix, scaled } from './plain.ts';
import { decoder, encoder, geluTanh, type Layer, relu, rmsNorm } from './transformer.ts';
import type { Weights } from './weights.ts';

interface Kind extends Pick<Layer, 'bend'> {
  layers: number;
  decoderLayers: number;
  buckets: number;
  distance: number;
  tied: boolean;
}

/** The models of the table by their versions, two heads each. */
export const t5s: Record<string, Kind> = {
  'version 1.0': { bend: relu, layers: 1, decoderLayers: 1, buckets: 32, distance: 128, tied: true },
  'version 1.1': { bend: geluTanh, layers: 1, decoderLayers: 2, buckets: 6, distance: 5, tied: false },
};

/** The bucket of a key that stands `d` behind its query, by the logarithm of T5's code. */
function bucketOf(d: number, { buckets, distance }: Kind, both: boolean): number {
  const n = both ? buckets / 2 : buckets;
  const exact = Math.floor(n / 2);
  const far = both ? Math.abs(d) : Math.max(-d, 0);
  const grown = exact + Math.floor((Math.log(far / exact) / Math.log(distance / exact)) * (n - exact));
  return (both && d > 0 ? n : 0) + (far < exact ? far : Math.min(grown, n - 1));
}

/** Logits of each token of the target; pads of the source are not read, the target begins with 1. */
export function t5(w: Weights, source: readonly number[], target: readonly number[], kind: Kind): Matrix {
  const embedded = (tokens: readonly number[]) => tokens.map((token) => at(w.matrix('embedding.weight'), token));
  const bias = (path: string, both: boolean) => (head: number, t: number, s: number) =>
    at(at(w.matrix(`${path}.weight`), bucketOf(s - t, kind, both)), head);
  const layer = { bend: kind.bend, heads: 2, first: true, norm: rmsNorm, scale: 1 };
  const read = { ...layer, may: () => true, bias: bias('sourcePositions', true) };
  const memory = encoder(w.within('encoder'), embedded(source.filter((token) => token !== 0)), kind.layers, read);
  const written = { ...layer, may: (t: number, s: number) => s <= t, sees: () => true, bias: bias('targetPositions', false) };
  const rows = decoder(w.within('decoder'), embedded([1, ...target.slice(0, -1)]), memory, kind.decoderLayers, written);
  const size = at(embedded([0]), 0).length;
  return rows.map((row) => apply(w.matrix(kind.tied ? 'embedding.weight' : 'output.weight'), kind.tied ? scaled(row, size ** -0.5) : row));
}
