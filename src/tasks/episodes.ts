// Episodes of few-shot learning from pictures of many classes.

import { expectKey, expectOptions, isCount, isFlag, isList, isSize, maybe, type Rules, shown } from '../tensor/check.ts';
import { foldIn, type Key, permutation, randomInt } from '../tensor/random.ts';
import { empty, type Tensor } from '../tensor/tensor.ts';
import { expectPictures, type Pictures } from './pictures.ts';

/** Options of {@link fewShotEpisodes}. */
export interface EpisodeSizes {
  /** B, the number of episodes. */
  batch: number;
  /** N, classes of an episode. */
  ways: number;
  /** Examples of each class. */
  shots: number;
  /** Queries of each class. */
  queries: number;
  /** The labels to draw classes from. Default: all that the pictures have. */
  classes?: ArrayLike<number> | undefined;
  /** Whether pictures turned by 90, 180 and 270 degrees are classes of their own, as in training on Omniglot. Pictures must be square. Default false. */
  turned?: boolean | undefined;
}

/** A batch of episodes, as few-shot learners take it, and its answers. */
export interface PictureEpisodes {
  /** `[B, N · shots, height, width]`, from 0 to 1, in random order. */
  readonly support: Tensor;
  /** int32 `[B, N · shots]`: the class of each example, from 0 to N − 1. */
  readonly labels: Tensor;
  /** `[B, N · queries, height, width]`: pictures that are no examples. */
  readonly query: Tensor;
  /** int32 `[B, N · queries]`. */
  readonly answers: Tensor;
  /** The index in `pictures` of each picture of `support`, then of `query`, episode by episode. */
  readonly sources: Int32Array;
}

const rules: Rules<EpisodeSizes> = {
  batch: isCount,
  ways: isSize,
  shots: isSize,
  queries: isSize,
  classes: /* @__PURE__ */ maybe(isList),
  turned: /* @__PURE__ */ maybe(isFlag),
};

/** The pictures of each label, kept as long as the pictures are. */
const indices = /* @__PURE__ */ new WeakMap<Pictures, Map<number, number[]>>();

function byLabel(pictures: Pictures): Map<number, number[]> {
  const known = indices.get(pictures);
  if (known) return known;
  const found = new Map<number, number[]>();
  for (let i = 0; i < pictures.labels.length; i++) {
    const label = pictures.labels[i] as number;
    isCount('fewShotEpisodes', `label ${i} of pictures`, label);
    const list = found.get(label);
    if (list) list.push(i);
    else found.set(label, [i]);
  }
  indices.set(pictures, found);
  return found;
}

/** `count` different whole numbers below `bound`, in random order. */
function different(key: Key, count: number, bound: number): number[] {
  const found = new Set<number>();
  for (let i = 0; found.size < count; i++) found.add(randomInt(key, i, bound));
  return [...found];
}

/** Where the pixel at `at` of a square picture comes from after so many quarter turns. */
function turnedFrom(at: number, side: number, turns: number): number {
  let [row, column] = [Math.floor(at / side), at % side];
  for (let i = 0; i < turns; i++) [row, column] = [column, side - 1 - row];
  return row * side + column;
}

/** Refuses sizes for which there are too few classes, or pictures of one. */
function expectEnough(
  { height, width }: Pictures,
  of: ReadonlyMap<number, readonly number[]>,
  classes: readonly number[],
  { ways, shots, queries, turned = false }: EpisodeSizes,
): void {
  const kinds = classes.length * (turned ? 4 : 1);
  if (ways > kinds) throw new RangeError(`fewShotEpisodes: ways must be at most ${kinds}, the classes there are, got ${ways}`);
  if (turned && height !== width) throw new RangeError(`fewShotEpisodes: pictures must be square to be turned, got ${height} × ${width}`);
  const twice = classes.find((label, i) => classes.indexOf(label) < i);
  if (new Set(classes).size < classes.length) throw new RangeError(`fewShotEpisodes: classes must be different, got ${shown(twice)} twice`);
  for (const label of classes) {
    const count = of.get(label)?.length ?? 0;
    if (count < shots + queries)
      throw new RangeError(`fewShotEpisodes: each class must have ${shots + queries} pictures, got ${count} of ${shown(label)}`);
  }
}

/**
 * Draws episodes: in each, `ways` classes, and of each class `shots` examples and `queries` other pictures to classify by them (Vinyals et al.
 * 2016, "Matching networks for one shot learning", §4.1). The class numbers of an episode say nothing of the labels.
 */
export function fewShotEpisodes(key: Key, pictures: Pictures, sizes: EpisodeSizes): PictureEpisodes {
  expectKey('fewShotEpisodes', key);
  expectPictures('fewShotEpisodes', 'pictures', pictures);
  expectOptions('fewShotEpisodes', sizes, rules);
  const { batch, ways, shots, queries, turned = false } = sizes;
  const { pixels, height, width } = pictures;
  const of = byLabel(pictures);
  const classes = Array.from(sizes.classes ?? of.keys());
  const kinds = classes.length * (turned ? 4 : 1);
  expectEnough(pictures, of, classes, sizes);
  const [s, q] = [ways * shots, ways * queries];
  const [support, query] = [empty([batch, s, height, width]), empty([batch, q, height, width])];
  const [labels, answers] = [empty([batch, s], 'int32'), empty([batch, q], 'int32')];
  const views = { support: support.view(), query: query.view(), labels: labels.view(), answers: answers.view() };
  const sources = new Int32Array(batch * (s + q));
  const size = height * width;
  const put = (view: ReturnType<Tensor['view']>, at: number, picture: number, turns: number) => {
    const from = picture * size;
    for (let i = 0; i < size; i++) view[at * size + i] = (pixels[from + (turns === 0 ? i : turnedFrom(i, height, turns))] as number) / 255;
  };
  for (let b = 0; b < batch; b++) {
    const own = foldIn(key, b);
    const places = permutation(foldIn(own, 0), s);
    different(foldIn(own, 1), ways, kinds).forEach((kind, way) => {
      const list = of.get(classes[kind % classes.length] as number) as number[];
      const turns = Math.floor(kind / classes.length);
      different(foldIn(own, 2 + way), shots + queries, list.length).forEach((chosen, i) => {
        const picture = list[chosen] as number;
        const [asked, at] = i < shots ? [false, places[way * shots + i] as number] : [true, way * queries + i - shots];
        put(asked ? views.query : views.support, b * (asked ? q : s) + at, picture, turns);
        (asked ? views.answers : views.labels)[b * (asked ? q : s) + at] = way;
        sources[b * (s + q) + (asked ? s : 0) + at] = picture;
      });
    });
  }
  return { support, labels, query, answers, sources };
}
