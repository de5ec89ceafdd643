// Bandits: the problems, how they are played, and the policies that learning is compared with.

import { noGrad } from '../autograd/record.ts';
import { partsOf, type State } from '../nn/state.ts';
import {
  add,
  and,
  argmax,
  concat,
  div,
  gather,
  greater,
  less,
  log,
  maximum,
  mul,
  normal,
  not,
  oneHot,
  pick,
  place,
  reshape,
  slice,
  sqrt,
  sub,
  toFloat,
  uniform,
  where,
} from '../ops/index.ts';
import { Storage, within } from '../runtime/storage.ts';
import { expectFields, expectKey, expectOptions, isCount, isSize } from '../tensor/check.ts';
import { ones, tensor, zeros } from '../tensor/create.ts';
import { foldIn, type Key, split } from '../tensor/random.ts';
import { scope } from '../tensor/scope.ts';
import { sameShape, show } from '../tensor/shape.ts';
import { expectDType, kindOf, Tensor } from '../tensor/tensor.ts';
import { finiteHorizonIndex } from './bandit-optimum.ts';

/** `[B, K]`: the chances of winning of each arm, uniform in [0, 1), of `batch` bandits. */
export function banditProblems(key: Key, sizes: { batch: number; arms: number }): Tensor {
  expectOptions('banditProblems', sizes, { batch: isCount, arms: isSize });
  return uniform(key, [sizes.batch, sizes.arms]);
}

/** What a player knows before a pull. */
export interface BanditView<S extends State = State> {
  /** int32 `[B, K]`: how often each arm has won so far. */
  readonly wins: Tensor;
  /** int32 `[B, K]`: how often it has not. */
  readonly losses: Tensor;
  /** The arms pulled last, int32 `[B]`, and what they gave, `[B]`; null before the first pull. */
  readonly last: { readonly action: Tensor; readonly reward: Tensor } | null;
  /** The number of pulls that are left, this one among them. */
  readonly left: number;
  /** What the policy gave back with its last choice. */
  readonly state: S | undefined;
  /** A key of this pull, to draw from. */
  readonly key: Key;
}

/** Chooses the arms of many bandits at once, int32 `[B]`, and says what it wants to have at the next pull. */
export type BanditPolicy<S extends State = State> = (view: BanditView<S>) => { action: Tensor; state?: S };

/** What was played. */
export interface BanditEpisodes {
  /** int32 `[B, T]`: the arm of each pull. */
  readonly action: Tensor;
  /** `[B, T]`: 1 where it won, else 0. */
  readonly reward: Tensor;
}

function expectChances(op: string, chances: Tensor): void {
  expectDType(op, 'chances', chances, 'float32');
  if (chances.rank !== 2 || !chances.shape[1])
    throw new RangeError(`${op}: chances must be [B, K] with K from 1, got ${show(chances.shape)}`);
}

/** What is known after a pull: tensors of the bandits, and of the policy. */
type Known<S> = { wins: Tensor; losses: Tensor; action: Tensor; reward: Tensor; state: S | undefined };

/** One pull of every bandit: `luck` is below an arm's chance where it wins. */
function pull<S extends State>(policy: BanditPolicy<S>, view: BanditView<S>, chances: Tensor, luck: Key): Known<S> {
  const [batch, arms] = chances.shape as [number, number];
  const { action, state } = policy(view);
  if (!(action instanceof Tensor && action.dtype === 'int32' && sameShape(action.shape, [batch]))) {
    throw new RangeError(`playBandits: policy must give an action, int32 ${show([batch])}, got ${kindOf(action)}`);
  }
  const won = less(uniform(luck, [batch, arms]), chances); // [B, K]
  const pulled = greater(oneHot(action, arms), 0);
  const one = ones([batch, arms], 'int32');
  return {
    wins: add(view.wins, where(and(pulled, won), one, 0)),
    losses: add(view.losses, where(and(pulled, not(won)), one, 0)),
    action,
    reward: pick(toFloat(won), action),
    state,
  };
}

