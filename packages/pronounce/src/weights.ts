import { AttentionSeq2Seq, key, Vocabulary } from 'saccade';
import { fromInt8, loadTensors } from 'saccade/io';

/** The model with its alphabets: letters in, phones out. */
export interface Speller {
  readonly model: AttentionSeq2Seq;
  readonly letters: Vocabulary;
  readonly phones: Vocabulary;
}

interface Shape {
  letters: string[];
  phones: string[];
  hidden: number;
  embedding: number;
}

/** Base64 as bytes, by what Node, pages and workers alike have. */
function bytesOf(text: string): Uint8Array {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** The model, filled with the weights of a file. */
export function spellerOf(text: string): Speller {
  const file = loadTensors(bytesOf(text));
  const { letters: from, phones: to, ...sizes } = JSON.parse(file.metadata.shape ?? '') as Shape;
  const [letters, phones] = [new Vocabulary(from), new Vocabulary(to)];
  const model = new AttentionSeq2Seq({ ...sizes, source: letters.size, target: phones.size }, key(0));
  model.loadStateDict(fromInt8(file));
  return { model, letters, phones };
}
