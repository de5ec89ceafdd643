import { describe, expect, it } from 'vitest';
import { cmudict, phonesOf } from '../../examples/shared/pronunciation/cmudict.ts';

/** The phone set that the dictionary's authors list (`cmudict.phones`), in alphabetical order. */
const phones = 'AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH'.split(' ');

describe('the CMU Pronouncing Dictionary', () => {
  it('is spoken in 39 phones: comments are no phones', async () => {
    const { train, dev, test } = await cmudict();
    const all = [...train, ...dev, ...test].flatMap(({ pronunciations }) => pronunciations.flat());
    expect([...new Set(all)].sort()).toEqual(phones);
  });

  it('has lines whose comments and stress are left out', () => {
    expect(phonesOf('AO1 L B AO0 R G # place, danish')).toEqual(['AO', 'L', 'B', 'AO', 'R', 'G']);
    expect(phonesOf('K AE1 T')).toEqual(['K', 'AE', 'T']);
  });
});
