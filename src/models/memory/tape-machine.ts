import { writeMemory } from '../../memory/addressing.ts';
import { readTape, tapeView } from '../../memory/tapes.ts';
import { LSTMCell } from '../../nn/cells.ts';
import { Linear } from '../../nn/linear.ts';
import { Module } from '../../nn/module.ts';
import { add, concat, matmul, mul, oneHot, reshape, sigmoid, slice, sub, tanh } from '../../ops/index.ts';
import { expectFields, expectKey, expectOptions, isCount, isFlag, isPositive, isSize, maybe, type Rules } from '../../tensor/check.ts';
import { ones, zeros } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import { expectTensor, type Tensor } from '../../tensor/tensor.ts';
import { runTapes, type TapeLook, type TapeReader, type TapeRun, type TapeRunOptions, type TapeState } from './tape-run.ts';

/** Options of a {@link TapeMachine}. */
export interface TapeMachineOptions {
  /** C, the number of signs; 0 is the blank, 1 the end. */
  symbols: number;
  /** D, the width of the LSTM. Default 32. */
  hidden?: number | undefined;
  /** How many cells the heads see on either side of theirs. Default 0; the paper's is 2. */
  reach?: number | undefined;
  /** Whether the input head may move back. Default false: `forced forward`. */
  back?: boolean | undefined;
  /** Cells of the memory tape, which is a circle. Default 0: there is none. The paper's is 30. */
  cells?: number | undefined;
  /** Direct access: what the heads see goes to the output and to the memory through gates (the paper's §6). Default true. */
  direct?: boolean | undefined;
  /** What the logits of moves are multiplied by, so that early moves are drawn almost evenly. Default 0.1. */
  slowdown?: number | undefined;
}

const rules: Rules<TapeMachineOptions> = {
  symbols: isSize,
  hidden: /* @__PURE__ */ maybe(isSize),
  reach: /* @__PURE__ */ maybe(isCount),
  back: /* @__PURE__ */ maybe(isFlag),
  cells: /* @__PURE__ */ maybe(isCount),
  direct: /* @__PURE__ */ maybe(isFlag),
  slowdown: /* @__PURE__ */ maybe(isPositive),
};

/**
 * The RL-NTM (Zaremba and Sutskever 2015): an LSTM between an input tape, an output tape and, if asked for, a memory tape. In each step it sees the cells round its
 * heads, and *draws* where each head goes: the input head stays, goes on or, if it may, back; the memory's head goes either way; the output head stays, or writes
 * the sign predicted now and goes on. Draws have no gradient, so they are learnt by `reinforceLoss`; everything else is learnt by backpropagation. With direct
 * access each sign in view is added to the output's logits and to the memory cells in view, through one number each that the LSTM decides.
 */
export class TapeMachine extends Module implements TapeReader {
  readonly lstm: LSTMCell;
  /** To the logits of all heads' moves. */
  readonly moves: Linear;
  /** To the logits of signs. */
  readonly output: Linear;
  /** Direct access: one number for each pair of a cell in view and what it goes to. */
  readonly gates: Linear | null;
  /** What the memory cells in view keep, in [0, 1], and without direct access what is added. */
  readonly writes: Linear | null;
  readonly symbols: number;
  readonly cells: number;
  readonly reach: number;
  /** How many ways each head can go: input, memory (if there is one), output. */
  readonly choices: readonly number[];
  private readonly slowdown: number;

  constructor(options: TapeMachineOptions, key: Key) {
    super();
    expectOptions('TapeMachine', options, rules);
    expectKey('TapeMachine', key);
    const { symbols, hidden = 32, reach = 0, back = false, cells = 0, direct = true, slowdown = 0.1 } = options;
    const [forLstm, forMoves, forOutput, forGates, forWrites] = split(key, 5);
    const view = 2 * reach + 1;
    this.choices = [back ? 3 : 2, ...(cells > 0 ? [3] : []), 2];
    const all = this.choices.reduce((a, b) => a + b);
    this.lstm = new LSTMCell({ input: all + view * symbols * (cells > 0 ? 2 : 1), hidden }, forLstm);
    this.moves = new Linear({ input: hidden, output: all }, forMoves);
    this.output = new Linear({ input: hidden, output: symbols }, forOutput);
    this.gates = direct ? new Linear({ input: hidden, output: cells > 0 ? 2 * view + view * view : view }, forGates) : null;
    this.writes = cells > 0 ? new Linear({ input: hidden, output: view + (direct ? 0 : view * symbols) }, forWrites) : null;
    this.symbols = symbols;
    this.cells = cells;
    this.reach = reach;
    this.slowdown = slowdown;
  }

