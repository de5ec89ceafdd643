// An attention model that does not read: what it attends to are the items themselves.
import {
  type AttentionSizes,
  add,
  concat,
  Dropout,
  Embedding,
  type Key,
  Linear,
  type Mechanism,
  padBatch,
  split,
  type Tensor,
  tanh,
  zeros,
} from 'saccade';
import { type AttentionSource, type DecoderState, type DecoderStep, EncoderDecoder } from 'saccade/models';
import { LSTMCell } from 'saccade/nn';

/** What a model is made with. */
export interface ItemsOptions {
  source: number;
  target: number;
  hidden: number;
  attention: (sizes: AttentionSizes, key: Key) => Mechanism;
}

/**
 * Luong's decoder (2015, §3 and §3.3) over embedded symbols behind one that marks the start, the last one marked too: no recurrent encoder
 * counts the places, so that a longer sequence looks as a shorter one does.
 */
export class ItemsSeq2Seq extends EncoderDecoder<AttentionSource, DecoderState> {
  readonly items: Embedding;
  readonly edges: Embedding;
  override readonly embedding: Embedding;
  readonly cell: LSTMCell;
  readonly attention: Mechanism;
  readonly combine: Linear;
  override readonly output: Linear;
  protected override readonly dropout = new Dropout({ p: 0 });
  protected override readonly specials = { pad: 0, start: 1, end: 2 };

  constructor({ source, target, hidden, attention }: ItemsOptions, key: Key) {
    super();
    const keys = split(key, 7) as [Key, Key, Key, Key, Key, Key, Key];
    this.items = new Embedding({ symbols: source, size: hidden }, keys[0]);
    this.edges = new Embedding({ symbols: 2, size: hidden }, keys[1]);
    this.embedding = new Embedding({ symbols: target, size: hidden }, keys[2]);
    this.cell = new LSTMCell({ input: 2 * hidden, hidden }, keys[3]);
    this.attention = attention({ query: hidden, key: hidden, hidden }, keys[4]);
    this.combine = new Linear({ input: 2 * hidden, output: hidden, bias: false }, keys[5]);
    this.output = new Linear({ input: hidden, output: target }, keys[6]);
  }

  override read(source: Tensor): AttentionSource {
    const [batch = 0, size = 0] = source.shape;
    const { pad, start } = this.specials;
    const tokens = source.toArray();
    const rows = Array.from({ length: batch }, (_, b) =>
      [start, ...tokens.subarray(b * size, (b + 1) * size)].filter((token) => token !== pad),
    );
    const { tokens: items, mask } = padBatch(rows);
    const { tokens: last } = padBatch(rows.map((row) => row.map((_, i) => (i === row.length - 1 ? 1 : 0))));
    const x = add(this.items.forward(items), this.edges.forward(last)); // [B, S + 1, H]
    const still = zeros([batch, this.cell.hidden]);
    return { prepared: this.attention.prepare(x, x, { mask }), first: { h: still, c: still } };
  }

  override initialState({ prepared, first }: AttentionSource): DecoderState {
    return { cell: first, fed: first.h, attention: this.attention.initialState(prepared) };
  }

  override advance(
    embedded: Tensor,
    { prepared }: AttentionSource,
    state: DecoderState,
    options: { key?: Key } = {},
  ): DecoderStep<DecoderState> {
    const { output: h, state: cell } = this.cell.step(concat([embedded, state.fed ?? state.cell.h], 1), state.cell);
    const { context, state: attention, ...seen } = this.attention.step(h, prepared, state.attention, options);
    const fed = tanh(this.combine.forward(concat([context, h], 1)));
    return { ...seen, vector: fed, state: { cell, fed, attention } };
  }
}
