import { describe, expect, it } from 'vitest';
import type { FileTensor } from '../../src/io/safetensors.ts';
import { T5 } from '../../src/models/transformer/t5.ts';
import { parameterCount } from '../../src/nn/index.ts';
import { argmax, slice } from '../../src/ops/index.ts';
import { loadPretrained } from '../../src/pretrained/index.ts';
import { withBackend } from '../../src/runtime/backend.ts';
import { referenceBackend } from '../../src/runtime/reference/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { key } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { bits } from '../nn/row.ts';
import { bytesOf, fileOf, ids, isTest, partsOf, renamed, resultsOf } from './fixture.ts';

/** As T5 v1.1's config says it. */
const gated = {
  ...{ model_type: 't5', d_model: 16, d_kv: 6, d_ff: 40, num_heads: 4, num_layers: 2, num_decoder_layers: 3, vocab_size: 32 },
  ...{ relative_attention_num_buckets: 32, layer_norm_epsilon: 1e-6, feed_forward_proj: 'gated-gelu', tie_word_embeddings: false },
  ...{ decoder_start_token_id: 0, pad_token_id: 0, eos_token_id: 1 },
};
/** The same in ours. */
const options = {
  ...{ symbols: 32, size: 16, heads: 4, headSize: 6, hidden: 40, layers: 2, decoderLayers: 3 },
  ...{ gated: true, activation: 'gelu-tanh' as const, tied: false },
};

const NAME = 't5_v11_gated_untied';
const given = resultsOf(NAME);
const parts = partsOf(NAME);
const result = (name: string) => given.get(name) as FileTensor;
const real = <X>(values: X[]) => values.filter((_, i) => result('attention_mask').data[Math.floor(i / 16)]); // of [2, 150, 16]
const values = (name: string) => Array.from(result(name).data as Float32Array);

const load = async (from: ReadonlyMap<string, FileTensor>, config: object = gated) =>
  (await loadPretrained<T5>(fileOf(from), { config: config as typeof gated })).model;

/** What the model gives where HF's code was asked: of the source's real tokens, and of all of the target's but the last. */
const computed = (model: T5) =>
  scope(() => {
    const source = ids(result('input_ids'));
    const fed = ids(result('decoder_input_ids')); // [2, 140], the start first
    return {
      read: real(Array.from(model.encode(source).toArray())),
      logits: Array.from(model.forward(source, slice(fed, 1, 1, 140)).toArray()),
    };
  });

const wanted = {
  read: real(values('encoder_last_hidden_state')),
  logits: values('logits').filter((_, i) => Math.floor(i / 32) % 140 < 139),
};

const length = (x: readonly number[]) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
/** The length of what two differ by, beside that of the second. */
const off = (x: readonly number[], y: readonly number[]) => length(x.map((v, i) => v - (y[i] as number))) / length(y);

const changed = (config: object, change: object) => ({ ...config, ...change });

