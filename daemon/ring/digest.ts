// What a server holds, as one number for each stream: how it travels, and how it is hashed. A digest has a line
// for each leadership in which anything was said, and keeps it for ever; so both cost as little as they can for
// one of ten thousand lines: text that is split, not JSON that is checked key by key, and a hash that is brought
// up to date by the lines that changed.
import { createHash } from 'node:crypto';
import type { Digest, StreamId } from './entry.ts';

/** `STREAM:SEQUENCE`, one after the other with a space between them. */
export const DIGEST_TEXT = /^(?:\d{1,13}\.\d{1,7}\.[0-9a-f]{16}:[1-9]\d{0,12}(?: (?=\d)|$))*$/;

/** A digest as it travels: fits DIGEST_TEXT. */
export function digestText(digest: Digest): string {
  let text = '';
  for (const [stream, sequence] of digest) text += `${text === '' ? '' : ' '}${stream}:${sequence}`;
  return text;
}

/** @param text fits DIGEST_TEXT */
export function digestOf(text: string): Map<StreamId, number> {
  const digest = new Map<StreamId, number>();
  if (text === '') return digest;
  for (const line of text.split(' ')) {
    const colon = line.indexOf(':');
    digest.set(line.slice(0, colon), Number(line.slice(colon + 1)));
  }
  return digest;
}

/** The sum over all lines of the first 96 bits of each one's SHA-256, modulo 2^96. */
export type DigestHash = {
  sum: bigint;
  /** The sum as it is told: 16 base64url characters; null while it is to be written anew. */
  text: string | null;
  /** Streams that grew since, with the sequence that `sum` has of each. */
  readonly stale: Map<StreamId, number>;
};

const BYTES = 12;
const MODULUS = 1n << BigInt(8 * BYTES);

/** 0 for a stream of which nothing is held. */
function lineValue(stream: StreamId, sequence: number): bigint {
  if (sequence === 0) return 0n;
  const hash = createHash('sha256').update(`${stream}:${sequence}`).digest('hex');
  return BigInt(`0x${hash.slice(0, 2 * BYTES)}`);
}

export function hashOf(digest: Digest): DigestHash {
  let sum = 0n;
  for (const [stream, sequence] of digest) sum += lineValue(stream, sequence);
  return { sum: sum % MODULUS, text: null, stale: new Map() };
}

/** To be called before a line of the digest changes. @param before the sequence it has until then, 0 for none */
export function noteGrowth(hash: DigestHash, stream: StreamId, before: number): void {
  if (hash.stale.has(stream)) return;
  hash.stale.set(stream, before);
  hash.text = null;
}

/** Equal for equal digests, whatever the order they were built in. 16 base64url characters. */
export function hashText(hash: DigestHash, digest: Digest): string {
  if (hash.text !== null) return hash.text;
  for (const [stream, before] of hash.stale)
    hash.sum += lineValue(stream, digest.get(stream) ?? 0) - lineValue(stream, before);
  hash.stale.clear();
  hash.sum = ((hash.sum % MODULUS) + MODULUS) % MODULUS;
  const hex = hash.sum.toString(16).padStart(2 * BYTES, '0');
  hash.text = Buffer.from(hex, 'hex').toString('base64url');
  return hash.text;
}
