// What outlives the screen: the name last used and, for each account name, the open room, drafts and read
// positions. One small file in the data folder, written as a whole.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Model, Saved, SavedRooms } from './state/model.ts';
import { NOTHING_SAVED } from './state/model.ts';

const SavedFile = z.object({
  name: z.string().nullable(),
  names: z.record(
    z.string(),
    z.object({
      openRoom: z.string().nullable(),
      rooms: z.record(z.string(), z.object({ draft: z.string(), read: z.string().nullable() })),
    }),
  ),
});
type SavedFile = z.infer<typeof SavedFile>;

/** Drafts are private. */
const FILE_MODE = 0o600;

function read(path: string): SavedFile {
  try {
    return SavedFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // The first start, or a file cut short: it holds conveniences only, and is written anew.
    return { name: null, names: {} };
  }
}

/** What is worth keeping of a model; rooms that have not shown up in this run stay as they were. */
export function savedOf(model: Model): Saved {
  const seen: SavedRooms = Object.fromEntries(
    model.rooms.map(({ room, draft, read: position }) => [
      room.id,
      { draft: draft.text, read: position },
    ]),
  );
  return { openRoom: model.openRoom, rooms: { ...model.restored, ...seen } };
}

/** The name that was used last; null before the first sign-in. */
export function lastName(path: string): string | null {
  return read(path).name;
}

export function loadSaved(path: string, name: string): Saved {
  return read(path).names[name] ?? NOTHING_SAVED;
}

/** Keeps the state under `name`, and the name as the one used last. Throws what the file system throws. */
export function save(path: string, name: string, saved: Saved): void {
  const before = read(path);
  const file: SavedFile = {
    name,
    names: { ...before.names, [name]: { openRoom: saved.openRoom, rooms: { ...saved.rooms } } },
  };
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, JSON.stringify(file), { mode: FILE_MODE });
  renameSync(fresh, path);
}
