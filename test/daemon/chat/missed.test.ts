// What thousands of clients missed is read once for all of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBody } from '../../../daemon/chat/bodies.ts';
import type { ChatReader } from '../../../daemon/chat/chat.ts';
import { MissedEntries, type Said } from '../../../daemon/chat/missed.ts';
import { type Entry, parseStreamId } from '../../../daemon/ring/entry.ts';
import { entryOf } from '../../support/entries.ts';

const OLD = '1.3.00000000000000aa';
const NEW = '2.2.00000000000000bb';
const ODD = 'general';
const EVEN = 'e'.repeat(16);
const ADA = 'a'.repeat(16);
const QUERY = { rooms: [ODD, EVEN], countMax: 100, nowMs: 0 };

/** A disk that holds so many entries of each stream, and says what was read of it. */
class Disk {
  readonly held = new Map([
    [OLD, 50],
    [NEW, 5],
  ]);
  readonly damaged = new Set<number>();
  readonly reads: string[] = [];
  readonly reader = {
    base: (stream: string) => (stream === OLD ? new Map() : null),
    digest: () => new Map(this.held),
    readStream: (query: { stream: string; after: number; limit: number }) => {
      this.reads.push(`${query.stream} ${query.after}+${query.limit}`);
      const sequences = Array.from({ length: query.limit }, (_, index) => query.after + index + 1);
      const sound = sequences.filter((sequence) => !this.damaged.has(sequence));
      return sound.map((sequence) => said(query.stream, sequence));
    },
  } as unknown as ChatReader;
}

/** In one of two rooms. */
function said(stream: string, sequence: number): Entry {
  const r = sequence % 2 === 0 ? EVEN : ODD;
  const body = encodeBody({
    t: 'post',
    q: `${ADA}.${'s'.repeat(12)}/${sequence}`,
    u: ADA,
    r,
    x: 'hi',
  });
  return entryOf({ ...parseStreamId(stream), sequence, body });
}

const keys = (missed: readonly Said[] | null) =>
  missed
    ?.map(({ entry }) => entry)
    .sort((one, other) => one.term - other.term || one.sequence - other.sequence)
    .map(({ term, sequence }) => `${term}/${sequence}`) ?? null;

const range = (term: number, first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `${term}/${first + index}`);

test('whoever comes back after another one is given what that one was, and nothing is read again', () => {
  const disk = new Disk();
  const missed = new MissedEntries(disk.reader);
  assert.deepEqual(keys(missed.since(OLD, 40, QUERY)), [...range(1, 41, 50), ...range(2, 1, 5)]);
  assert.deepEqual(keys(missed.since(OLD, 45, QUERY)), [...range(1, 46, 50), ...range(2, 1, 5)]);
  assert.deepEqual(disk.reads, [`${OLD} 40+10`, `${NEW} 0+5`]);
});

test('what is newer than all that was read is read, and for what is older all of it, and more for those who saw even less', () => {
  const disk = new Disk();
  const missed = new MissedEntries(disk.reader);
  missed.since(OLD, 40, QUERY);
  disk.held.set(NEW, 7);
  assert.deepEqual(keys(missed.since(OLD, 30, QUERY)), [...range(1, 31, 50), ...range(2, 1, 7)]);
  missed.since(OLD, 20, QUERY);
  assert.deepEqual(disk.reads.slice(2), [`${OLD} 0+50`, `${NEW} 5+2`]);
});

test('only what was said in the rooms that are asked for is given', () => {
  const missed = new MissedEntries(new Disk().reader);
  const query = { ...QUERY, rooms: [EVEN, 'n'.repeat(16)] };
  assert.deepEqual(keys(missed.since(OLD, 45, query)), ['1/46', '1/48', '1/50', '2/2', '2/4']);
});

test('a cursor that is not known, and more than is sent, give nothing', () => {
  const disk = new Disk();
  const missed = new MissedEntries(disk.reader);
  assert.equal(missed.since(NEW, 0, QUERY), null);
  assert.equal(missed.since(OLD, 0, { ...QUERY, countMax: 54 }), null);
  assert.equal(missed.since(OLD, 0, { ...QUERY, countMax: 55 })?.length, 55);
});

test('with an entry that cannot be read nothing is given, until it can', () => {
  const disk = new Disk();
  const missed = new MissedEntries(disk.reader);
  disk.damaged.add(45);
  assert.equal(missed.since(OLD, 40, QUERY), null);
  assert.deepEqual(keys(missed.since(OLD, 46, QUERY)), [...range(1, 47, 50), ...range(2, 1, 5)]);
  assert.equal(missed.since(OLD, 40, QUERY), null);
  assert.equal(missed.since(OLD, 45, QUERY)?.length, 10, 'what is before it is not needed');
  disk.damaged.clear();
  assert.equal(missed.since(OLD, 40, QUERY)?.length, 15);
});

test('when nobody comes back any more, what was read is let go', () => {
  const disk = new Disk();
  const missed = new MissedEntries(disk.reader);
  missed.since(OLD, 40, QUERY);
  missed.forgetUnused(5_000);
  missed.since(OLD, 40, { ...QUERY, nowMs: 5_000 });
  assert.equal(disk.reads.length, 2);
  missed.forgetUnused(20_000);
  missed.since(OLD, 40, { ...QUERY, nowMs: 20_000 });
  assert.equal(disk.reads.length, 4);
});
