// The families that are known, in the order in which they are asked.

import type { Module } from '../nn/module.ts';
import { bert } from './families/bert.ts';
import { gpt2 } from './families/gpt2.ts';
import { llama, qwen2 } from './families/llama.ts';
import { t5 } from './families/t5.ts';
import { torch } from './families/torch.ts';
import type { Family } from './family.ts';

/** Every family. */
export const families = [gpt2, qwen2, llama, bert, t5, torch] as const;

/** A model of any of the families. */
export type PretrainedModel = (typeof families)[number] extends Family<infer M extends Module> ? M : never;
