// What SQLite says when a disk fails, in words that a person can act on.
import { StoreError } from './store.ts';

/** What to do about damage: a copy is no loss while the other servers live. */
export const DAMAGE_ADVICE =
  'move the directory away and start empty: the other servers give everything back';

export const FULL_ADVICE = 'the disk is full: free some space and start again';

/** SQLite's primary result codes (sqlite.org/rescode.html), by what a person can do about them. */
const CODES: Readonly<Record<number, { code: StoreError['code']; advice: string }>> = {
  5: {
    code: 'locked',
    advice: 'another syncnet-daemon uses this directory: stop it, or give --data another one',
  },
  8: { code: 'failed', advice: 'it is read-only: check its owner and mode' },
  10: { code: 'failed', advice: 'the disk does not read or write: check it' },
  11: { code: 'damaged', advice: DAMAGE_ADVICE },
  13: { code: 'full', advice: FULL_ADVICE },
  14: { code: 'failed', advice: 'it cannot be opened: check its owner and mode' },
  26: { code: 'damaged', advice: 'it is no SyncNet history: give --data another directory' },
};

/** The same by the system's codes, which come from making the directory. */
const SYSTEM_CODES: Readonly<Record<string, { code: StoreError['code']; advice: string }>> = {
  ENOSPC: { code: 'full', advice: FULL_ADVICE },
  EACCES: { code: 'failed', advice: 'this user may not write there: check its owner and mode' },
  EROFS: { code: 'failed', advice: 'the disk is read-only' },
  ENOTDIR: { code: 'failed', advice: 'a part of the path is no directory' },
  EEXIST: { code: 'failed', advice: 'there is a file in place of the directory' },
};

/** The low byte of an extended result code is the primary one. */
const PRIMARY_MASK = 0xff;

/** @returns the StoreError for whatever was thrown while `path` was used; StoreErrors stay as they are */
export function storeErrorOf(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error;
  const { errcode, message, code } = error as { errcode?: number; message?: string; code?: string };
  const known = CODES[(errcode ?? 0) & PRIMARY_MASK] ?? SYSTEM_CODES[code ?? ''];
  const text = `${path}: ${known?.advice ?? 'cannot be used'} (${message ?? String(error)})`;
  return new StoreError(known?.code ?? 'failed', text, { cause: error });
}
