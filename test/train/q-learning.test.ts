import { describe, expect, it } from 'vitest';
import {
  Adam,
  arange,
  backward,
  Embedding,
  epsilonGreedy,
  exponentialAnneal,
  foldIn,
  GeneralScore,
  key,
  Linear,
  linearAnneal,
  Module,
  oneHot,
  parameter,
  parameters,
  permutation,
  qLoss,
  qTarget,
  Replay,
  readCheckpoint,
  reshape,
  SGD,
  scope,
  split,
  type Tensor,
  tensor,
  updateTarget,
  writeCheckpoint,
  zeros,
} from '../../src/all.ts';

const list = (x: Tensor) => Array.from(x.toArray());

describe('epsilonGreedy', () => {
  const values = tensor([1, 5, 2, 4]);
  const rows = (n: number) => tensor(Array.from({ length: n }, () => list(values)));

  it('takes the best item, or any with probability epsilon', () => {
    expect(list(epsilonGreedy(key(1), rows(50), { epsilon: 0 }))).toEqual(new Array(50).fill(1));
    const n = 20_000;
    const shares = [0, 1, 2, 3].map((item) => list(epsilonGreedy(key(2), rows(n), { epsilon: 0.4 })).filter((c) => c === item).length / n);
    [0.1, 0.7, 0.1, 0.1].forEach((p, i) => expect(Math.abs((shares[i] as number) - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / n)));
    expect(list(epsilonGreedy(key(3), rows(9), { epsilon: 1 }))).toEqual(list(epsilonGreedy(key(3), rows(9), { epsilon: 1 })));
  });

  it('keeps to the mask both ways', () => {
    const mask = tensor([true, false, true, false]);
    const chosen = (epsilon: number) => new Set(list(epsilonGreedy(key(4), rows(200), { epsilon, mask })));
    expect(chosen(0)).toEqual(new Set([2]));
    expect(chosen(1)).toEqual(new Set([0, 2]));
    expect(() => epsilonGreedy(key(4), rows(2), { epsilon: 0.5, mask: tensor([[true], [false]]) })).toThrow(
      'categorical: each row must have',
    );
    expect(() => epsilonGreedy(key(4), rows(2), { epsilon: 2 })).toThrow('epsilonGreedy: epsilon must be in [0, 1], got 2');
  });
});

it('values of any leading axes are chosen from, and targeted, along the last', () => {
  const values = tensor([[[1, 5, 2], [9, 0, 3]], [[4, 4, 8], [7, 6, 5]]]); // biome-ignore format: [2, 2, 3]
  expect(list(epsilonGreedy(key(1), values, { epsilon: 0 }))).toEqual([1, 0, 2, 0]);
  expect(list(epsilonGreedy(key(1), tensor([3, 1, 4]), { epsilon: 0 }))).toEqual([2]);
  expect(list(qTarget(zeros([2, 2]), values, { discount: 0.5 }))).toEqual([2.5, 4.5, 4, 3.5]);
  expect(() => qTarget(zeros([2]), values)).toThrow('qTarget: reward must be [2, 2] for values [2, 2, 3], got [2]');
});

describe('qTarget', () => {
  const next = tensor([
    [1, 3],
    [2, 8],
    [-4, -6],
  ]);

  it('adds the discounted best of what may come next', () => {
    expect(list(qTarget(tensor([10, 20, 30]), next, { discount: 0.5 }))).toEqual([11.5, 24, 28]);
    expect(list(qTarget(tensor([10, 20, 30]), next, { discount: 0.5, done: tensor([true, false, true]) }))).toEqual([10, 24, 30]);
    const mask = tensor([
      [true, false],
      [false, false],
      [false, true],
    ]);
    expect(list(qTarget(tensor([10, 20, 30]), next, { discount: 0.5, mask }))).toEqual([10.5, 20, 27]);
    expect(() => qTarget(tensor([1, 2]), next)).toThrow('qTarget: reward must be [3] for values [3, 2], got [2]');
  });

  it('is a constant to the loss, whose gradient is the clipped error of the action taken', () => {
    const values = parameter(
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ]),
    );
    const target = qTarget(tensor([1.5, -10, 6.25, 7]), values, { discount: 0 });
    backward(qLoss(values, tensor(Int32Array.of(0, 1, 1, 0)), target));
    expect(list(values.grad as Tensor).map((g) => g * 4)).toEqual([-0.5, 0, 0, 1, 0, -0.25, 0, 0]);
  });
});

describe('updateTarget', () => {
  it('copies, or follows at a rate, and leaves the other alone', () => {
    const [online, target] = [new Linear({ input: 2, output: 1 }, key(1)), new Linear({ input: 2, output: 1 }, key(2))];
    const [from, before] = [list(online.weight), list(target.weight)];
    updateTarget(target, online, { rate: 0.25 });
    list(target.weight).forEach((v, i) => expect(v).toBeCloseTo(0.75 * (before[i] as number) + 0.25 * (from[i] as number), 7));
    updateTarget(target, online);
    expect(list(target.weight)).toEqual(from);
    expect(list(online.weight)).toEqual(from);
    expect(() => updateTarget(new Linear({ input: 3, output: 1 }, key(1)), online, { rate: 0.5 })).toThrow(
      'updateTarget: weight must be in both',
    );
    expect(() => updateTarget(target, online, { rate: 2 })).toThrow('updateTarget: rate must be at most 1, got 2');
  });
});

