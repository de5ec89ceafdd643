import { readCheckpoint, writeCheckpoint } from 'saccade/io';
import { describe, expect, it } from 'vitest';
import { type Shape, speakerOf, untaught } from '../../examples/shared/pronunciation/speaker.ts';
import { memoryReport } from '../../src/runtime/storage.ts';

const shape: Shape = {
  attention: true,
  hidden: 6,
  embedding: 5,
  layers: 1,
  dropout: 0,
  members: 2,
  letters: ['a', 'b'],
  phones: ['A', 'B', 'C'],
};

const file = (metadata: object) => writeCheckpoint({ model: untaught(shape), metadata: { shape: JSON.stringify(metadata) } });

describe('a speaker from a file', () => {
  it('says what the one that was saved says', () => {
    const words = ['ab', 'bba'];
    expect(speakerOf(readCheckpoint(file(shape))).say(words, { beam: 2 })).toEqual(untaught(shape).say(words, { beam: 2 }));
  });

  it.each([
    { members: 20_000 },
    { members: 1.5 },
    { members: 1 },
    { hidden: 20_000 },
    { embedding: 7000 },
    { layers: 400 },
    { layers: Number.NaN },
  ])('is not built where its metadata promises other sizes than its tensors have: %o', (wrong) => {
    const checkpoint = readCheckpoint(file({ ...shape, ...wrong }));
    const { peak } = memoryReport();
    expect(() => speakerOf(checkpoint)).toThrow('speaker: shape must be that of the');
    expect(memoryReport().peak).toBe(peak);
  });
});

describe('a speaker that would rather say nothing', () => {
  it('says something where it is asked to', () => {
    const speaker = untaught(shape);
    for (const { output } of speaker.members) output.bias?.view().fill(9, 2, 3); // the end
    expect(speaker.say(['ab'], { beam: 4 })[0]?.phones).toEqual([]);
    expect(speaker.say(['ab'], { beam: 4, minLength: 1 })[0]?.phones).toHaveLength(1);
  });
});
