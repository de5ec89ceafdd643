// The idx format of MNIST (LeCun, Cortes and Burges): a magic number, the lengths of the axes, and bytes; big-endian, mostly gzipped.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Pictures } from 'saccade/tasks';

/** The axes and the bytes of an idx file of bytes. */
export function readIdx(path: string): { shape: number[]; bytes: Uint8Array } {
  const raw = readFileSync(path);
  const file = raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw;
  const axes = file.length < 4 || file.readUInt16BE(0) !== 0 || file[2] !== 8 ? 0 : (file[3] as number);
  const shape = Array.from({ length: axes }, (_, i) => (file.length >= 8 + 4 * i ? file.readUInt32BE(4 + 4 * i) : 0));
  const bytes = new Uint8Array(file.subarray(4 + 4 * axes));
  const size = shape.reduce((a, b) => a * b, 1);
  if (axes === 0 || size !== bytes.length) {
    const got = axes ? `${bytes.length} for ${shape.join(' × ')}` : `a file that starts with ${file.subarray(0, 4).toString('hex')}`;
    throw new Error(`readIdx: ${path} must be an idx file of whole bytes, got ${got}`);
  }
  return { shape, bytes };
}

/** Pictures and their labels from two idx files. */
export function readPictures(imagesPath: string, labelsPath: string): Pictures {
  const [images, labels] = [readIdx(imagesPath), readIdx(labelsPath)];
  const [count, height, width] = images.shape;
  if (!(images.shape.length === 3 && height && width && labels.shape.length === 1 && labels.shape[0] === count)) {
    const got = `${images.shape.join(' × ')} and ${labels.shape.join(' × ')}`;
    throw new Error(`readPictures: ${imagesPath} must hold pictures and ${labelsPath} a label for each, got ${got}`);
  }
  return { pixels: images.bytes, labels: labels.bytes, height, width };
}
