import type { State } from '../nn/state.ts';
import { add, logSoftmax, mul } from '../ops/index.ts';
import { shown } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Decoder } from './decoder.ts';

/** The source or state of each member of an {@link ensemble}. */
export type Each = { readonly each: readonly State[] };

/**
 * Several decoders that write together: it averages their log-probabilities (that is, takes the geometric mean of their probabilities) and
 * their traces. The source is `{ each }`, a list with one source per member.
 */
export function ensemble(members: readonly Decoder[]): Decoder<Each, Each> {
  if (!Array.isArray(members) || members.length === 0)
    throw new TypeError(`ensemble: members must be decoders, at least one, got ${shown(members)}`);
  const states = (name: string, { each }: Each): readonly State[] => {
    if (each?.length !== members.length)
      throw new RangeError(`ensemble: ${name} must have each of ${members.length} members', got ${each?.length}`);
    return each;
  };
  const mean = (tensors: Tensor[]) => mul(tensors.reduce(add), 1 / tensors.length);
  return {
    initialState(source) {
      const sources = states('source', source);
      return { each: members.map((one, i) => one.initialState(sources[i] as State)) };
    },
    step(tokens, source, state) {
      const [sources, before] = [states('source', source), states('state', state)];
      const each = members.map((one, i) => one.step(tokens, sources[i] as State, before[i] as State));
      const traces = each.flatMap(({ trace }) => trace ?? []);
      return {
        logits: mean(each.map(({ logits }) => logSoftmax(logits))), // [N, C]
        state: { each: each.map((one) => one.state) },
        ...(traces.length > 0 && { trace: mean(traces) }),
      };
    },
  };
}
