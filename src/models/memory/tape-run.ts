// A run of a tape machine: moves are drawn, masked and forced, and each written sign is worth its log-probability.

import { moveHeads } from '../../memory/tapes.ts';
import type { LSTMState } from '../../nn/cells.ts';
import { stacked } from '../../nn/unroll.ts';
import {
  add,
  and,
  argmax,
  categorical,
  concat,
  equal,
  greater,
  less,
  logSoftmax,
  mul,
  not,
  oneHot,
  pick,
  reshape,
  select,
  stack,
  sub,
  takeAlongAxis,
  toFloat,
  where,
} from '../../ops/index.ts';
import { expectOptions, isSize, maybe, type Rules, ruleOf } from '../../tensor/check.ts';
import { detach, full, zeros } from '../../tensor/create.ts';
import { foldIn, type Key } from '../../tensor/random.ts';
import { show } from '../../tensor/shape.ts';
import { expectDType, Tensor } from '../../tensor/tensor.ts';

/** The state of a tape machine between two steps. */
export type TapeState = {
  /** Of the LSTM. */
  readonly lstm: LSTMState;
  /** Where the input head stands: int32 `[B]`. */
  readonly input: Tensor;
  /** Where the memory's head stands: int32 `[B]`. */
  readonly memory: Tensor;
  /** The memory tape `[B, N, C]`, of no cell if there is none. */
  readonly tape: Tensor;
  /** The last moves, a 1 for each: `[B, choices]`. */
  readonly moved: Tensor;
};

/** What one look of a tape machine gives, before anything moves. */
export interface TapeLook {
  /** Logits of the sign that is written if the output head moves: `[B, C]`. */
  readonly signs: Tensor;
  /** Logits of the moves of each head, in the order input, memory (if there is one), output. */
  readonly moves: readonly Tensor[];
  /** What the LSTM saw `[B, F]`, without gradient to be of use to a baseline. */
  readonly seen: Tensor;
  /** The LSTM's next state, and the tape after it was written to. */
  readonly next: Pick<TapeState, 'lstm' | 'tape'>;
}

/** What a run needs of a machine. */
export interface TapeReader {
  /** C, the number of signs. */
  readonly symbols: number;
  /** Cells of the memory tape; 0 if there is none. */
  readonly cells: number;
  /** How many ways each head can go: input, memory (if there is one), output. */
  readonly choices: readonly number[];
  /** The state before the first step. */
  initialState(batch: number): TapeState;
  /** Looks at the input tape, one-hot `[B, S, C]`, and at the memory. */
  look(input: Tensor, state: TapeState): TapeLook;
}

/** How a run goes, besides its input. */
export interface TapeRunOptions {
  /** T, the number of steps. */
  steps: number;
  /** The signs to write, int32 `[B, O]`: what is written is worth their log-probabilities, and the output head is kept within them. */
  targets?: Tensor | undefined;
  /** Draws the moves. Without a key and without `moves` each head goes where it most likely goes. */
  key?: Key | undefined;
  /** The moves themselves, int32 `[B, T, heads]`: 0 stay, 1 on, 2 back. */
  moves?: Tensor | undefined;
}

const isTensor = /* @__PURE__ */ ruleOf('a tensor', (value) => value instanceof Tensor);
const rules: Rules<TapeRunOptions> = {
  steps: isSize,
  targets: /* @__PURE__ */ maybe(isTensor),
  key: () => {},
  moves: /* @__PURE__ */ maybe(isTensor),
};

/** What happened in T steps. */
export interface TapeRun {
  /** The logits of signs `[B, T, C]`. */
  readonly output: Tensor;
  /** How each head went, int32 `[B, T, heads]`: input, memory (if there is one), output. 0 stay, 1 on, 2 back. */
  readonly moves: Tensor;
  /** The log-probability of each move `[B, T, heads]`, 0 where it was forced and −∞ where it was forbidden. */
  readonly logProbability: Tensor;
  /** The log-probability of the target's sign where one was written, else 0: `[B, T]`. Without targets all 0. */
  readonly gains: Tensor;
  /** bool `[B, T]`: whether a sign was written. */
  readonly written: Tensor;
  /** Where the heads stood before they moved, int32 `[B, T, heads]`. */
  readonly places: Tensor;
  /** What the machine saw, without gradient, and how many signs and steps were left, as shares of T: `[B, T, F + 2]`. For a baseline. */
  readonly seen: Tensor;
}

/** −1, 0 or +1 of a move. */
const step = (move: Tensor): Tensor => where(equal(move, 2), -1, move);

/** What the mask leaves of logits `[B, n]`: those of allowed moves. */
const only = (logits: Tensor, allowed: readonly (Tensor | null)[]): Tensor =>
  where(
    stack(
      allowed.map((one) => one ?? full([logits.shape[0] as number], 1, 'bool')),
      1,
    ),
    logits,
    -Infinity,
  );

