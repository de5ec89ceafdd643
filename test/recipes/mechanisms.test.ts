import { describe, expect, it } from 'vitest';
import { gallery } from '../../examples/recipes/gallery/index.ts';
import { luongTable } from '../../examples/recipes/luong-table/index.ts';
import { variants } from '../../examples/shared/mechanisms/mechanisms.ts';
import { cook, quickly } from './recipe.ts';

describe('luong-table', () => {
  it('soft attention learns, and hard attention learns where to look by what it draws', async () => {
    const finished = await cook(luongTable, /^(global-location|reinforce)-/);
    const rows = luongTable.rows(finished, quickly).filter(({ figure, ours }) => figure.startsWith('phone error rate') && ours.length > 0);
    const rates = new Map(rows.map(({ figure, ours }) => [figure.replace('phone error rate, ', ''), ours[0] as number]));
    expect(rates.size).toBe(2);
    expect(rates.get('location, global')).toBeLessThan(32);
    // Attention that does not look costs 60 %: the ladder's one vector.
    expect(rates.get('hard over dot, REINFORCE')).toBeLessThan(50);
    const weights = finished.find(({ name }) => name === 'reinforce-0')?.outcome.spoken[0]?.weights ?? [];
    expect(weights.length).toBeGreaterThan(0);
    for (const row of weights) expect(row.filter((weight) => weight !== 0)).toEqual([1]);
  });
});

describe('a mechanism that chooses', () => {
  it('is compared with one that is taught beside it', () => {
    const names = variants.map(({ name }) => name);
    const compared = variants.flatMap(({ hardOf }) => hardOf ?? []);
    expect(compared).toHaveLength(3);
    expect(names).toEqual(expect.arrayContaining(compared));
  });
});

describe('gallery', () => {
  it('draws the same word through each mechanism', async () => {
    const [finished] = await cook(gallery, /^nearest-key/);
    const pictures = await gallery.pictures?.(finished ? [finished] : [], quickly);
    expect(Object.keys(pictures ?? {})).toEqual(['word', 'second-word', 'third-word', 'loss', 'learning']);
    expect(pictures?.word).toContain('nearest key');
    expect(finished?.outcome.phoneErrorRate).toBeLessThan(0.5);
  });
});