describe('t5', () => {
  it("computes what HF's code does, as near as float32 lets it", async () => {
    const { model, family } = await loadPretrained<T5>(bytesOf(NAME), { config: gated, skip: isTest });
    expect(family).toBe('t5');
    const got = computed(model);
    const copies = Array.from(model.stateDict(), ([path, x]) => [path, x.shape, x.toArray() as Float32Array] as const);
    const exact = withBackend(referenceBackend(), () => {
      const twin = new T5(options, key(1));
      twin.loadStateDict(new Map(copies.map(([path, shape, data]) => [path, tensor(data, { shape })])));
      return computed(twin);
    });
    for (const part of ['read', 'logits'] as const) {
      expect(got[part].length).toBe(wanted[part].length);
      expect(off(got[part], wanted[part]), part).toBeLessThan(1e-5);
      expect(off(got[part], exact[part]), part).toBeLessThan(1e-5);
      expect(off(exact[part], wanted[part]), part).toBeLessThan(1e-5); // HF's own rounding: single logits are off by 1.5e-4 of 5
    }
  });

  it('writes greedily what the whole target would have', async () => {
    const model = await load(parts);
    const source = slice(ids(result('input_ids')), 1, 0, 40);
    const { tokens } = model.translate(source, { maxLength: 30 });
    tokens.forEach((written, b) => {
      const row = slice(source, 0, b, b + 1);
      const target = tensor([[...written, 1]], { dtype: 'int32' });
      const best = argmax(model.forward(row, target), { axis: -1 }).toArray();
      expect(written.slice(0, 29)).toEqual(Array.from(best).slice(0, Math.min(written.length, 29)));
    });
  });

  it('has the tied map of version 1.0, times 1/√D, where the files have no head or the config says so', async () => {
    const shared = parts.get('shared.weight') as FileTensor;
    const quarter = { ...shared, data: Float32Array.from(shared.data as Float32Array, (x) => x / 4) }; // 16^−½
    const headless = renamed(parts, (name) => (name === 'lm_head.weight' ? undefined : name));
    const source = ids(result('input_ids'));
    const target = slice(ids(result('decoder_input_ids')), 1, 1, 9);
    const logits = (model: T5) => bits(model.forward(source, target));
    const tied = changed(gated, { tie_word_embeddings: true });
    const separate = await load(new Map([...parts, ['lm_head.weight', quarter]]));
    const models = [await load(headless, tied), await load(new Map([...headless, ['lm_head.weight', shared]]), tied)];
    for (const model of models) {
      expect(logits(model)).toEqual(logits(separate));
      expect(parameterCount(model)).toBe(parameterCount(separate) - 32 * 16);
      expect(model.output.weight).toBe(model.embedding.weight);
    }
    // A head that is said to be separate stays so, even where it repeats the symbols.
    const apart = await load(new Map([...headless, ['lm_head.weight', shared]]));
    expect(parameterCount(apart)).toBe(parameterCount(separate));
    await expect(load(headless)).rejects.toThrow('t5: tie_word_embeddings must be true where the files have no lm_head.weight, got false');
  });

  it('knows nets without a gate, copies of the embedding, and spellings of configs', async () => {
    const plain = renamed(parts, (name) => (name.includes('wi_0') ? undefined : name.replace('wi_1', 'wi')));
    const shared = parts.get('shared.weight') as FileTensor;
    const copies = new Map([...plain, ['encoder.embed_tokens.weight', shared], ['decoder.embed_tokens.weight', shared]] as const);
    const { feed_forward_proj: _, model_type: __, ...silent } = gated;
    const read = async (from: ReadonlyMap<string, FileTensor>, config: object) =>
      bits((await load(from, config)).encode(ids(result('input_ids'))));
    const relu = await read(plain, changed(gated, { feed_forward_proj: 'relu' }));
    expect(await read(copies, silent)).toEqual(relu);
    const same = await read(parts, gated);
    expect(await read(parts, changed(silent, { dense_act_fn: 'gelu_new' }))).toEqual(same);
    expect(await read(parts, changed(gated, { feed_forward_proj: 'gated-gelu_new' }))).toEqual(same);
    expect(await read(parts, changed(gated, { feed_forward_proj: 'gated-relu' }))).not.toEqual(same);
    expect(relu).not.toEqual(same);
  });

  it('gives the same bytes back', async () => {
    const shared = parts.get('shared.weight') as FileTensor;
    const more: [string, FileTensor][] = [
      ['encoder.embed_tokens.weight', shared],
      [
        'decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight',
        { dtype: 'F32', shape: [32, 4], data: new Float32Array(128) },
      ],
    ];
    const tied = changed(gated, { tie_word_embeddings: true });
    const cases: [Map<string, FileTensor>, object][] = [
      [parts, gated],
      [new Map([...parts, ...more]), gated],
      [new Map([...parts, ['lm_head.weight', shared]]), tied],
    ];
    for (const [from, config] of cases) {
      const file = fileOf(from);
      const loaded = await loadPretrained(file, { config: config as typeof gated });
      expect(Buffer.compare(loaded.toFiles().get('model.safetensors') ?? new Uint8Array(), file)).toBe(0);
    }
  });

  it('refuses what does not fit, by name', async () => {
    const refuses = (change: object, text: string) => expect(load(parts, changed(gated, change))).rejects.toThrow(text);
    await refuses({ d_kv: 4 }, 't5: d_kv of the config must be that of the files, 6, got 4');
    await refuses({ num_decoder_layers: 2 }, 't5: num_decoder_layers of the config must be that of the files, 3, got 2');
    await refuses({ feed_forward_proj: 'relu' }, "t5: feed_forward_proj must be gated, as the nets of the files are, got 'relu'");
    await refuses({ feed_forward_proj: undefined }, 't5: config must say feed_forward_proj or dense_act_fn, got none');
  });
});
