// The system's calls that a journal needs, and nothing else: tests put a disk in its place that is full, fails or forgets.
import { closeSync, fdatasyncSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export type JournalFile = Readonly<{
  path: string;
  readAll(): Buffer;
  /** Writes all of them. @throws the system's errors, after some may have been written */
  write(bytes: Uint8Array, offset: number): void;
  /** What was written is on the disk when this returns. @throws the system's errors */
  sync(): void;
  close(): void;
}>;

const PRIVATE_FILE = 0o600;

/** Opens the file, or makes it for good. @throws the system's errors */
export function openJournalFile(path: string): JournalFile {
  const fd = openOrMake(path);
  return {
    path,
    readAll: () => readFileSync(path),
    write: (bytes, offset) => {
      for (let done = 0; done < bytes.length; )
        done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
    },
    sync: () => fdatasyncSync(fd),
    close: () => closeSync(fd),
  };
}

function openOrMake(path: string): number {
  try {
    return openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const fd = openSync(path, 'wx+', PRIVATE_FILE);
  syncDirectory(dirname(path));
  return fd;
}

/** Until then a new file is one that a loss of power may take away, whatever was synced of its contents. */
function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
