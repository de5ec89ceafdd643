// A Worker that pronounces: `/pronounce?word=saccade` answers with phones and alignment, using the model that `npm start` saved.
import { init, memoryReport } from 'saccade';
import { readCheckpoint } from 'saccade/io';
import model from '../../out/pronounce.safetensors';
import { type Speaker, speakerOf } from '../shared/pronunciation/speaker.ts';

const LONGEST = 40;

let ready: Promise<Speaker> | undefined;

async function load(): Promise<Speaker> {
  await init();
  return speakerOf(readCheckpoint(model));
}

const answer = (body: unknown, status = 200) =>
  Response.json(body, { status, headers: status === 200 ? { 'cache-control': 'public, max-age=86400' } : {} });

/** Describes what is wrong with a word; `undefined` if nothing is. */
function fault(word: string | null, speaker: Speaker): string | undefined {
  if (word === null) return 'word: must be given, as in /pronounce?word=saccade, got none';
  if (word === '' || word.length > LONGEST) return `word: must have 1 to ${LONGEST} letters, got ${word.length}`;
  const strange = [...word].find((letter) => !speaker.alphabets.letters.has(letter) || letter.length > 1);
  return strange === undefined ? undefined : `word: must be of letters a to z and apostrophes, got ${JSON.stringify(strange)}`;
}

/** Loads the model; after a failure the next request tries again. */
function loaded(): Promise<Speaker> {
  ready ??= load().catch((error: unknown) => {
    ready = undefined;
    throw error;
  });
  return ready;
}

/** Answers a request; the first one loads the model. */
export async function respond(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (request.method !== 'GET') return answer({ error: `method: must be GET, got ${request.method}` }, 405);
  if (pathname === '/health') {
    await loaded();
    return answer(memoryReport());
  }
  if (pathname !== '/pronounce') return answer({ error: `path: must be /pronounce, got ${pathname}` }, 404);
  const speaker = await loaded();
  const given = searchParams.get('word')?.trim().toLowerCase().replaceAll('’', "'") ?? null;
  const wrong = fault(given, speaker);
  if (given === null || wrong !== undefined) return answer({ error: wrong }, 400);
  const [spoken] = speaker.say([given], { beam: 4, minLength: 1 });
  return answer({ word: given, phones: spoken?.phones, alignment: spoken?.weights });
}

export default { fetch: respond };
