import { describe, expect, it } from 'vitest';
import { cmudict, phonesOf, unstressed } from '../../examples/shared/pronunciation/cmudict.ts';

/** The phone set that the dictionary's authors list (`cmudict.phones`), in alphabetical order. */
const phones = 'AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH'.split(' ');

describe('the CMU Pronouncing Dictionary', () => {
  it('is spoken in 39 phones: comments are no phones', async () => {
    const { train, dev, test } = await cmudict();
    const all = [...train, ...dev, ...test].flatMap(({ pronunciations }) => pronunciations.flat());
    expect([...new Set(all)].sort()).toEqual(phones);
  });

  it('has vowels with stress, where it is asked for: none, primary, secondary', async () => {
    const { train } = await cmudict({ stress: true });
    const all = new Set(train.flatMap(({ pronunciations }) => pronunciations.flat()));
    expect([...all].filter((phone) => /^[^AEIOU]/.test(phone) === /\d/.test(phone))).toEqual([]);
    expect(all.size).toBe(24 + 3 * 15);
  });

  it('has lines whose comments are left out', () => {
    expect(phonesOf('AO1 L B AO0 R G # place, danish')).toEqual(['AO1', 'L', 'B', 'AO0', 'R', 'G']);
    expect(unstressed(['K', 'AE1', 'T', 'AH0'])).toEqual(['K', 'AE', 'T', 'AH']);
  });
});
