/** Models that others trained, from their files as they are. @module */

export { Config, type ConfigSource } from './config.ts';
export { bert } from './families/bert.ts';
export { gpt2 } from './families/gpt2.ts';
export { llama, qwen2 } from './families/llama.ts';
export { t5 } from './families/t5.ts';
export { torch } from './families/torch.ts';
export { loadUniversalSentenceEncoder, type Piece, universalSentenceTokenizer } from './families/use.ts';
export { families, type PretrainedModel } from './families.ts';
export type { Family, FamilyPlan, FileShapes } from './family.ts';
export type { Index, PretrainedFiles } from './files.ts';
export { type LoadPretrainedOptions, loadPretrained } from './load.ts';
export { Pretrained, type PretrainedFile, type PretrainedParts } from './pretrained.ts';
