import { MemoryHeads, type MemoryHeadsOptions } from '../../memory/heads.ts';
import { LSTMCell, type LSTMState } from '../../nn/cells.ts';
import { Linear } from '../../nn/linear.ts';
import { Module, param } from '../../nn/module.ts';
import { type Core, type UnrollOptions, unroll } from '../../nn/unroll.ts';
import { add, concat, expand, mul, normal, reshape, slice, softmax, tanh, toFloat, uniform } from '../../ops/index.ts';
import { expectFields, expectKey, expectOptions, isCount, isList, isOneOf, isSize, maybe, type Rules } from '../../tensor/check.ts';
import { arange, full, zeros } from '../../tensor/create.ts';
import { type Key, split } from '../../tensor/random.ts';
import { expectTensor, kindOf, Tensor } from '../../tensor/tensor.ts';

/** Options of a {@link NeuralTuringMachine}. */
export interface NeuralTuringMachineOptions extends Omit<MemoryHeadsOptions, 'input' | 'width'> {
  /** I, the width of an input. */
  input: number;
  /** O, the width of an output. */
  output: number;
  /** N, the number of cells. Default 128. */
  cells?: number | undefined;
  /** W, the width of a cell. Default 20. */
  width?: number | undefined;
  /** D, the width of the controller. Default 100. */
  hidden?: number | undefined;
  /** What decides: LSTMs, or one layer without a state of its own. Default `lstm`. */
  controller?: 'lstm' | 'feedforward' | undefined;
  /** LSTMs on top of each other. Default 1. */
  layers?: number | undefined;
  /**
   * How the heads' first weights start; they are learned. `peaked` is `softmax(0, −1, −2, …)`, about two thirds of it on the first cell; `even` is the
   * same for all cells, from which copying was not learnt in 30 times as many sequences (PyTorch, one key). Default `peaked`.
   */
  start?: 'peaked' | 'even' | undefined;
  /**
   * What the cells hold at first: next to nothing, all the same, so that only places tell them apart; or `learned` numbers, drawn from N(0, ½²), so
   * that heads can find each cell by its content before anything is written. Default `empty`.
   */
  contents?: 'empty' | 'learned' | undefined;
}

const rules: Rules<NeuralTuringMachineOptions> = {
  input: isSize,
  output: isSize,
  cells: /* @__PURE__ */ maybe(isSize),
  width: /* @__PURE__ */ maybe(isSize),
  hidden: /* @__PURE__ */ maybe(isSize),
  controller: /* @__PURE__ */ maybe(isOneOf('lstm', 'feedforward')),
  layers: /* @__PURE__ */ maybe(isSize),
  reads: /* @__PURE__ */ maybe(isSize),
  writes: /* @__PURE__ */ maybe(isSize),
  reach: /* @__PURE__ */ maybe(isCount),
  start: /* @__PURE__ */ maybe(isOneOf('peaked', 'even')),
  contents: /* @__PURE__ */ maybe(isOneOf('empty', 'learned')),
};

/** The state of a {@link NeuralTuringMachine}: values like any other state, so that searches copy and select them. */
export type MachineState = {
  /** `[B, N, W]`. */
  readonly memory: Tensor;
  /** Of all heads, those that read first: `[B, H, N]`. */
  readonly weights: Tensor;
  /** What was read last: `[B, reads, W]`. */
  readonly read: Tensor;
  /** Of each LSTM. */
  readonly layers: readonly LSTMState[];
};

/** One step of a {@link NeuralTuringMachine}, or all of them stacked along axis 1. */
export interface MachineStep {
  /** Logits `[B, O]`. */
  output: Tensor;
  /** Where the heads read, `[B, reads, N]`. */
  readWeights: Tensor;
  /** Where the heads wrote, `[B, writes, N]`. */
  writeWeights: Tensor;
  /** The next state. */
  state: MachineState;
}

/** What memory cells hold at first. A constant is learnt with in half the time of random or learned ones (Collier and Beel 2018, §4). */
const EMPTY = 1e-6;

/**
 * The Neural Turing Machine (Graves, Wayne, Danihelka 2014). In each step the controller sees the input and what was read last; its heads look
 * into the memory, read it as the last step left it, and write; the output is a linear map of the controller's and what was read. A step is a
 * {@link Core}'s, so {@link unroll} and searches run it.
 */