/**
 * Plays bandits of the given chances `[B, K]` for `pulls` pulls each. Every policy that plays with one key is given the same luck: whether an
 * arm wins at a pull does not depend on what was pulled before. So the difference of two policies has a small error.
 */
export function playBandits<S extends State>(
  policy: BanditPolicy<S>,
  chances: Tensor,
  options: { pulls: number; key: Key },
): BanditEpisodes {
  expectChances('playBandits', chances);
  expectOptions('playBandits', options, { pulls: isSize, key: (op, _, key) => expectKey(op, key as Key) });
  const [batch, arms] = chances.shape as [number, number];
  const [forLuck, forPolicy] = split(options.key);
  const { pulls } = options;
  const [actions, rewards] = [new Int32Array(batch * pulls), new Float32Array(batch * pulls)];
  const turn = new Turns();
  try {
    let known: Known<S> | undefined;
    for (let t = 0; t < pulls; t++) {
      const before = known;
      known = turn.take(() => {
        const counts = before ?? { wins: zeros([batch, arms], 'int32'), losses: zeros([batch, arms], 'int32'), state: undefined };
        const view = { ...counts, last: before ?? null, left: pulls - t, key: foldIn(forPolicy, t) };
        return pull(policy, view, chances, foldIn(forLuck, t));
      });
      const [action, reward] = [known.action.peek(), known.reward.peek()];
      for (let b = 0; b < batch; b++) {
        actions[b * pulls + t] = action[b] as number;
        rewards[b * pulls + t] = reward[b] as number;
      }
    }
  } finally {
    turn.close();
  }
  return { action: tensor(actions, { shape: [batch, pulls] }), reward: tensor(rewards, { shape: [batch, pulls] }) };
}

/** Runs turn after turn without gradient, and frees what the last turn no longer holds. */
class Turns {
  private held: Storage[] = [];

  take<R extends object>(fn: () => R): R {
    const made: Storage[] = [];
    const result = within(made, () => noGrad(() => scope(fn)));
    const kept = new Set(tensorsIn(result as State).map(({ storage }) => storage));
    for (const storage of this.held) if (storage.ownedBy(this.held) && kept.has(storage)) storage.moveTo(made);
    Storage.release(this.held);
    this.held = made;
    return result;
  }

  close(): void {
    Storage.release(this.held);
    this.held = [];
  }
}

/** The tensors of a state, those within caches among them. */
function tensorsIn(state: State): Tensor[] {
  const given = Object.fromEntries(Object.entries(state).filter(([, part]) => part !== undefined));
  return partsOf('playBandits', given).flatMap(([, part]) => (part instanceof Tensor ? [part] : part.tensors()));
}

/**
 * The inputs of a learner `[B, T, K + 2]` (Mishra et al. 2018, §4.2): before each pull the last action (one of K), its reward, and a flag that is 1,
 * as every pull of a bandit is an episode of its own. Before the first pull action and reward are 0.
 */
export function banditInputs(episodes: BanditEpisodes, arms: number): Tensor {
  expectFields('banditInputs', 'episodes', episodes, 'action', 'reward');
  const { action, reward } = episodes;
  isSize('banditInputs', 'arms', arms);
  expectDType('banditInputs', 'action', action, 'int32');
  const [batch, length] = action.shape as [number, number];
  if (action.rank !== 2 || !length || !sameShape(action.shape, reward.shape)) {
    throw new RangeError(
      `banditInputs: action and reward must be [B, T] with T from 1, got ${show(action.shape)} and ${show(reward.shape)}`,
    );
  }
  const known = concat([oneHot(action, arms), reshape(reward, [batch, length, 1])], 2); // [B, T, K + 1]
  return concat([place(slice(known, 1, 0, length - 1), 1, 1, length), ones([batch, length, 1])], 2);
}

