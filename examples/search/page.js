// The same search in a page: the model is read once, then every letter typed is a new query.
import { Tokenizer } from '@huggingface/tokenizers';
import { init, matmul, scope } from 'saccade';
import { padBatch } from 'saccade/data';
import { loadUniversalSentenceEncoder, universalSentenceTokenizer } from 'saccade/pretrained';
import text from './sentences.txt?raw';

const element = (id) => document.getElementById(id);
const sentences = text.trim().split('\n');
const SHOWN = 7;
const LONGEST = 128; // tokens that the model reads

const ideas = [
  'my pet ruins the furniture',
  'I am scared of airplanes',
  'I forgot my login',
  'going on vacation by rail',
  'something for a sore back',
  'astronomy',
];

/** Files of the model that have come; of nine. */
let files = 0;

/** A file beside the page, whole, so that the bar shows what is there. */
async function open(name) {
  const response = await fetch(`./${name}`);
  if (!response.ok) throw new Error(`${name}: must be beside the page, got status ${response.status}`);
  const file = await response.blob();
  element('progress').value = ++files / 9;
  return file;
}

/** The encoder with its tokenizer; what goes wrong is said on the page. */
async function load() {
  await init();
  const [model, vocabulary] = await Promise.all([loadUniversalSentenceEncoder(open), open('vocab.json').then((file) => file.text())]);
  return { model, tokenizer: new Tokenizer(universalSentenceTokenizer(JSON.parse(vocabulary)), {}) };
}

const { model, tokenizer } = await load().catch((error) => {
  element('status').textContent = `The model cannot be read: ${error.message}`;
  throw error;
});

function embed(texts) {
  const { tokens, mask } = padBatch(texts.map((one) => tokenizer.encode(one).ids.slice(0, LONGEST)));
  return model.embed(tokens, { mask }); // [texts, 512], each of length 1
}

const vectors = embed(sentences);

/** How near each sentence is to a query: its cosine. */
const nearness = (query) => scope(() => Array.from(matmul(embed([query]), vectors, { transposeB: true }).toArray()));

function row(sentence, near) {
  const item = document.createElement('li');
  item.style.setProperty('--near', Math.max(0, near).toFixed(3));
  const [words, number] = [document.createElement('span'), document.createElement('output')];
  words.textContent = sentence;
  number.textContent = near.toFixed(2);
  item.append(words, number);
  return item;
}

function search() {
  const query = element('query').value.trim();
  const began = performance.now();
  const near = query === '' ? [] : nearness(query);
  const time = performance.now() - began;
  const best = [...near.keys()].sort((a, b) => near[b] - near[a]).slice(0, SHOWN);
  element('results').replaceChildren(...best.map((i) => row(sentences[i], near[i])));
  element('status').textContent = query === '' ? '' : `${sentences.length} sentences, ${time < 10 ? time.toFixed(1) : time.toFixed(0)} ms`;
  for (const button of element('ideas').querySelectorAll('button')) button.setAttribute('aria-pressed', `${button.textContent === query}`);
}

for (const idea of ideas) {
  const [item, button] = [document.createElement('li'), document.createElement('button')];
  button.type = 'button';
  button.textContent = idea;
  button.addEventListener('click', () => {
    element('query').value = idea;
    search();
  });
  item.append(button);
  element('ideas').append(item);
}

element('form').addEventListener('submit', (event) => event.preventDefault());
element('query').addEventListener('input', search);
element('query').disabled = false;
element('progress').hidden = true;
search();
