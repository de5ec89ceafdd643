// The options of looks, and of models that look.
import * as saccade from '../../src/all.ts';
import { called, finite, type Made, made, positive } from './made.ts';

export const ofLooks: Record<string, Made> = {
  Draw: made(
    saccade.Draw,
    { height: 6, width: 5, steps: 2, hidden: 4, latent: 3, read: 2, write: 3 },
    { numbers: { read: [Number.NaN, '3', 0, 1.5], write: [Number.NaN, '3', 0, 1.5] } },
  ),
  RecurrentAttention: made(saccade.RecurrentAttention, {
    ...{ classes: 3, glimpses: 2, channels: 1, hidden: 4, features: 3, core: 'rnn', identity: true },
    look: new saccade.Look({ window: new saccade.Glimpse({ size: 3 }), placement: saccade.randomPlacement() }),
  }),
  Look: called((given: never) => new saccade.Look(given), {
    window: new saccade.FilterBank({ size: 3 }),
    placement: saccade.reparametrisedPlacement(),
  }),
  Glimpse: called((given: never) => new saccade.Glimpse(given), { size: 3, scales: 2, reach: 2.5 }, { numbers: { reach: positive } }),
  GaussianGlimpse: called(
    (given: never) => new saccade.GaussianGlimpse(given),
    { size: 3, scales: 2, reach: 2.5 },
    { numbers: { reach: positive } },
  ),
  FilterBank: called((given: never) => new saccade.FilterBank(given), { size: 3 }),
  reinforcePlacement: called(saccade.reinforcePlacement, { sigma: 0.1 }, { numbers: { sigma: positive } }),
  reparametrisedPlacement: called(saccade.reparametrisedPlacement, { sigma: 0.1 }, { numbers: { sigma: [...finite, -1] } }),
};
