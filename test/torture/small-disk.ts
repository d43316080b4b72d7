// A small disk for one server: memory that is mounted over its data directory, in the mounts of the enclosure.
import { statfsSync } from 'node:fs';
import { execa, execaSync } from 'execa';
import type { Servers } from './servers.ts';

export type SmallDisk = Readonly<{
  /** The server that has it. */
  owner: string;
  /** Leaves nothing: it is felt when the server's log of writes has come round to its end and must grow. */
  fill(): void;
  enlarge(): void;
}>;

const MEGABYTE = 1024 * 1024;
/** More than hours of posts take; memory is used only for what is written. */
const LARGE_BYTES = 512 * MEGABYTE;

/** Before the server is started for the first time. */
export async function mountSmallDisk(servers: Servers, owner: string): Promise<SmallDisk> {
  const directory = servers.dataDirectory(owner);
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${LARGE_BYTES}`, 'tmpfs', directory]);
  const resize = (bytes: number) => execaSync('mount', ['-o', `remount,size=${bytes}`, directory]);
  const usedBytes = () => {
    const { blocks, bfree, bsize } = statfsSync(directory);
    return (blocks - bfree) * bsize;
  };
  return {
    owner,
    fill: () => {
      // The server goes on writing, and memory that is in use is not taken away: then there is more to leave.
      for (;;) {
        const bytes = usedBytes();
        try {
          resize(bytes);
          return;
        } catch (error) {
          if (usedBytes() <= bytes) throw error;
        }
      }
    },
    enlarge: () => resize(LARGE_BYTES),
  };
}
