// A journal's file on a disk that a test can fill or break, and that tells what was asked of it.
import { type JournalFile, openJournalFile } from '../../daemon/store/journal-file.ts';

export class FailingDisk {
  /** Writes take only so many bytes, and then fail as on a full disk. */
  freeBytes = Number.POSITIVE_INFINITY;
  syncFails = false;
  writes = 0;
  syncs = 0;

  readonly openFile = (path: string): JournalFile => {
    const file = openJournalFile(path);
    return {
      ...file,
      write: (bytes, offset) => {
        this.writes += 1;
        file.write(bytes.subarray(0, Math.min(bytes.length, this.freeBytes)), offset);
        if (bytes.length > this.freeBytes) throw systemError('ENOSPC');
      },
      sync: () => {
        this.syncs += 1;
        if (this.syncFails) throw systemError('EIO');
        file.sync();
      },
    };
  };
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as the test wants it`), { code });
}
