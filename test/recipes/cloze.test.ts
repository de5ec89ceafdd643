import { expect, it } from 'vitest';
import { cloze } from '../../examples/recipes/cloze/index.ts';
import { School } from '../../examples/recipes/cloze/school.ts';
import { cook, quickly } from './recipe.ts';

it('cloze: a reader that looks answers what no baseline can', async () => {
  const finished = await cook(cloze, /bilinear/);
  const { right, trivial, shown } = finished[0]?.outcome ?? { right: 0, trivial: {}, shown: [] };
  expect(Object.keys(trivial)).toEqual(['frequent', 'exclusive', 'nearest']);
  for (const share of Object.values(trivial)) expect(right).toBeGreaterThan(share + 8);
  expect(shown[0]?.looks).toHaveLength(1);
  const pictures = await cloze.pictures?.(finished, quickly);
  expect(Object.keys(pictures ?? {}).sort()).toEqual(['bilinear', 'learning']);
});

it('cloze: a lesson ends when it is passed, and all end with the time for them', () => {
  const lessons = [2, 3].map((events) => ({ names: 8, actors: [4, 4] as const, events }));
  const how = { names: 40, actors: [6, 8] as const, events: 8, lessons, pass: 0.85, schooling: 0.6, steps: 1000 };
  const school = new School(how);
  const marks = (times: number, right: number) => {
    for (let i = 0; i < times; i++) school.mark(right);
    return school.level(0).events;
  };
  expect(marks(500, 0.84)).toBe(2); // less than enough never passes
  expect(marks(500, 0)).toBe(2);
  expect(marks(185, 1)).toBe(2); // 1 − 0.99¹⁸⁵ is 0.844
  expect(marks(10, 1)).toBe(3);
  const resumed = new School(how);
  resumed.numbers.load(school.numbers.save());
  for (const one of [school, resumed]) for (let i = 0; i < 150; i++) one.mark(1);
  expect(resumed.numbers.save()).toEqual(school.numbers.save());
  expect([school.level(599).events, school.level(600).events]).toEqual([3, 8]);
  expect(marks(400, 1)).toBe(8);
  expect(marks(400, 0)).toBe(8);
});
