/** Vocabularies, batches, splits. @module */

export { type BucketOptions, bucketBatches, type PaddedBatch, padBatch } from './batch.ts';
export { fnv1a, hashSplit } from './split.ts';
export { Vocabulary, type VocabularyOptions } from './vocabulary.ts';
