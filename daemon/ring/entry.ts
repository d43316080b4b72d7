// Entries, their keys, the one order in which everyone shows and folds them, and digests. Entries are
// immutable and never dropped, so that two histories meet by union.
import { hash } from 'node:crypto';

/** One thing that was said or done, as it is kept for ever on every server. */
export type Entry = Readonly<{
  /** Term of the view that made it: never merely the highest term seen. */
  term: number;
  /** Of the leader that made it. */
  ringPosition: number;
  /**
   * Of that leader: 16 hex digits, new with every start of its process. A directory that was put back to an earlier
   * state has forgotten which terms it led: nothing of it makes a second entry of one key.
   */
  incarnation: string;
  /** Dense from 1 within the stream (term, ringPosition, incarnation). */
  sequence: number;
  /** Hybrid logical time: milliseconds, and a counter within them; above all that its leader held. */
  hlcMs: number;
  hlcCounter: number;
  /** Wall clock of the leader, milliseconds since 1970, for people to read. */
  wallMs: number;
  /** What the chat makes of it: JSON text. The ring never looks inside. */
  body: string;
}>;

/**
 * An entry of which nobody who was asked has an intact copy, by its key: it counts as held, so that streams stay dense
 * and what follows it reaches everyone, and is looked for wherever there may be a copy.
 */
export type Hole = Readonly<
  Pick<Entry, 'term' | 'ringPosition' | 'incarnation' | 'sequence'> & {
    /** `other` also where nothing tells any more. */
    kind: 'post' | 'other';
  }
>;

/** `term.ringPosition.incarnation`: the entries that one leadership made. */
export type StreamId = string;

/** Highest sequence held of each stream; a server holds every stream from 1 without gaps. */
export type Digest = ReadonlyMap<StreamId, number>;

/** What a stream is named by. */
export type StreamKey = Pick<Entry, 'term' | 'ringPosition' | 'incarnation'>;

/** The stream named last: one entry after another is of the same, and each is asked for its names many times. */
let named = { term: -1, ringPosition: 0, incarnation: '', id: '', place: '' };

function namesOf({ term, ringPosition, incarnation }: StreamKey) {
  const isSame =
    named.term === term && named.ringPosition === ringPosition && named.incarnation === incarnation;
  if (!isSame) {
    const id = `${term}.${ringPosition}.${incarnation}`;
    const place = `${hex(term, 10)}.${hex(ringPosition, 6)}.${incarnation}`;
    named = { term, ringPosition, incarnation, id, place };
  }
  return named;
}

export function streamIdOf(entry: StreamKey): StreamId {
  return namesOf(entry).id;
}

/** @throws never; a malformed id gives NaN numbers, which no schema of ours lets in */
export function parseStreamId(id: StreamId): StreamKey {
  const [term, ringPosition, incarnation] = id.split('.');
  return { term: Number(term), ringPosition: Number(ringPosition), incarnation: incarnation ?? '' };
}

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/** As `hex` with 12 digits, by halves that are small integers: V8 writes those out many times faster than what is larger. */
function hexTime(ms: number): string {
  const high = Math.floor(ms / 2 ** 24);
  return hex(high, 6) + hex(ms - high * 2 ** 24, 6);
}

/** Largest values that `orderOf` can write: the digits of its fields. */
export const HLC_MS_MAX = 2 ** 48 - 1;
export const HLC_COUNTER_MAX = 2 ** 24 - 1;
export const TERM_MAX = 2 ** 40 - 1;
export const SEQUENCE_MAX = 2 ** 40 - 1;

/** An entry's place in the one order, by hybrid time and then key: compare two as plain strings. */
export function orderOf(entry: Entry): string {
  const { hlcMs, hlcCounter, sequence } = entry;
  // In one piece: put together by a template it stays in memory as its parts, at four times the size.
  return [hexTime(hlcMs), hex(hlcCounter, 6), namesOf(entry).place, hex(sequence, 10)].join('.');
}

/** The lowest place of that hybrid time, milliseconds: places below it are earlier. */
export function placeFloor(hlcMs: number): string {
  return hexTime(hlcMs);
}

/** What an entry's hash is over. */
function hashedText(entry: Entry): string {
  const { sequence, hlcMs, hlcCounter, wallMs, body } = entry;
  return `${streamIdOf(entry)}.${sequence}.${hlcMs}.${hlcCounter}.${wallMs}\n${body}`;
}

/** SHA-256 over all of an entry: equal on two servers exactly when the entry is. 32 bytes. */
export function entryHash(entry: Entry): Uint8Array {
  // As text, because an object for its bytes takes longer than the hash.
  return Buffer.from(hash('sha256', hashedText(entry), 'binary'), 'binary');
}

/** The same as 64 hexadecimal digits, lower case. */
export function entryHashText(entry: Entry): string {
  return hash('sha256', hashedText(entry), 'hex');
}

/** How many entries `theirs` has that `ours` lacks. */
export function lackCount(ours: Digest, theirs: Digest): number {
  let count = 0;
  for (const [stream, sequence] of theirs) count += Math.max(0, sequence - (ours.get(stream) ?? 0));
  return count;
}
