// Models of images once more in plain float64, from their papers.
import { real, sentences } from '../nn/row.ts';
import { convolve, flatten, type Image, imageOf, pixelOf, pool } from './images.ts';
import type { Equation } from './modules.ts';
import { affine, apply, at, blend, dot, plus, range, rowsOf, scaled, sigmoid, softmax, tanh, total, type Vector } from './plain.ts';
import { linear, lstm } from './recurrent.ts';
import { rows, type Weights } from './weights.ts';

const relu = (x: Vector): Vector => x.map((v) => Math.max(0, v));
const reluOf = (x: Image): Image => x.map((row) => row.map(relu));
const picture = (e: number, [height, width]: readonly [number, number], depth = 1) =>
  imageOf(rows(real([e], depth === 1 ? [height, width] : [height, width, depth], 1)).flat(), width, depth);

/** Convolutions, relu and pools of 2; then layers with relu between them. */
function classify(w: Weights, image: Image, window: readonly [number, number]): Vector {
  let x = image;
  for (let i = 0; w.has(`convolutions.${i}.weight`); i++) {
    const part = w.within(`convolutions.${i}`);
    x = pool(reluOf(convolve(x, part.matrix('weight'), part.vector('bias'), window, [1, 1], [0, 0])), 2, 'max');
  }
  let y = flatten(x);
  for (let i = 0; w.has(`layers.${i}.weight`); i++) y = linear(w, `layers.${i}`, i === 0 ? y : relu(y));
  return y;
}

/** Bilinear, 0 outside; x and y from −1 to 1 between the image's edges (Jaderberg et al. 2015, eq. 5). */
function sample(x: Image, u: number, v: number): Vector {
  const [height, width] = [x.length, at(x, 0).length];
  const [px, py] = [((u + 1) * width - 1) / 2, ((v + 1) * height - 1) / 2];
  const hat = (distance: number) => Math.max(0, 1 - Math.abs(distance));
  return at(at(x, 0), 0).map((_, d) => {
    const near = range(height).flatMap((j) => range(width).map((i) => hat(px - i) * hat(py - j) * at(pixelOf(x, j, i) as Vector, d)));
    return total(near);
  });
}

const transformer =
  (form: 'affine' | 'attention', samples = 1): Equation =>
  (w, e) => {
    const image = picture(e, [18, 12]);
    const convolved = (x: Image, i: number) => {
      const part = w.within(`localisation.${i}`);
      return reluOf(convolve(x, part.matrix('weight'), part.vector('bias'), [3, 2], [1, 1], [0, 0]));
    };
    const features = convolved(pool(convolved(pool(image, 2, 'max'), 0), 2, 'max'), 1);
    const numbers = linear(w, 'theta', relu(linear(w, 'local', flatten(features))));
    const six = form === 'affine' ? numbers : [at(numbers, 0), 0, at(numbers, 1), 0, at(numbers, 0), at(numbers, 2)];
    const theta = rowsOf(plus(six, [1, 0, 0, 0, 1, 0]), 3);
    const grid = range(3).flatMap((r) => range(4).map((c) => apply(theta, [(2 * c + 1) / 4 - 1, (2 * r + 1) / 3 - 1, 1])));
    const within = range(samples).map((k) => (2 * k + 1 - samples) / samples); // from the middle of a pixel, in halves of its side
    const view = range(12).map((i) => {
      const [c, r] = [i % 4, Math.floor(i / 4)];
      const spots = within.flatMap((y) => within.map((x) => apply(theta, [(2 * c + 1 + x) / 4 - 1, (2 * r + 1 + y) / 3 - 1, 1])));
      return scaled(plus(...spots.map(([u, v]) => sample(image, u as number, v as number))), 1 / spots.length);
    });
    const places = grid.flatMap(([u, v]) => [(((u as number) + 1) / 2) * 12, (((v as number) + 1) / 2) * 18]);
    const output = classify(w.within('classifier'), imageOf(view.flat(), 4, 1), [3, 3]);
    return [...output, ...theta.flat(), ...places, ...view.flat()];
  };

/** Zhang et al. 2019, §3, eq. 1 to 3: every place reads from all. */
const selfAttention: Equation = (w, e) => {
  const x = rows(real([e], [2, 3, 5], 1));
  const maps = (name: string) => x.map((pixel) => apply(w.matrix(`${name}.weight`), pixel));
  const [queries, keys, values] = [maps('query'), maps('key'), maps('value')];
  const weights = queries.map((query) => softmax(keys.map((key) => dot(key, query))));
  const gamma = at(w.vector('gamma'), 0);
  const output = x.flatMap((pixel, i) => plus(pixel, scaled(apply(w.matrix('output.weight'), blend(at(weights, i), values)), gamma)));
  return [...output, ...weights.flat()];
};

/** Xu et al. 2015, §3.1, §4.2 and eq. 7: soft attention, with a gate of one number. */
const caption =
  (looked: boolean): Equation =>
  (w, e) => {
    const given = rows(real([e], [4, 3], 1));
    const places = w.matrix('places');
    const a = given.map((own, i) => plus(own, at(places, i)));
    const level = scaled(plus(...a), 1 / a.length);
    let state = { h: tanh(linear(w, 'firstH', level)), c: tanh(linear(w, 'firstC', level)) };
    const target = Array.from(sentences([e], 4, 7, 2).toArray());
    const [logits, gates, maps]: [number[], number[], number[]] = [[], [], []];
    target.forEach((_, t) => {
      const word = at(w.matrix('embedding.weight'), t === 0 ? 1 : at(target, t - 1));
      const score = w.within('attention.score');
      const energy = a.map((own) =>
        dot(
          score.vector('v'),
          tanh(plus(affine(score.matrix('key.weight'), own, score.vector('key.bias')), apply(score.matrix('query.weight'), state.h))),
        ),
      );
      const alpha = softmax(energy);
      const gate = at(sigmoid(linear(w, 'gate', state.h)), 0);
      const read = scaled(blend(alpha, a), gate);
      state = lstm(w.within('cell'), '', [...word, ...read], state);
      const deep = tanh(plus(word, linear(w, 'fromHidden', state.h), apply(w.matrix('fromContext.weight'), read)));
      logits.push(...linear(w, 'output', deep));
      gates.push(gate);
      maps.push(...alpha);
    });
    return [...logits, ...gates, ...(looked ? maps : [])];
  };

export const imageEquations: Record<string, Equation> = {
  ImageClassifier: (w, e) => classify(w, picture(e, [7, 6], 2), [2, 1]),
  'ImageClassifier: fully connected': (w, e) => classify(w, picture(e, [3, 3]), [3, 3]),
  SpatialTransformer: transformer('affine'),
  'SpatialTransformer: attention': transformer('attention'),
  'SpatialTransformer: four samples': transformer('affine', 2),
  SelfAttention2d: selfAttention,
  ShowAttendTell: caption(true),
  'ShowAttendTell: hard': caption(false),
};