function expectTapes(machine: TapeReader, input: Tensor, { targets, moves, steps }: TapeRunOptions): void {
  expectDType('TapeMachine', 'input', input, 'int32');
  if (input.rank !== 2 || !input.shape[0] || !input.shape[1]) {
    throw new RangeError(`TapeMachine: input must be int32 [B, S] of at least one sign, got ${show(input.shape)}`);
  }
  const [batch] = input.shape;
  if (targets) {
    expectDType('TapeMachine', 'targets', targets, 'int32');
    const most = targets.shape[1] ?? 0;
    if (targets.rank !== 2 || targets.shape[0] !== batch || most === 0 || most > steps) {
      throw new RangeError(`TapeMachine: targets must be int32 [${batch}, O] of at most ${steps} signs, got ${show(targets.shape)}`);
    }
  }
  if (!moves) return;
  expectDType('TapeMachine', 'moves', moves, 'int32');
  const wanted = [batch, steps, machine.choices.length];
  if (show(moves.shape) !== show(wanted as number[])) {
    throw new RangeError(`TapeMachine: moves must be int32 ${show(wanted as number[])}, got ${show(moves.shape)}`);
  }
}

/** The masked log-probabilities of each head's moves, `[B, n]` each. */
function policies(
  look: TapeLook,
  machine: TapeReader,
  at: Tensor,
  length: number,
  left: { steps: number; signs: Tensor } | null,
): Tensor[] {
  const last = look.moves.length - 1;
  return look.moves.map((logits, head) => {
    if (head === 0) {
      const ways = [null, less(at, length - 1), greater(at, 0)];
      return logSoftmax(only(logits, ways.slice(0, machine.choices[0])));
    }
    if (head !== last || !left) return logSoftmax(logits);
    const some = greater(left.signs, 0);
    return logSoftmax(only(logits, [not(and(some, equal(left.signs, left.steps))), some]));
  });
}

/** The move of each head: given, drawn or the likeliest, int32 `[B]` each. */
function chosen(policy: readonly Tensor[], t: number, { key, moves }: TapeRunOptions): Tensor[] {
  if (moves) return policy.map((_, head) => select(select(moves, 1, t), 1, head));
  const from = key && foldIn(key, t);
  return policy.map((logits, head) => (from ? categorical(foldIn(from, head), detach(logits)) : argmax(logits, { axis: -1 })));
}

/** The log-probability of the target's next sign where one is written: `[B]`. */
function gainOf(signs: Tensor, targets: Tensor, at: Tensor, written: Tensor): Tensor {
  const most = (targets.shape[1] as number) - 1;
  const next = reshape(takeAlongAxis(targets, reshape(where(less(at, most), at, most), [-1, 1])), [-1]);
  return where(written, pick(logSoftmax(signs), next), 0);
}

/** See `TapeMachine.run`. */
export function runTapes(machine: TapeReader, input: Tensor, options: TapeRunOptions): TapeRun {
  expectOptions('TapeMachine', options, rules);
  expectTapes(machine, input, options);
  const { steps, targets } = options;
  const [batch, length] = input.shape as readonly [number, number];
  const tape = oneHot(input, machine.symbols); // [B, S, C]
  let state: TapeState = machine.initialState(batch);
  let at = zeros([batch], 'int32'); // where the output head stands
  const all = Array.from({ length: steps }, (_, t) => {
    const look = machine.look(tape, state);
    const left = targets ? { steps: steps - t, signs: sub(targets.shape[1] as number, at) } : null;
    const policy = policies(look, machine, state.input, length, left);
    const moves = chosen(policy, t, options);
    const written = equal(moves.at(-1) as Tensor, 1);
    const places = [state.input, ...(machine.cells > 0 ? [state.memory] : []), at];
    const shares = [left ? left.signs : zeros([batch], 'int32'), full([batch], steps - t, 'int32')];
    const result = {
      output: look.signs,
      moves: stack(moves, 1),
      logProbability: stack(
        policy.map((own, head) => pick(own, moves[head] as Tensor)),
        1,
      ),
      gains: targets ? gainOf(look.signs, targets, at, written) : zeros([batch]),
      written,
      places: stack(places, 1),
      seen: concat([detach(look.seen), ...shares.map((share) => reshape(mul(toFloat(share), 1 / steps), [batch, 1]))], 1),
    };
    state = {
      ...look.next,
      input: moveHeads(state.input, step(moves[0] as Tensor)),
      memory: machine.cells > 0 ? moveHeads(state.memory, step(moves[1] as Tensor), machine.cells) : state.memory,
      moved: concat(
        moves.map((move, head) => oneHot(move, machine.choices[head] as number)),
        1,
      ),
    };
    at = add(at, moves.at(-1) as Tensor);
    return result;
  });
  return stacked(all);
}
