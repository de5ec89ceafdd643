// A learner plays bandits and learns from what it played, by proximal policy optimisation.
import { Adam, add, type Key, key, mseLoss, mul, noGrad, parameters, scope, split, type Tensor } from 'saccade';
import { Snail, type SnailState } from 'saccade/models';
import { parameterCount, type State } from 'saccade/nn';
import { argmax, categorical, entropy, gather, logSoftmax, pick, sum } from 'saccade/ops';
import { type BanditPolicy, banditInput, banditInputs, banditProblems, playBandits } from 'saccade/tasks';
import { foldIn, permutation, tensor, zeros } from 'saccade/tensor';
import { generalizedAdvantages, ppoLoss, standardized } from 'saccade/train';
import type { Context, Point } from '../../runner/recipe.ts';

/** How a learner is made and taught. */
export interface Teaching {
  arms: number;
  pulls: number;
  /** F, K and V of its layers. */
  width: number;
  /** Whether filters and gates are normalised. */
  norm: boolean;
  /** Rounds of playing and learning. */
  rounds: number;
  /** Episodes played in a round. */
  episodes: number;
  /** Times that a round's episodes are learnt from. */
  passes: number;
  /** Episodes of a step. */
  batch: number;
  lr: number;
  lambda: number;
  /** Weight of the entropy at first; it falls to 0. */
  entropy: number;
}

/** The learner: a policy's logits and the value of what is known, from one net. */
export function learnerOf({ arms, pulls, width, norm }: Pick<Teaching, 'arms' | 'pulls' | 'width' | 'norm'>, from: Key): Snail {
  const layers = [
    { length: pulls, filters: width },
    { length: pulls, filters: width },
    { key: width, value: width },
  ];
  const model = new Snail({ input: arms + 2, output: arms, layers, value: true, norm }, from);
  // It begins with even choices and no opinion: whatever else it began with would have to be unlearnt.
  for (const head of [model.output, model.value]) for (const x of [head?.weight, head?.bias]) x?.view().fill(0);
  return model;
}

/** Plays with a model: its choices drawn, or its most probable ones. `see` is told each step's logits, values and choices. */
export function playing(
  model: Snail,
  how: 'drawn' | 'greedy',
  see?: (step: { logits: Tensor; value: Tensor; action: Tensor }) => void,
): BanditPolicy<SnailState> {
  return (view) => {
    const { output, value, state } = model.step(banditInput(view), view.state ?? model.initialState(view.wins.shape[0] as number));
    const action = how === 'drawn' ? categorical(view.key, output) : argmax(output, { axis: 1 });
    see?.({ logits: output, value: value as Tensor, action });
    return { action, state };
  };
}

/** The episodes of a round, with log-probabilities and values as they were when they were played: a part of a checkpoint. */
class Played {
  round = -1;
  readonly action: Tensor; // [E, T]
  readonly reward: Tensor;
  readonly logProbability: Tensor;
  readonly advantages: Tensor;
  readonly returns: Tensor;

  constructor({ episodes, pulls }: Teaching) {
    this.action = zeros([episodes, pulls], 'int32');
    [this.reward, this.logProbability, this.advantages, this.returns] = Array.from({ length: 4 }, () => zeros([episodes, pulls])) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
  }

  play(model: Snail, { arms, pulls, episodes, lambda }: Teaching, round: number, from: Key): void {
    const [forProblems, forPlay] = split(from);
    scope(() => {
      const [chances, values] = [new Float32Array(episodes * pulls), new Float32Array(episodes * pulls)];
      let t = 0;
      const policy = playing(model, 'drawn', ({ logits, value, action }) => {
        const chosen = pick(logSoftmax(logits), action).peek();
        const worth = value.peek();
        for (let e = 0; e < episodes; e++) {
          chances[e * pulls + t] = chosen[e] as number;
          values[e * pulls + t] = worth[e] as number;
        }
        t++;
      });
      const { action, reward } = playBandits(policy, banditProblems(forProblems, { batch: episodes, arms }), { pulls, key: forPlay });
      const { advantages, returns } = generalizedAdvantages(reward, tensor(values, { shape: [episodes, pulls] }), { lambda });
      const now = { action, reward, advantages: standardized(advantages), returns };
      for (const name of ['action', 'reward', 'advantages', 'returns'] as const) this[name].view().set(now[name].peek());
      this.logProbability.view().set(chances);
    });
    this.round = round;
  }

