// A file to which entries are appended and synced before anything else is done with them: one write and one sync for
// a whole turn, where tables and their indexes would take dozens of pages. Records are told from what an earlier round
// left behind them by the number of the round, and from a torn write by their checksum. It knows nothing of tables.
import { crc32 } from 'node:zlib';
import type { Entry } from '../ring/entry.ts';
import type { JournalFile } from './journal-file.ts';
import type { EntryIndex, StoredEntry } from './store.ts';

/** Length of the text, round, checksum of both and the text: unsigned, 32 bits each. */
const HEAD_BYTES = 12;
const ROUND_AT = 4;
const CHECKSUM_AT = 8;

/** Rounds are numbered in 32 bits. */
const ROUNDS = 2 ** 32;

export class Journal {
  private readonly file: JournalFile;
  private round: number;
  /** Where the next record goes. */
  private offset = 0;
  /** Beyond this nothing was written since everything was overwritten. */
  private writtenBytes = 0;

  /** @param round whose records count */
  constructor(file: JournalFile, round: number) {
    this.file = file;
    this.round = round;
  }

  get path(): string {
    return this.file.path;
  }

  /** Bytes of this round. */
  get bytes(): number {
    return this.offset;
  }

  get nextRound(): number {
    return (this.round + 1) % ROUNDS;
  }

  /**
   * What is in this round: call it once, before the first `write`. A write that was torn by a crash ends it. Where the
   * disk has damaged a record, those behind it are found all the same: their entries then follow a gap.
   */
  read(): StoredEntry[] {
    const bytes = this.file.readAll();
    this.writtenBytes = bytes.length;
    const found: StoredEntry[] = [];
    for (let text = this.next(bytes); text !== null; text = this.next(bytes))
      for (const stored of decode(text.toString())) found.push(stored);
    return found;
  }

  /** The text of the next record that is sound, from the offset on, which is moved behind it. */
  private next(bytes: Buffer): Buffer | null {
    const round = Buffer.alloc(ROUND_AT);
    round.writeUInt32LE(this.round);
    for (let start = this.offset; ; start += 1) {
      const roundAt = bytes.indexOf(round, start + ROUND_AT);
      if (roundAt < 0) return null;
      start = roundAt - ROUND_AT;
      const text = this.textAt(bytes, start);
      if (text === null) continue;
      this.offset = start + HEAD_BYTES + text.length;
      return text;
    }
  }

  private textAt(bytes: Buffer, start: number): Buffer | null {
    const textStart = start + HEAD_BYTES;
    if (textStart > bytes.length) return null;
    const end = textStart + bytes.readUInt32LE(start);
    if (end > bytes.length) return null;
    const text = bytes.subarray(textStart, end);
    return bytes.readUInt32LE(start + CHECKSUM_AT) === this.checksum(text) ? text : null;
  }

  /** The entries are on the disk when this returns. @throws the system's errors: nothing may be written after one */
  write(all: readonly StoredEntry[]): void {
    const text = Buffer.from(all.map(encode).join(''));
    const record = Buffer.allocUnsafe(HEAD_BYTES + text.length);
    record.writeUInt32LE(text.length, 0);
    record.writeUInt32LE(this.round, ROUND_AT);
    record.writeUInt32LE(this.checksum(text), CHECKSUM_AT);
    record.set(text, HEAD_BYTES);
    this.file.write(record, this.offset);
    this.file.sync();
    this.offset += record.length;
    this.writtenBytes = Math.max(this.writtenBytes, this.offset);
  }

  /** Nothing of what was written counts any longer. Its place is used again: no file grows under a sync. */
  restart(): void {
    this.round = this.nextRound;
    this.offset = 0;
  }

  /** As `restart`, and what was written is overwritten, not merely let go. @throws like `write` */
  erase(): void {
    this.restart();
    if (this.writtenBytes === 0) return;
    this.file.write(Buffer.alloc(this.writtenBytes), 0);
    this.file.sync();
    this.writtenBytes = 0;
  }

  private checksum(text: Uint8Array): number {
    return crc32(text, this.round);
  }

  close(): void {
    this.file.close();
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
