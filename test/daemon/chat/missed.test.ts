// What thousands of clients missed is read once for all of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatReader } from '../../../daemon/chat/chat.ts';
import { MissedEntries } from '../../../daemon/chat/missed.ts';
import { type Entry, parseStreamId } from '../../../daemon/ring/entry.ts';
import { entryOf } from '../../support/entries.ts';

const OLD = '1.3.00000000000000aa';
const NEW = '2.2.00000000000000bb';
const LIMITS = { countMax: 100, nowMs: 0 };

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
      return sound.map((sequence) => entryOf({ ...parseStreamId(query.stream), sequence }));
    },
  } as unknown as ChatReader;
}

const keys = (entries: readonly Entry[] | null) =>
  entries?.map(({ term, sequence }) => `${term}/${sequence}`) ?? null;

const range = (term: number, first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `${term}/${first + index}`);

test('whoever comes back after another one is given what that one was, and nothing is read again', () => {
  const disk = new Disk();
  const missed = new MissedEntries(disk.reader);
  assert.deepEqual(keys(missed.since(OLD, 40, LIMITS)), [...range(1, 41, 50), ...range(2, 1, 5)]);
  assert.deepEqual(keys(missed.since(OLD, 45, LIMITS)), [...range(1, 46, 50), ...range(2, 1, 5)]);
  assert.deepEqual(disk.reads, [`${OLD} 40+10`, `${NEW} 0+5`]);
});

test('only what is older, and what is newer, than all that was read is read', () => {
  const disk = new Disk();
  const missed = new MissedEntries(disk.reader);
  missed.since(OLD, 40, LIMITS);
  disk.held.set(NEW, 7);
  assert.deepEqual(keys(missed.since(OLD, 30, LIMITS)), [...range(1, 31, 50), ...range(2, 1, 7)]);
  assert.deepEqual(disk.reads.slice(2), [`${OLD} 30+10`, `${NEW} 5+2`]);
});

test('a cursor that is not known, and more than is sent, give nothing', () => {
  const disk = new Disk();
  const missed = new MissedEntries(disk.reader);
  assert.equal(missed.since(NEW, 0, LIMITS), null);
  assert.equal(missed.since(OLD, 0, { countMax: 54, nowMs: 0 }), null);
  assert.equal(missed.since(OLD, 0, { countMax: 55, nowMs: 0 })?.length, 55);
});

test('with an entry that cannot be read nothing is given, until it can', () => {
  const disk = new Disk();
  const missed = new MissedEntries(disk.reader);
  disk.damaged.add(45);
  assert.equal(missed.since(OLD, 40, LIMITS), null);
  assert.deepEqual(keys(missed.since(OLD, 46, LIMITS)), [...range(1, 47, 50), ...range(2, 1, 5)]);
  assert.equal(missed.since(OLD, 40, LIMITS), null);
  disk.damaged.clear();
  assert.equal(missed.since(OLD, 40, LIMITS)?.length, 15);
});

test('when nobody comes back any more, what was read is let go', () => {
  const disk = new Disk();
  const missed = new MissedEntries(disk.reader);
  missed.since(OLD, 40, LIMITS);
  missed.forgetUnused(5_000);
  missed.since(OLD, 40, { ...LIMITS, nowMs: 5_000 });
  assert.equal(disk.reads.length, 2);
  missed.forgetUnused(20_000);
  missed.since(OLD, 40, { ...LIMITS, nowMs: 20_000 });
  assert.equal(disk.reads.length, 4);
});
