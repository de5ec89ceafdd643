/** Vocabularies, batches, splits. @module */

export { type BucketOptions, bucketBatches, type PaddedBatch, padBatch } from './batch.ts';
export { BytePairEncoder, type BytePairOptions } from './byte-pair.ts';
export type { Merge } from './pairs.ts';
export { fnv1a, hashSplit } from './split.ts';
export {
  type PaddedStories,
  type PadStoriesOptions,
  padStories,
  type Sentences,
  type StoryBatch,
  type StoryBatchOptions,
  type StoryExample,
  storyBatch,
  storyExamples,
  storyWords,
  type WordedStory,
} from './stories.ts';
export { Vocabulary, type VocabularyOptions } from './vocabulary.ts';
