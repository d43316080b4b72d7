// The space for young objects. V8 lets it grow to 128 MB when ten thousand clients come at once, since most of what is made
// for them lives, and gives nothing of it back. Held from the start to a few MB it is emptied in the middle of a failover,
// which takes some milliseconds more; so it is let grow to what that needs.
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves. */
const BYTES_ENOUGH = 32 * 1024 * 1024;
/** In a rush it doubles within a second. */
const LOOK_MS = 100;

/** Lets it grow as far as is enough, and no further. V8 reads the flag whenever it would let a space grow. */
export function boundYoungGeneration(): void {
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if (!young || young.space_size < BYTES_ENOUGH) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, LOOK_MS).unref();
}
