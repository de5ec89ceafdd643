import { digestOf } from './digest.ts';
import { fail } from './words.ts';

// Two strings in the metadata, so that a flipped bit cannot remove both: a digest of the header, with zeros in place of its own digits, and
// one of each tensor's bytes, in the header's order.
const HEADER = 'saccade.checksum';
const TENSORS = 'saccade.checksum.tensors';

const DIGITS = 32;
const zeros = (): string => '0'.repeat(DIGITS);

/**
 * The strings that a writer adds to the metadata: the digests of the tensors, and zeros where {@link sealed} puts the header's digest.
 * Without digests it removes both strings.
 */
export function checksums(digests: readonly string[] | undefined): Record<string, string | undefined> {
  return { [HEADER]: digests && zeros(), [TENSORS]: digests?.join('') };
}

/** The text of a header, with its own digest filled in. */
export function sealed(header: string): string {
  const entry = (digits: string): string => `${JSON.stringify(HEADER)}:"${digits}"`;
  return header.replace(entry(zeros()), entry(digestOfText(header)));
}

const digestOfText = (header: string): string => digestOf(new TextEncoder().encode(header));

/**
 * Takes the checksums out of the metadata, checks the header's, and returns those of the tensors by name; `undefined` if the file has none,
 * or if `wanted` is false.
 */
export function takeChecksums(
  header: string,
  metadata: Record<string, string>,
  names: Iterable<string>,
  wanted: boolean,
): Map<string, string> | undefined {
  const { [HEADER]: whole, [TENSORS]: each = '' } = metadata;
  delete metadata[HEADER];
  delete metadata[TENSORS];
  if (!wanted || (whole === undefined && each === '')) return undefined;
  expectSame('header', whole, digestOfText(header.replace(`"${whole}"`, `"${zeros()}"`)));
  return new Map(Array.from(names, (name, i) => [name, each.slice(i * DIGITS, (i + 1) * DIGITS)]));
}

/** Compares a digest with the one in the file. */
export function expectSame(of: string, expected: string | undefined, actual: string): void {
  if (actual !== expected) fail(`${of} must have its checksum ${expected} (or be read with { checksum: false })`, actual);
}
