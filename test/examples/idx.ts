// Writes idx files as their format is described: magic number 0x0000_08_axes, the lengths, the bytes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Pictures } from 'saccade/tasks';

/** Writes a file of bytes, and gives its path. */
export function writeIdx(folder: string, name: string, shape: number[], bytes: Uint8Array, zipped = true): string {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.writeUInt32BE(0x0800 + shape.length, 0);
  shape.forEach((length, i) => head.writeUInt32BE(length, 4 + 4 * i));
  const whole = Buffer.concat([head, bytes]);
  const path = join(folder, name);
  writeFileSync(path, zipped ? gzipSync(whole) : whole);
  return path;
}

/** Writes both files of MNIST's test set. */
export function writeOfficial(folder: string, { pixels, labels, height, width }: Pictures): void {
  writeIdx(folder, 't10k-images-idx3-ubyte.gz', [labels.length, height, width], pixels);
  writeIdx(folder, 't10k-labels-idx1-ubyte.gz', [labels.length], Uint8Array.from(labels));
}
