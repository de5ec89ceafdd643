import { concat, entityStates, reshape } from '../../../src/ops/index.ts';
import { tensor } from '../../../src/tensor/create.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { at, list, type Plain, range, total } from '../plain.ts';
import type { OpRow } from '../row.ts';

const [B, S, N, D] = [3, 4, 2, 5];

/** Story 0 is whole, story 1 padded, story 2 has a gap. */
const MASK = [[true, true, true, true], [true, true, false, false], [true, false, true, true]]; // biome-ignore format: rows

const row = (x: Plain, ...index: number[]) => range(D).map((k) => at(x, [...index, k]));
const dot = (a: readonly number[], b: readonly number[]) => total(a.map((v, i) => v * (b[i] as number)));

/** Henaff et al. 2017, eq. 3–5, story by story: all states, then all gates. */
const value =
  (masked: boolean) =>
  (...[sentences, h0, keys, gateBias, u, b, v, w, slopes]: Plain[]): Plain => {
    const of = (x: Plain | undefined, ...index: number[]) => row(x as Plain, ...index);
    const number = (x: Plain | undefined, i: number) => at(x as Plain, [i]);
    const [states, gates]: [number[], number[]] = [[], []];
    for (const story of range(B)) {
      let h = range(N).map((j) => of(h0, story, j));
      states.push(...h.flat());
      for (const t of range(S)) {
        const s = of(sentences, story, t);
        const real = !masked || MASK[story]?.[t];
        h = h.map((before, j) => {
          const key = of(keys, j);
          const gate = real ? 1 / (1 + Math.exp(-dot(s, before) - dot(s, key) - number(gateBias, j))) : 0;
          gates.push(gate);
          const moved = before.map((x, k) => {
            const z = dot(of(u, k), before) + number(b, k) + dot(of(v, k), s) + dot(of(w, k), key);
            return x + gate * (z < 0 ? number(slopes, k) * z : z);
          });
          const length = real ? Math.sqrt(dot(moved, moved)) : 1;
          return real ? moved.map((x) => x / length) : before;
        });
        states.push(...h.flat());
      }
    }
    return list(...states, ...gates);
  };

const call =
  (masked: boolean): OpRow['f'] =>
  (...[sentences, h0, keys, gateBias, stateWeight, stateBias, sentenceWeight, keyWeight, slopes]) => {
    const weights = { keys, gateBias, stateWeight, stateBias, sentenceWeight, keyWeight, slopes } as Parameters<typeof entityStates>[2];
    const y = entityStates(sentences as Tensor, h0 as Tensor, weights, masked ? { mask: tensor(MASK) } : {});
    return concat([y.states, y.gates].map((part) => reshape(part, [part.size])));
  };

const shapes = [[B, S, D], [B, N, D], [N, D], [N], [D, D], [D], [D, D], [D, D], [D]]; // biome-ignore format: one line

export const hearing: OpRow[] = [false, true].map((masked) => ({
  op: 'entityStates',
  name: masked ? 'masked' : 'whole stories',
  f: call(masked),
  inputs: shapes.map((shape) => ({ shape, domain: [-1, 1] as const })),
  value: value(masked),
}));
