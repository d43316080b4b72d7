// A heap that stays near what is in it. What the screen makes lives for one frame or for hours; Node's heap is laid out
// for servers, and takes as much again for garbage, which it keeps.
//
// Young objects: the space for them would grow to 48 MB as soon as much comes in, and give nothing of it back. One of a
// few MB, emptied more often and each time in a millisecond or two, serves as well.
// Old ones: some 20 MB are in use, and between two collections that may become two or three times as much. When a fifth
// more is enough, a busy screen took 119 MB instead of 136, with the same share of the processor: in 50 s eight
// collections instead of two, each some 17 ms on a machine that was busy besides.
import { setFlagsFromString } from 'node:v8';

/** To be called first: what has grown does not shrink. V8 reads both whenever it would let a space grow. */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=20');
}