describe('Replay', () => {
  const fields = { at: { shape: [2] }, action: { shape: [], dtype: 'int32' }, done: { shape: [], dtype: 'bool' } } as const;
  const steps = (...ids: number[]) => ({
    at: tensor(ids.map((id) => [id, -id])),
    action: tensor(Int32Array.from(ids)),
    done: tensor(ids.map((id) => id % 2 === 0)),
  });

  it('holds the latest steps, all fields of a step together', () => {
    const replay = new Replay(fields, { capacity: 4 });
    expect(() => replay.sample(key(1), 2)).toThrow('Replay: sample needs steps to draw from, got none');
    replay.add(steps(1, 2, 3));
    expect(replay.size).toBe(3);
    replay.add(steps(4, 5, 6));
    expect(replay.size).toBe(4);
    const { at, action, done } = replay.sample(key(2), 400);
    const ids = list(action);
    expect(new Set(ids)).toEqual(new Set([3, 4, 5, 6]));
    expect(list(at)).toEqual(ids.flatMap((id) => [id, -id]));
    expect(list(done)).toEqual(ids.map((id) => (id % 2 === 0 ? 1 : 0)));
    for (const id of [3, 4, 5, 6]) {
      const share = ids.filter((other) => other === id).length / 400;
      expect(Math.abs(share - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 400));
    }
  });

  it('goes on from a checkpoint with the same bits, the oldest step going first', () => {
    const [one, two] = [new Replay(fields, { capacity: 4 }), new Replay(fields, { capacity: 4 })];
    one.add(steps(1, 2, 3, 4, 5));
    two.loadStateDict(readCheckpoint(writeCheckpoint({ model: one })).model);
    for (const replay of [one, two]) replay.add(steps(6));
    expect(list(two.sample(key(3), 50).action)).toEqual(list(one.sample(key(3), 50).action));
    expect(new Set(list(two.sample(key(3), 50).action))).toEqual(new Set([3, 4, 5, 6]));
    expect(() => new Replay(fields, { capacity: 5 }).loadStateDict(one.stateDict())).toThrow('Replay: at must be ');
  });

  it('survives the scope it was made in, and refuses what does not fit', () => {
    const replay = scope(() => {
      const made = new Replay(fields, { capacity: 2 });
      made.add(steps(7));
      return made;
    });
    expect(list(replay.sample(key(1), 2).action)).toEqual([7, 7]);
    expect(() => replay.add({ ...steps(1, 2), action: tensor(Int32Array.of(1)) })).toThrow('Replay: action must be int32 [2], got');
    expect(() => new Replay(fields, { capacity: 0 })).toThrow('Replay: capacity must be a whole number from 1, got 0');
    expect(() => new Replay({ added: { shape: [] } }, { capacity: 1 })).toThrow('Replay: a field must have another name, got added');
  });
});

describe('annealing', () => {
  it('falls evenly, or by a factor to a floor', () => {
    expect([0, 5, 10, 99].map(linearAnneal(1, 0.1, { steps: 10 }))).toEqual([1, 0.55, 0.1, 0.1]);
    expect([0, 499, 500, 1000, 9999].map(exponentialAnneal(1, { factor: 0.75, every: 500, minimum: 0.5 }))).toEqual([
      1, 1, 0.75, 0.5625, 0.5,
    ]);
    expect(() => linearAnneal(1, 0, { steps: 0 })).toThrow('linearAnneal: steps must be a finite number of at least 1, got 0');
  });
});

