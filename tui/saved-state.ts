// What the screen keeps across restarts, in the user's data folder: the name, the open room, drafts, what was sent
// last and read positions, by name. Losing it costs a draft, never a post: those are in the outbox.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Model, NOTHING_SAVED, type Saved, savedRooms } from './state/model.ts';

/** All that was sent last: the file is written anew a second after each change. */
const SENT_CHARS_MAX = 64 * 1024;

const SavedFile = z.object({
  /** Used last. */
  name: z.string(),
  screens: z.record(
    z.string(),
    z.object({
      openRoom: z.string().nullable(),
      rooms: z.record(
        z.string(),
        z.object({
          draft: z.string(),
          begun: z.string().optional(),
          read: z.string().nullable(),
        }),
      ),
      sent: z.array(z.string()).default([]),
    }),
  ),
});
type SavedFile = z.infer<typeof SavedFile>;

const fileOf = (folder: string) => join(folder, 'screen.json');

function load(folder: string): SavedFile {
  try {
    return SavedFile.parse(JSON.parse(readFileSync(fileOf(folder), 'utf8')));
  } catch {
    return { name: '', screens: {} }; // the first start, or a file that a crash of the machine cut off
  }
}

/** The name used last; null before the first start. */
export function lastName(folder: string): string | null {
  return load(folder).name || null;
}

/** What a screen of that name left behind. */
export function loadSaved(folder: string, name: string): Saved {
  return load(folder).screens[name] ?? NOTHING_SAVED;
}

/** What is worth keeping of a model. */
export function savedOf(model: Model): Saved {
  return {
    openRoom: model.openRoom,
    rooms: { ...model.restored, ...savedRooms(model.rooms) },
    sent: newestOf(model.sentTexts),
  };
}

/** As many as the file has room for, of texts that may be long. */
function newestOf(texts: readonly string[]): readonly string[] {
  let chars = 0;
  const first = texts.findLastIndex((text) => {
    chars += text.length;
    return chars > SENT_CHARS_MAX;
  });
  return texts.slice(first + 1);
}

/** The read positions alone. */
export function withoutDrafts({ openRoom, rooms }: Saved): Saved {
  const read = Object.entries(rooms).map(([id, { read }]) => [id, { draft: '', read }] as const);
  return { openRoom, rooms: Object.fromEntries(read), sent: [] };
}

/** Another screen of the same name may have read further, and sent something else. */
function merged(saved: Saved, other: Saved | undefined): Saved {
  const rooms = Object.entries(saved.rooms).map(([id, room]) => {
    const read = other?.rooms[id]?.read ?? '';
    return [id, { ...room, read: read > (room.read ?? '') ? read : room.read }] as const;
  });
  const sentElsewhere = (other?.sent ?? []).filter((text) => !saved.sent.includes(text));
  const sent = newestOf([...sentElsewhere, ...saved.sent]);
  return { ...saved, rooms: { ...other?.rooms, ...Object.fromEntries(rooms) }, sent };
}

/**
 * Writes what is worth keeping; in one rename, so that a crash leaves the old or the new.
 * @throws Error when the folder cannot be written
 */
export function save(folder: string, name: string, saved: Saved): void {
  const before = load(folder);
  const screens = { ...before.screens, [name]: merged(saved, before.screens[name]) };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${fileOf(folder)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify({ name, screens })}\n`, { mode: 0o600 });
  renameSync(draft, fileOf(folder));
}