  /** All heads on their first cells; the memory tape empty but for a 1 in its first. */
  initialState(batch: number): TapeState {
    const { symbols, cells, choices } = this;
    const first = cells > 0 ? oneHot(zeros([batch, 1], 'int32'), cells) : zeros([batch, 1, 0]); // [B, 1, N]
    const mark = oneHot(zeros([batch, 1], 'int32'), symbols); // [B, 1, C]
    return {
      lstm: this.lstm.initialState(batch),
      input: zeros([batch], 'int32'),
      memory: zeros([batch], 'int32'),
      tape: matmul(first, mark, { transposeA: true }),
      moved: zeros([batch, choices.reduce((a, b) => a + b)]),
    };
  }

  /** Looks at the input tape, one-hot `[B, S, C]`, and at the memory: says what to write and how likely each move is, and writes to the memory. */
  look(input: Tensor, state: TapeState): TapeLook {
    expectTensor('TapeMachine', 'input', input);
    expectFields('TapeMachine', 'state', state, 'input', 'lstm', 'moved');
    const { reach, cells, symbols, slowdown } = this;
    const batch = input.shape[0] as number;
    const flat = (x: Tensor) => reshape(x, [batch, x.size / batch]);
    const shown = readTape(input, tapeView(state.input, input.shape[1] as number, { reach })); // [B, view, C]
    const view = cells > 0 ? tapeView(state.memory, cells, { reach, circular: true }) : null; // [B, view, N]
    const kept = view ? readTape(state.tape, view) : null; // [B, view, C]
    const seen = concat([state.moved, flat(shown), ...(kept ? [flat(kept)] : [])], 1);
    const { output: h, state: lstm } = this.lstm.step(seen, state.lstm);
    const gates = this.gates?.forward(h);
    const rows = 2 * reach + 1;
    const gated = (from: number, what: Tensor) =>
      gates ? reshape(matmul(reshape(slice(gates, 1, from, from + rows), [batch, 1, rows]), what), [batch, symbols]) : null;
    const direct = [gated(0, shown), kept && gated(rows, kept)];
    const signs = direct.reduce<Tensor>((sum, part) => (part ? add(sum, part) : sum), this.output.forward(h));
    const logits = mul(this.moves.forward(h), slowdown);
    let to = 0;
    const moves = this.choices.map((count) => {
      to += count;
      return slice(logits, 1, to - count, to);
    });
    const tape = view && this.writes ? this.written(state.tape, view, this.writes.forward(h), gates, shown) : state.tape;
    return { signs, moves, seen, next: { lstm, tape } };
  }

  /** The tape after the cells in view kept a part of what they held, and were given something. */
  private written(tape: Tensor, view: Tensor, said: Tensor, gates: Tensor | undefined, shown: Tensor): Tensor {
    const [batch, rows] = view.shape as readonly [number, number];
    const { symbols } = this;
    const erase = mul(sub(1, sigmoid(reshape(slice(said, 1, 0, rows), [batch, rows, 1]))), ones([symbols])); // [B, view, C]
    const addition = gates
      ? matmul(reshape(slice(gates, 1, 2 * rows), [batch, rows, rows]), shown)
      : tanh(reshape(slice(said, 1, rows), [batch, rows, symbols]));
    return writeMemory(tape, view, erase, addition);
  }

  /**
   * Runs along input tapes (int32 `[B, S]`, the end sign last). With `targets` the output head never goes beyond their end and always reaches it: it is forced where as many
   * steps as signs are left (the paper's §5). See {@link TapeRunOptions} for how moves are chosen.
   */
  run(input: Tensor, options: TapeRunOptions): TapeRun {
    return runTapes(this, input, options);
  }
}
