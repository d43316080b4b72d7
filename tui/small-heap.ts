// A small space for young objects. Node lets it grow to 48 MB as soon as much comes in, and gives nothing of it back: a
// third of what the whole screen takes. What the screen makes lives for one frame or for hours, so that a space of 2 MB,
// emptied more often and each time in less than a millisecond, serves as well.
import { setFlagsFromString } from 'node:v8';

/** To be called first: what has grown does not shrink. V8 reads it whenever it would let the space grow. */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
