// How the recipes' Transformers are optimised.
import { AdamW, type Module } from 'saccade';
import { type AnyOptimizer, Muon, muonGroups, Optimizers } from 'saccade/train';

/** Rates of both optimisers. */
export interface Rates {
  /** Of Muon, over the matrices in `transformer`, whose momentum rises over 300 updates. */
  muon: number;
  /** Its weight decay. */
  decay: number;
  /** Of AdamW, without decay, over embeddings, the map to logits, norms and biases. */
  lr: number;
}

/** Muon over the matrices within a model whose layers are in `transformer`, AdamW over the rest: vectors of distances too, which are looked up. */
export function muonOptimizer(model: Module, { muon, decay, lr }: Rates): AnyOptimizer {
  const { hidden, rest } = muonGroups(model, (path) => !path.startsWith('transformer.') || path.includes('.window.'));
  const around = new AdamW(rest, { lr, beta2: 0.99, weightDecay: 0 });
  return new Optimizers([new Muon(hidden, { lr: muon, weightDecay: decay, momentumWarmup: 300 }), around]);
}
