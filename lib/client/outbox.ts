// The outbox on disk: what was asked and not answered yet, with the session whose numbers it carries, so
// that quitting, or a crash, loses nothing. A journal of lines, because a line is added far more often than
// the whole is read. One process has it at a time; a second one takes a second file.
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { SessionSeed } from '../protocol/fields.ts';
import type { OutboxItem } from './api.ts';
import { releaseLock, takeLock } from './process-lock.ts';

/** Processes of one name and key side by side: more terminals than anyone watches. */
const SLOTS_MAX = 32;
/** Answered lines in the journal after which it is written anew: some hundred kilobytes. */
const JOURNAL_LINES_MAX = 2_000;
const SEED_BYTES = 9;
const PRIVATE_FILE = 0o600;

const StoredRequest = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('post'),
    room: z.string(),
    text: z.string(),
    reply: z.string().optional(),
    action: z.literal(true).optional(),
  }),
  z.object({
    type: z.literal('editPost'),
    room: z.string(),
    post: z.string(),
    text: z.string(),
  }),
  z.object({ type: z.literal('deletePost'), room: z.string(), post: z.string() }),
  z.object({
    type: z.literal('react'),
    room: z.string(),
    post: z.string(),
    emoji: z.string(),
    on: z.boolean(),
  }),
  z.object({ type: z.literal('createRoom'), name: z.string(), topic: z.string().optional() }),
  z.object({ type: z.literal('joinRoom'), name: z.string() }),
  z.object({ type: z.literal('leaveRoom'), room: z.string() }),
  z.object({ type: z.literal('setTopic'), room: z.string(), topic: z.string() }),
  z.object({ type: z.literal('openDirect'), name: z.string() }),
]);
const Stamp = z.string().max(200);
const Line = z.union([
  z.object({ seed: SessionSeed, next: z.int().min(1), stamp: Stamp.optional() }),
  z.object({ number: z.int().min(1), request: StoredRequest }),
  z.object({ done: z.int().min(1), stamp: Stamp.optional() }),
]);

export type Pending = Readonly<{ number: number; request: OutboxItem['request'] }>;

export type Outbox = Readonly<{
  /** Of the session that its numbers belong to: 12 characters of base64url. */
  seed: string;
  /** The number that the next request gets. */
  next: number;
  /** The newest stamp that came with an answer: what is said next goes above it. */
  stamp: string | null;
  /** In order of their numbers. */
  pending: readonly Pending[];
  /**
   * On disk when it returns, so that no power loss makes a later request carry its number.
   * @throws Error when the disk does not take it
   */
  add(item: Pending): void;
  /** Lost with the power, it is asked again and answered the same. @throws Error when the disk does not take it */
  done(number: number, stamp: string | null): void;
  close(): void;
}>;

export function newSeed(): string {
  return randomBytes(SEED_BYTES).toString('base64url');
}

/** An outbox that ends with the process, for commands that leave nothing behind. */
export function memoryOutbox(): Outbox {
  return {
    seed: newSeed(),
    next: 1,
    stamp: null,
    pending: [],
    add: () => {},
    done: () => {},
    close: () => {},
  };
}

type Contents = {
  seed: string;
  next: number;
  stamp?: string | undefined;
  pending: Map<number, Pending>;
};

/** Reads a journal; a line that a crash cut off ends it. */
function readJournal(path: string): Contents {
  const contents: Contents = { seed: newSeed(), next: 1, pending: new Map() };
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  for (const line of text.split('\n')) {
    const parsed = Line.safeParse(parseJson(line));
    if (!parsed.success) continue;
    if ('seed' in parsed.data) Object.assign(contents, parsed.data);
    else if ('done' in parsed.data) {
      contents.pending.delete(parsed.data.done);
      contents.stamp = parsed.data.stamp ?? contents.stamp;
    } else {
      contents.pending.set(parsed.data.number, parsed.data);
      contents.next = Math.max(contents.next, parsed.data.number + 1);
    }
  }
  return contents;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null; // cut off by a crash, or the empty line at the end
  }
}

/**
 * The first outbox of this name and key that no other process has.
 * @throws Error when the folder cannot be written, or too many processes have one
 */
export function openOutbox(directory: string, owner: { key: string; name: string }): Outbox {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const hash = createHash('sha256').update(`${owner.key}\n${owner.name}`).digest('hex');
  for (let slot = 1; slot <= SLOTS_MAX; slot += 1) {
    const path = join(directory, `outbox-${hash.slice(0, 16)}-${slot}`);
    if (takeLock(`${path}.lock`)) return openAt(path);
  }
  throw new Error(`${SLOTS_MAX} processes use the outboxes in ${directory} already`);
}

/** A rename is on disk when its folder is. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fdatasyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function openAt(path: string): Outbox {
  const contents = readJournal(path);
  const opened = [...contents.pending.values()].sort((one, other) => one.number - other.number);
  let lines = 0;
  let journal: number | null = null;

  function rewrite(): void {
    const { seed, next, stamp, pending } = contents;
    const all = [{ seed, next, stamp }, ...pending.values()];
    const draft = `${path}.${process.pid}`;
    const file = openSync(draft, 'w', PRIVATE_FILE);
    appendFileSync(file, all.map((line) => `${JSON.stringify(line)}\n`).join(''));
    fdatasyncSync(file);
    renameSync(draft, path);
    syncFolder(dirname(path));
    if (journal !== null) closeSync(journal);
    journal = file;
    lines = 0;
  }
  /** A full disk took a part of the last line, perhaps: the next one does not hang on it. */
  let isTorn = false;
  function append(line: object): void {
    if (journal !== null) {
      const text = `${isTorn ? '\n' : ''}${JSON.stringify(line)}\n`;
      isTorn = true;
      appendFileSync(journal, text);
      isTorn = false;
    }
    lines += 1;
    if (lines > JOURNAL_LINES_MAX && contents.pending.size < lines / 2) rewrite();
  }
  function sync(): void {
    if (journal !== null) fdatasyncSync(journal);
  }
  rewrite();
  return {
    seed: contents.seed,
    next: contents.next,
    stamp: contents.stamp ?? null,
    pending: opened,
    add: (item) => {
      contents.pending.set(item.number, item);
      contents.next = item.number + 1;
      try {
        append({ number: item.number, request: item.request });
        sync();
      } catch (error) {
        contents.pending.delete(item.number);
        throw error;
      }
    },
    done: (number, stamp) => {
      contents.pending.delete(number);
      const isNew = stamp !== null && stamp !== contents.stamp;
      if (isNew) contents.stamp = stamp;
      append(isNew ? { done: number, stamp } : { done: number });
    },
    close: () => {
      if (journal !== null) closeSync(journal);
      journal = null;
      releaseLock(`${path}.lock`);
    },
  };
}