  get tensors(): Map<string, Tensor> {
    const { action, reward, logProbability, advantages, returns } = this;
    return new Map(Object.entries({ action, reward, logProbability, advantages, returns }));
  }
}

/** A learner whose checkpoints hold the episodes of the round, too. */
const withEpisodes = (model: Snail, { tensors }: Played) => ({
  stateDict: () => new Map([...model.stateDict(), ...tensors]),
  loadStateDict(dict: ReadonlyMap<string, Tensor>) {
    model.loadStateDict(new Map([...model.stateDict().keys()].map((name) => [name, dict.get(name) as Tensor])));
    for (const [name, x] of tensors) x.view().set((dict.get(name) as Tensor).peek());
  },
});

/** The loss of the episodes of a batch: of the choices by proximal policy optimisation, and of the values. */
function lossOf(model: Snail, { tensors }: Played, rows: Int32Array, arms: number, entropyWeight: number): Tensor {
  const index = tensor(rows);
  const batch = [...tensors.values()].map((x) => gather(x, index)) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const [action, reward, old, advantages, returns] = batch;
  const { output, value } = model.forward(banditInputs({ action, reward }, arms));
  const now = pick(logSoftmax(output), action); // [B, T]
  const policy = ppoLoss(now, old, advantages, { entropy: entropy(output), entropyWeight });
  return add(policy, mul(mseLoss(value as Tensor, returns), 0.5));
}

/** Teaches a learner; a stopped run goes on in the middle of a round with the same episodes. */
export async function taught(teaching: Teaching, context: Context, seed: number, evaluate: (model: Snail) => number) {
  const { arms, rounds, episodes, passes, batch, lr, entropy: first } = teaching;
  const [forModel, forTraining] = split(key(seed));
  const model = learnerOf(teaching, forModel);
  const played = new Played(teaching);
  const steps = rounds * passes * (episodes / batch);
  const left = (step: number) => 1 - step / steps;
  const curve = await context.train<Int32Array>({
    key: forTraining,
    model: withEpisodes(model, played),
    optimizer: new Adam(parameters(model), { lr, epsilon: 1e-5 }),
    numbers: {
      save: () => ({ round: played.round }),
      load: ({ round = -1 }) => {
        played.round = round;
      },
    },
    steps,
    clip: 0.5,
    schedule: (step) => lr * (0.1 + 0.9 * left(step)),
    *batches(round, from) {
      const [forPlay, forOrder] = split(from);
      if (played.round !== round) played.play(model, teaching, round, forPlay);
      for (let pass = 0; pass < passes; pass++) {
        const order = permutation(foldIn(forOrder, pass), episodes);
        for (let at = 0; at < episodes; at += batch) yield order.subarray(at, at + batch);
      }
    },
    loss: (rows, { step }) => lossOf(model, played, rows, arms, first * left(step)),
    evaluate: () => evaluate(model),
    every: Math.max(1, Math.round(steps / 20)),
    goal: 'max',
  });
  return { model, curve: curve satisfies Point[], parameters: parameterCount(model) };
}

/** Rewards of many episodes, some thousands at a time; every policy plays the same bandits with the same luck. */
export function rewardsOf<S extends State>(
  policy: BanditPolicy<S>,
  { arms, pulls, count, from }: { arms: number; pulls: number; count: number; from: Key },
): number[] {
  const rewards: number[] = [];
  for (let at = 0; at < count; at += CHUNK) {
    const batch = Math.min(CHUNK, count - at);
    const [forProblems, forPlay] = split(foldIn(from, at));
    scope(() => {
      const { reward } = noGrad(() => playBandits(policy, banditProblems(forProblems, { batch, arms }), { pulls, key: forPlay }));
      rewards.push(...sum(reward, { axis: 1 }).toArray());
    });
  }
  return rewards;
}

const CHUNK = 2000;

/** Mean and its standard error. */
export function meanOf(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const square = values.reduce((so, x) => so + (x - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, error: Math.sqrt(square / values.length) };
}
