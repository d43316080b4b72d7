// The journal by itself, on bytes in memory: whatever a crash or a bad disk leaves of it, only what is sound is read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Journal } from '../../../daemon/store/journal.ts';
import type { JournalFile } from '../../../daemon/store/journal-file.ts';
import type { StoredEntry } from '../../../daemon/store/store.ts';
import { entryOf, storedPost } from '../../support/entries.ts';

const ROUND = 7;

const storedOf = (sequence: number) =>
  storedPost(
    entryOf({ sequence, body: `{"x":"${sequence} ä 👩‍👩‍👧\\n"}` }),
    'general',
    `s/${sequence}`,
  );

class MemoryFile implements JournalFile {
  readonly path = 'memory';
  bytes: Buffer;

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.bytes = bytes;
  }

  readAll(): Buffer {
    return this.bytes;
  }

  write(bytes: Uint8Array, offset: number): void {
    const length = Math.max(this.bytes.length, offset + bytes.length);
    const grown = Buffer.alloc(length);
    grown.set(this.bytes);
    grown.set(bytes, offset);
    this.bytes = grown;
  }

  sync(): void {}
  close(): void {}
}

/** Records of one, two and one entries, and where each ends. */
function written(): { bytes: Buffer; ends: number[]; journal: Journal; file: MemoryFile } {
  const file = new MemoryFile();
  const journal = new Journal(file, ROUND);
  const ends = [[1], [2, 3], [4]].map((sequences) => {
    journal.write(sequences.map(storedOf));
    return journal.bytes;
  });
  return { bytes: file.bytes, ends, journal, file };
}

const readFrom = (bytes: Buffer, round = ROUND): StoredEntry[] =>
  new Journal(new MemoryFile(bytes), round).read();
const sequencesOf = (all: readonly StoredEntry[]) => all.map(({ entry }) => entry.sequence);

test('what was written is read, each entry as it was', () => {
  assert.deepEqual(readFrom(written().bytes), [1, 2, 3, 4].map(storedOf));
});

test('a write that ended at any byte of a record leaves those before it', () => {
  const { bytes, ends } = written();
  const [, start = 0, end = 0] = ends;
  for (let length = start; length < end; length += 1)
    assert.deepEqual(sequencesOf(readFrom(bytes.subarray(0, length))), [1, 2, 3], `${length}`);
});

test('a write of which any byte did not arrive leaves those before it', () => {
  const { bytes, ends } = written();
  const [, start = 0, end = 0] = ends;
  for (let at = start; at < end; at += 1) {
    const torn = Buffer.from(bytes);
    torn[at] = (torn[at] ?? 0) ^ 1;
    assert.deepEqual(sequencesOf(readFrom(torn)), [1, 2, 3], `${at}`);
  }
});

test('where any byte of a record is damaged, those behind it are found', () => {
  const { bytes, ends } = written();
  const [start = 0, end = 0] = ends;
  for (let at = start; at < end; at += 1) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 0x80;
    assert.deepEqual(sequencesOf(readFrom(damaged)), [1, 4], `${at}`);
  }
});

test('records of another round count for nothing, wherever this one ends', () => {
  const { journal, file } = written();
  journal.restart();
  assert.deepEqual(readFrom(file.bytes, ROUND + 1), []);
  journal.write([storedOf(5)]);
  assert.deepEqual(sequencesOf(readFrom(file.bytes, ROUND + 1)), [5]);
});

test('what was read is followed by what is written next', () => {
  const { bytes } = written();
  const file = new MemoryFile(bytes);
  const journal = new Journal(file, ROUND);
  journal.read();
  journal.write([storedOf(5)]);
  assert.deepEqual(sequencesOf(readFrom(file.bytes)), [1, 2, 3, 4, 5]);
});

test('what is erased is nowhere in the file', () => {
  const { journal, file } = written();
  journal.erase();
  assert.ok(file.bytes.every((byte) => byte === 0));
  assert.equal(journal.bytes, 0);
});

test('rounds begin anew after the highest number', () => {
  const file = new MemoryFile();
  const journal = new Journal(file, 2 ** 32 - 1);
  journal.restart();
  journal.write([storedOf(1)]);
  assert.deepEqual(sequencesOf(readFrom(file.bytes, 0)), [1]);
});