export class NeuralTuringMachine extends Module implements Core<MachineState, MachineStep> {
  /** The controller: LSTMs on top of each other, or none. */
  readonly layers: readonly LSTMCell[];
  /** The controller's layer, where it has no LSTM. */
  readonly layer: Linear | null;
  readonly heads: MemoryHeads;
  readonly output: Linear; // [O, D + reads · W]
  /** What is learned of the logits of the heads' first weights, `[H, N]`, besides how they start; 0 at first. */
  readonly weights: Tensor;
  /** What is read before the first step, before its tanh: `[reads, W]`. */
  readonly read: Tensor;
  /** What the cells hold before the first step, `[N, W]`, where that is learned. */
  readonly contents: Tensor | null;
  private readonly cells: number;
  /** By how much the logit of a cell exceeds that of the one before it, at first. */
  private readonly slope: number;
  private readonly input: number;

  constructor(options: NeuralTuringMachineOptions, key: Key) {
    super();
    expectOptions('NeuralTuringMachine', options, rules);
    expectKey('NeuralTuringMachine', key);
    const { input, output, cells = 128, width = 20, hidden = 100, controller = 'lstm', layers = 1, start = 'peaked' } = options;
    const { reads = 1, writes = 1, reach = 1, contents = 'empty' } = options;
    const [forController, forHeads, forOutput, forRead, forCells] = split(key, 5);
    const seen = input + reads * width;
    this.layers =
      controller === 'lstm' ? split(forController, layers).map((own, i) => new LSTMCell({ input: i ? hidden : seen, hidden }, own)) : [];
    this.layer = controller === 'lstm' ? null : new Linear({ input: seen, output: hidden }, forController);
    this.heads = new MemoryHeads({ input: hidden, width, reads, writes, reach }, forHeads);
    this.output = new Linear({ input: hidden + reads * width, output }, forOutput);
    this.weights = param(() => zeros([reads + writes, cells]));
    this.read = param(() => uniform(forRead, [reads, width], { low: -0.1, high: 0.1 }));
    this.contents = contents === 'learned' ? param(() => normal(forCells, [cells, width], { std: 0.5 })) : null;
    this.cells = cells;
    this.slope = start === 'peaked' ? -1 : 0;
    this.input = input;
  }

  /** The cells as they are at first, the learned first weights and what is read at first. */
  initialState(batch: number): MachineState {
    const { heads, cells, layers, contents } = this;
    const shape = [batch, cells, heads.width];
    return {
      memory: contents ? expand(contents, shape) : full(shape, EMPTY),
      weights: expand(softmax(add(this.weights, mul(toFloat(arange(cells)), this.slope))), [batch, ...this.weights.shape]),
      read: expand(tanh(this.read), [batch, ...this.read.shape]),
      layers: layers.map((layer) => layer.initialState(batch)),
    };
  }

  /** From an input `[B, I]` to logits `[B, O]`. */
  step(input: Tensor, state: MachineState): MachineStep {
    if (!(input instanceof Tensor && input.rank === 2 && input.shape[1] === this.input)) {
      throw new RangeError(`NeuralTuringMachine: input must be [B, ${this.input}], got ${kindOf(input)}`);
    }
    expectFields('NeuralTuringMachine', 'state', state, 'memory', 'weights', 'read', 'layers');
    expectTensor('NeuralTuringMachine', 'state.read', state.read);
    isList('NeuralTuringMachine', 'state.layers', state.layers);
    const batch = input.shape[0] as number;
    const flat = (read: Tensor) => reshape(read, [batch, read.size / batch]);
    const { said, layers } = this.control(concat([input, flat(state.read)], 1), state.layers);
    const { read, memory, weights } = this.heads.step(said, state.memory, state.weights);
    return {
      output: this.output.forward(concat([said, flat(read)], 1)),
      readWeights: slice(weights, 1, 0, this.heads.reads),
      writeWeights: slice(weights, 1, this.heads.reads),
      state: { memory, weights, read, layers },
    };
  }

  /** Runs along inputs `[B, T, I]`: logits `[B, T, O]`, and where each head read and wrote, `[B, T, heads, N]`. */
  forward(inputs: Tensor, options: UnrollOptions<MachineState> = {}): MachineStep {
    return unroll<MachineState, MachineStep>(this, inputs, options);
  }

  /** The controller's output `[B, D]` and its next state. */
  private control(seen: Tensor, states: readonly LSTMState[]): { said: Tensor; layers: LSTMState[] } {
    if (this.layer) return { said: tanh(this.layer.forward(seen)), layers: [] };
    let said = seen;
    const layers = this.layers.map((layer, i) => {
      const { output, state } = layer.step(said, states[i] as LSTMState);
      said = output;
      return state;
    });
    return { said, layers };
  }
}
