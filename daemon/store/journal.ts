// A file to which entries are appended and synced before anything else is done with them: one write and one sync for
// a whole turn, where tables and their indexes would take dozens of pages. Records are told from what an earlier round
// left behind them by the number of the round, and from a torn write by their checksum. It knows nothing of tables.
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Entry } from '../ring/entry.ts';
import type { EntryIndex, StoredEntry } from './store.ts';

/** Length of the text, round, checksum of both and the text: unsigned, 32 bits each. */
const HEAD_BYTES = 12;

const PRIVATE_FILE = 0o600;

/** Rounds are numbered in 32 bits. */
const ROUNDS = 2 ** 32;

export class Journal {
  private readonly fd: number;
  readonly path: string;
  private round: number;
  /** Where the next record goes. */
  private offset = 0;

  /** Opens the journal of a directory, or makes it. @param round whose records count */
  constructor(directory: string, round: number) {
    this.path = join(directory, 'journal');
    this.round = round;
    try {
      this.fd = openSync(this.path, 'r+', PRIVATE_FILE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.fd = openSync(this.path, 'w+', PRIVATE_FILE);
    }
  }

  /** Bytes of this round. */
  get bytes(): number {
    return this.offset;
  }

  get nextRound(): number {
    return (this.round + 1) % ROUNDS;
  }

  /** What is in this round: call it once, before the first `write`. */
  read(): StoredEntry[] {
    const bytes = readFileSync(this.path);
    const found: StoredEntry[] = [];
    while (this.offset + HEAD_BYTES <= bytes.length) {
      const length = bytes.readUInt32LE(this.offset);
      const end = this.offset + HEAD_BYTES + length;
      if (bytes.readUInt32LE(this.offset + 4) !== this.round || end > bytes.length) break;
      const text = bytes.subarray(this.offset + HEAD_BYTES, end);
      if (bytes.readUInt32LE(this.offset + 8) !== this.checksum(text)) break;
      for (const stored of decode(text.toString())) found.push(stored);
      this.offset = end;
    }
    return found;
  }

  /** The entries are on the disk when this returns. @throws the system's errors */
  write(all: readonly StoredEntry[]): void {
    const text = Buffer.from(all.map(encode).join(''));
    const record = Buffer.allocUnsafe(HEAD_BYTES + text.length);
    record.writeUInt32LE(text.length, 0);
    record.writeUInt32LE(this.round, 4);
    record.writeUInt32LE(this.checksum(text), 8);
    record.set(text, HEAD_BYTES);
    for (let done = 0; done < record.length; )
      done += writeSync(this.fd, record, done, record.length - done, this.offset + done);
    fdatasyncSync(this.fd);
    this.offset += record.length;
  }

  /** Nothing of what was written counts any longer. Its place is used again: no file grows under a sync. */
  restart(): void {
    this.round = this.nextRound;
    this.offset = 0;
  }

  private checksum(text: Uint8Array): number {
    return crc32(text, this.round);
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** A line of JSON, and the body behind it as it is: it is JSON already, and would only grow. */
function encode({ entry, order, index }: StoredEntry): string {
  const { term, ringPosition, incarnation, sequence, hlcMs, hlcCounter, wallMs, body } = entry;
  const { kind, room, requestId } = index;
  const key = `${term},${ringPosition},"${incarnation}",${sequence},${hlcMs},${hlcCounter},${wallMs}`;
  const rest = JSON.stringify([order, kind, room, requestId]);
  return `[${key},${body.length},${rest}]\n${body}\n`;
}

type Line = [
  ...[term: number, ringPosition: number, incarnation: string, sequence: number],
  ...[hlcMs: number, hlcCounter: number, wallMs: number, bodyChars: number],
  rest: [order: string, kind: EntryIndex['kind'], room: string | null, requestId: string | null],
];

function* decode(text: string): Iterable<StoredEntry> {
  let start = 0;
  while (start < text.length) {
    const lineEnd = text.indexOf('\n', start);
    const line = JSON.parse(text.slice(start, lineEnd)) as Line;
    const [term, ringPosition, incarnation, sequence, hlcMs, hlcCounter, wallMs, bodyChars] = line;
    const [order, kind, room, requestId] = line[8];
    const body = text.slice(lineEnd + 1, lineEnd + 1 + bodyChars);
    start = lineEnd + bodyChars + 2;
    const key = { term, ringPosition, incarnation, sequence };
    const entry: Entry = { ...key, hlcMs, hlcCounter, wallMs, body };
    yield { entry, order, index: { kind, room, requestId } };
  }
}
