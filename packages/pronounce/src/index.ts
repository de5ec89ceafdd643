/** English words to phones and IPA with stress. @module */

export { ipaOf, syllablesOf } from './ipa.ts';
export type { Lexicon } from './lexicon.ts';
export {
  type Candidate,
  type Origin,
  Pronouncer,
  type PronouncerOptions,
  type Pronunciation,
  pronounce,
  type SayOptions,
} from './pronouncer.ts';
