// Rotary positions by the words of configs: those of transformers 5, and those before.

import type { RotaryChoice } from '../models/transformer/language-options.ts';
import { shown } from '../tensor/check.ts';
import type { Config } from './config.ts';

/** The rotary positions that a config asks for. What is not known is refused by its name: another rule would give other words, and no error. */
export function rotaryOf(config: Config, headSize: number): RotaryChoice {
  const base = config.number(['rope_parameters.rope_theta', 'rope_theta', 'rope_scaling.rope_theta', 'rotary_emb_base'], 10000);
  const share = config.number(['rope_parameters.partial_rotary_factor', 'partial_rotary_factor', 'rotary_pct'], 1);
  const scaling = scalingOf(config);
  return { base, width: Math.floor(share * headSize), ...(scaling && { scaling }) };
}

function scalingOf(config: Config): RotaryChoice['scaling'] {
  const group = config.find('rope_parameters') === undefined ? 'rope_scaling' : 'rope_parameters';
  const type = config.find(`${group}.rope_type`, `${group}.type`);
  if (type === undefined || type === 'default') return undefined;
  const factor = () => config.number(`${group}.factor`);
  if (type === 'linear') return { kind: 'linear', factor: factor() };
  if (type !== 'llama3') throw new RangeError(`loadPretrained: ${group}.rope_type must be default, linear or llama3, got ${shown(type)}`);
  return {
    kind: 'llama3',
    factor: factor(),
    lowFactor: config.number(`${group}.low_freq_factor`),
    highFactor: config.number(`${group}.high_freq_factor`),
    originalLength: config.size([`${group}.original_max_position_embeddings`, 'original_max_position_embeddings']),
  };
}
