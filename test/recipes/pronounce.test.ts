import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCheckpoint } from 'saccade';
import { loadFile } from 'saccade/io';
import { describe, expect, it } from 'vitest';
import { jobsOf, kinds, pronounce } from '../../examples/recipes/pronounce/index.ts';
import { pronounceStress, SMALL } from '../../examples/recipes/pronounce/stress.ts';
import { Interrupted, type Recipe, type Result, type Row } from '../../examples/runner/recipe.ts';
import { runJob } from '../../examples/runner/run.ts';
import { oursOf } from '../../examples/runner/tables.ts';
import { member, speakerOf, speakerUnderway } from '../../examples/shared/pronunciation/speaker.ts';
import { spelled } from '../../examples/shared/pronunciation/spelling.ts';
import { optimizerOf, teach } from '../../examples/shared/pronunciation/teaching.ts';
import { dictionaryFor, shapeFor } from '../../examples/shared/pronunciation/words.ts';
import { cook, quickly } from './recipe.ts';

const context = { quick: true, hasData: false, path: () => '' };

describe('pronounce', () => {
  it('learns most sounds of short words, and keeps the speaker that said them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'saccade-pronounce-'));
    const finished = await cook(pronounce, /^attention/, folder);
    expect(finished.map(({ name }) => name)).toEqual(['attention-0', 'attention']);
    const rows = pronounce.rows(finished, quickly);
    expect(rows.map(({ figure }) => figure.replace(/,.*/, ''))).toEqual(['word error rate', 'phone error rate']);
    expect(rows[1]?.ours[0]).toBeLessThan(35);
    const [told, ...others] = pronounce.commands?.({ rows } as Result) ?? [];
    expect(told).toMatchObject({
      command: '`npm start`',
      'word error rate': `**${oursOf(rows[0] as Row)}**`,
      parameters: expect.stringMatching(/^\d+,\d{3}$/),
    });
    expect(others).toEqual([]);
    const { spoken = [] } = finished[1]?.outcome ?? {};
    const speaker = speakerOf(await loadCheckpoint(join(folder, 'attention.safetensors')));
    const said = speaker.say(spoken.map(({ word }) => word), { beam: kinds.attention.beam }); // biome-ignore format: one line
    expect(spoken.length).toBeGreaterThan(3);
    expect(JSON.parse(JSON.stringify(said))).toEqual(spoken);
  });

  it('has, wherever it is stopped, the bits of the plain loop, and speaks with what it knows by then', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'saccade-pronounce-'));
    const [job] = jobsOf('attention');
    if (!job) throw new Error('pronounce: must have a job, got none');
    const stop = new AbortController();
    const options = { quick: true, checkpoint: join(folder, job.name), signal: stop.signal, report: () => stop.abort() };
    await expect(runJob(pronounce as Recipe, job, options)).rejects.toThrow(Interrupted);
    const saved = await loadCheckpoint(join(folder, 'attention-0.safetensors'));
    const steps = saved.position?.step ?? 0;
    expect(steps).toBeGreaterThan(0);

    const how = JSON.parse(saved.metadata.recipe ?? '');
    const dictionary = await dictionaryFor(context);
    const shape = shapeFor(dictionary, how);
    const model = member(shape, 0);
    for await (const { step } of teach(model, shape, dictionary, how, {
      member: 0,
      optimizer: optimizerOf(model, how),
      signal: new AbortController().signal,
    })) {
      if (step === steps) break;
    }
    for (const [name, weight] of model.stateDict()) expect(saved.model.get(name)?.toArray(), name).toEqual(weight.toArray());
    const [spoken] = speakerUnderway([saved]).say(['cat']);
    expect(spoken?.word).toBe('cat');
  });
});

it('learns stress, too, and measures the weights that it writes in eight bits', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'saccade-pronounce-'));
  const [speaker] = await cook(pronounceStress, /speaker/, folder);
  const { stressed, bare, small, parameters = 0 } = speaker?.outcome ?? {};
  expect(bare?.phoneErrorRate).toBeLessThan(0.4);
  expect(stressed?.phoneErrorRate).toBeGreaterThan(bare?.phoneErrorRate ?? 1);
  expect(small?.stressed.phoneErrorRate).not.toBe(stressed?.phoneErrorRate);
  expect(Math.abs((small?.stressed.phoneErrorRate ?? 0) - (stressed?.phoneErrorRate ?? 1))).toBeLessThan(0.01);
  expect(small?.bytes).toBeLessThan(1.2 * parameters + 5000);
  const { metadata } = await loadFile(join(folder, `${SMALL}.safetensors`));
  expect(JSON.parse(metadata.shape ?? '').phones).toContain('AH0');
});

describe('a typed word', () => {
  const letters = new Set("'abcdefghijklmnopqrstuvwxyz");
  it.each([
    ['Attention', 'attention', []],
    ['Café-Noir', 'cafenoir', []],
    ['x-ray machine', 'xraymachine', []],
    ['don’t', "don't", []],
    ['Straße', 'strasse', []],
    ['naïve', 'naive', []],
    ['c3po', 'cpo', ['3']],
    ['ключ', '', ['к', 'л', 'ю', 'ч']],
    [' ', '', []],
  ])('%o is read as %o', (typed, word, strange) => {
    expect(spelled(typed, letters)).toEqual({ word, strange });
  });
});