describe('Q-learning over the choice of item', () => {
  /** A query and items by number; the value of choosing an item is its score. */
  class Chooser extends Module {
    readonly queries: Embedding;
    readonly items: Embedding;
    readonly score: GeneralScore;

    constructor(sizes: { queries: number; items: number; width: number }) {
      super();
      const [a, b, c] = split(key(5), 3) as [typeof seed, typeof seed, typeof seed];
      this.queries = new Embedding({ symbols: sizes.queries, size: sizes.width }, a);
      this.items = new Embedding({ symbols: sizes.items, size: sizes.width }, b);
      this.score = new GeneralScore({ query: sizes.width, key: sizes.width }, c);
    }

    /** Queries int32 `[B]`, items int32 `[B, N]`: values `[B, N]`. */
    values(query: Tensor, items: Tensor): Tensor {
      const keys = this.score.prepare(this.items.forward(items));
      return reshape(this.score.score(reshape(this.queries.forward(query), [query.size, 1, -1]), keys), items.shape);
    }
  }
  const seed = key(0);

  it('finds the item that pays among others in any order', () => {
    const [count, n, batch] = [6, 4, 32];
    const model = new Chooser({ queries: count, items: count, width: 8 });
    const optimizer = new Adam(parameters(model), { lr: 0.02 });
    const replay = new Replay(
      {
        query: { shape: [], dtype: 'int32' },
        items: { shape: [n], dtype: 'int32' },
        action: { shape: [], dtype: 'int32' },
        reward: { shape: [] },
      },
      { capacity: 2000 },
    );
    const epsilon = linearAnneal(1, 0.05, { steps: 200 });
    const wanted = (query: number) => (query + 2) % count;
    const situations = (from: typeof seed) => {
      const items = Array.from({ length: batch }, (_, b) => [...permutation(foldIn(from, b), count)].slice(0, n));
      return { items, query: items.map((row, b) => ((row[b % n] as number) + count - 2) % count) }; // the wanted one is always there
    };
    for (let step = 0; step < 400; step++) {
      scope(() => {
        const [forWorld, forChoice, forReplay] = split(foldIn(seed, step), 3) as [typeof seed, typeof seed, typeof seed];
        const { items, query } = situations(forWorld);
        const [q, i] = [tensor(Int32Array.from(query)), tensor(Int32Array.from(items.flat()), { shape: [batch, n] })];
        const action = epsilonGreedy(forChoice, model.values(q, i), { epsilon: epsilon(step) });
        const reward = list(action).map((a, b) => (items[b]?.[a] === wanted(query[b] as number) ? 1 : 0));
        replay.add({ query: q, items: i, action, reward: tensor(reward) });
        const past = replay.sample(forReplay, 64);
        backward(qLoss(model.values(past.query, past.items), past.action, past.reward));
        optimizer.step();
      });
    }
    const { items, query } = situations(key(99));
    const values = model.values(tensor(Int32Array.from(query)), tensor(Int32Array.from(items.flat()), { shape: [batch, n] }));
    const chosen = list(epsilonGreedy(key(1), values, { epsilon: 0 }));
    expect(chosen.map((a, b) => items[b]?.[a])).toEqual(query.map(wanted));
  });

  // Five places in a row, items `left`, `stay` and `right`: one step right from the last pays 1 and ends, left from the first pays 0.2 and ends.
  const [places, discount] = [5, 0.8];
  const move = (place: number, action: number) => {
    const to = place + action - 1;
    const ends = to < 0 || to === places;
    return { to: ends ? place : to, reward: to < 0 ? 0.2 : to === places ? 1 : 0, ends };
  };
  const optimal = () => {
    let q = Array.from({ length: places }, () => [0, 0, 0]);
    for (let sweep = 0; sweep < 200; sweep++) {
      q = q.map((row, place) =>
        row.map((_, action) => {
          const { to, reward, ends } = move(place, action);
          return reward + (ends ? 0 : discount * Math.max(...(q[to] as number[])));
        }),
      );
    }
    return q.flat();
  };

  it.skipIf(process.env.SACCADE_BRIEF)('learns the optimal values of a chain through replay and a target network', () => {
    const online = new Linear({ input: places, output: 3 }, key(11));
    const target = new Linear({ input: places, output: 3 }, key(12));
    updateTarget(target, online);
    const optimizer = new SGD(parameters(online), { lr: 2 });
    const int = { shape: [], dtype: 'int32' } as const;
    const replay = new Replay(
      { place: int, action: int, reward: { shape: [] }, to: int, done: { shape: [], dtype: 'bool' } },
      { capacity: 500 },
    );
    const epsilon = linearAnneal(1, 0.5, { steps: 500 });
    const all = arange(places);
    const q = (net: Linear, place: Tensor) => net.forward(oneHot(place, places));
    let frozen = list(q(target, all));
    for (let step = 0; step < 3000; step++) {
      scope(() => {
        const [forChoice, forReplay] = split(foldIn(key(13), step));
        const actions = list(epsilonGreedy(forChoice, q(online, all), { epsilon: epsilon(step) }));
        const moves = actions.map((action, place) => move(place, action));
        replay.add({
          place: all,
          action: tensor(Int32Array.from(actions)),
          reward: tensor(moves.map(({ reward }) => reward)),
          to: tensor(Int32Array.from(moves.map(({ to }) => to))),
          done: tensor(moves.map(({ ends }) => ends)),
        });
        const past = replay.sample(forReplay, 32);
        const goal = qTarget(past.reward, q(target, past.to), { discount, done: past.done });
        backward(qLoss(q(online, past.place), past.action, goal));
        optimizer.step();
        expect(list(q(target, all))).toEqual(frozen); // the target network learns nothing by itself
        if (step % 25 === 24) {
          updateTarget(target, online);
          frozen = list(q(target, all));
        }
      });
    }
    const wanted = optimal();
    list(q(online, all)).forEach((value, i) => expect(Math.abs(value - (wanted[i] as number))).toBeLessThan(0.01));
    expect(list(epsilonGreedy(key(1), q(online, all), { epsilon: 0 }))).toEqual([2, 2, 2, 2, 2]);
  });
});