/** The same for the pull that comes next: `[B, K + 2]`. */
export function banditInput(view: Pick<BanditView, 'wins' | 'last'>): Tensor {
  expectFields('banditInput', 'view', view, 'wins');
  const { wins, last } = view;
  expectDType('banditInput', 'wins', wins, 'int32');
  const [batch, arms] = wins.shape as [number, number];
  const known = last ? [oneHot(last.action, arms), reshape(last.reward, [batch, 1])] : [zeros([batch, arms + 1])];
  return concat([...known, ones([batch, 1])], 1);
}

/** Samples of the gamma distribution of shape a ≥ 1 `[…]`, exact: Marsaglia and Tsang 2000, "A simple method for generating gamma variables". */
function gamma(key: Key, a: Tensor): Tensor {
  const d = sub(a, 1 / 3);
  let y = zeros(a.shape);
  let open: Tensor = ones(a.shape, 'bool');
  for (let turn = 0; ; turn++) {
    const [forNormal, forUniform] = split(foldIn(key, turn));
    const x = normal(forNormal, a.shape);
    const base = add(div(x, mul(3, sqrt(d))), 1);
    const v = mul(base, mul(base, base));
    const inside = greater(base, 0);
    const bound = add(mul(0.5, mul(x, x)), mul(d, add(sub(1, v), log(where(inside, v, 1)))));
    const taken = and(open, and(inside, less(log(uniform(forUniform, a.shape)), bound)));
    y = where(taken, mul(d, v), y);
    open = and(open, less(toFloat(taken), 0.5));
    if (!open.peek().some((still) => still)) return y;
  }
}

/** A sample of each arm's posterior, Beta(wins + 1, losses + 1). */
function believed({ wins, losses, key }: BanditView): Tensor {
  const [forWins, forLosses] = split(key);
  const x = gamma(forWins, add(toFloat(wins), 1));
  return div(x, add(x, gamma(forLosses, add(toFloat(losses), 1))));
}

/** The mean of each arm's posterior. */
const expected = ({ wins, losses }: BanditView) => div(add(toFloat(wins), 1), add(toFloat(add(wins, losses)), 2));

/** The best arm by a score of each `[B, K]`; of several equal ones that which was tried least. */
const best =
  (score: (view: BanditView) => Tensor): BanditPolicy =>
  (view) => {
    expectFields('bandits', 'view', view, 'wins', 'losses', 'key');
    const tried = toFloat(add(view.wins, view.losses));
    return { action: argmax(sub(score(view), mul(tried, TIE)), { axis: 1 }) };
  };

/** Far below what tells two scores apart, and no less than float32 holds beside them, for some hundred pulls. */
const TIE = 2 ** -22;

/** Any arm. */
export const randomArm: BanditPolicy = /* @__PURE__ */ best(({ wins, key }) => uniform(key, wins.shape));

/** The arm that is best by a sample of what is believed (Thompson 1933), from uniform priors. */
export const thompson: BanditPolicy = /* @__PURE__ */ best(believed);

/** The same with samples no lower than their means (May et al. 2012, "Optimistic Bayesian sampling in contextual-bandit problems"). */
export const optimisticThompson: BanditPolicy = /* @__PURE__ */ best((view) => maximum(believed(view), expected(view)));

/** The arm of the highest posterior mean: it never explores for exploration's sake. */
export const greedyArm: BanditPolicy = /* @__PURE__ */ best(expected);

/**
 * The arm of the highest {@link finiteHorizonIndex}: close to the optimum, which nobody can compute at a hundred pulls. Made for episodes of
 * `pulls` pulls.
 */
export function indexPolicy(pulls: number): BanditPolicy {
  const indices = finiteHorizonIndex(pulls);
  return best(({ wins, losses, left }) => {
    const index = indices[left];
    if (!index) throw new RangeError(`indexPolicy: pulls left must be from 1 to ${pulls}, got ${left}`);
    return gather(tensor(index), add(mul(wins, pulls - left + 1), losses));
  });
}
