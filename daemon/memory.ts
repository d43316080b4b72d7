// Memory that V8 takes when ten thousand come at once, and would keep.
//
// Its space for young objects grows to 128 MB then, since most of what is made for them lives. Held from the start to a few
// MB it is emptied in the middle of a failover, which takes some milliseconds more; so it is let grow to what that needs.
//
// And what did not live long lies in the space for old objects until that has grown by half. V8 tidies both up by itself,
// in small steps, where memory counts for more than speed: it is told so for a few seconds once a rush is over. The longest
// step takes some 25 ms with ten thousand clients; a collection that is asked for stops the server for 200 ms.
import { performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';

const MB = 1024 * 1024;

/** Both halves of the space for young objects. */
const YOUNG_BYTES_ENOUGH = 32 * MB;
/** From there on there was a rush. */
const YOUNG_BYTES_RUSH = 8 * MB;
/** In a rush it doubles within a second. */
const LOOK_MS = 100;

/** Shares of its time that the event loop is busy: at most while there is little to do, at least while there is much. */
const CALM_SHARE = 0.25;
const BUSY_SHARE = 0.6;
const CALM_LOOKS = 5;

/** V8 decides every eight seconds after a collection, and then tidies up twice. */
const SAVING_LOOKS = 100;
/** After it, unless there is another rush: V8 may have found nothing to do. */
const REST_LOOKS = 600;

/** A larger heap is left to itself: its longest step could take as long as it takes servers to be missed. */
const HEAP_BYTES_MAX = 256 * MB;

/** Looks after V8's memory until the process ends. V8 reads these flags whenever it decides. */
export function tendMemory(): void {
  const mayGrow = flagOf((value) => `--semi-space-growth-factor=${value ? 2 : 1}`, true);
  const savesMemory = flagOf((value) => `--${value ? '' : 'no-'}optimize-for-size`, false);
  const sinceLast = loopShare();
  let calmLooks = 0;
  let savingLooks = 0;
  let restLooks = 0;

  function look(): void {
    const young = youngBytes();
    const share = sinceLast();
    calmLooks = share < CALM_SHARE ? calmLooks + 1 : 0;
    restLooks = share > BUSY_SHARE ? 0 : Math.max(0, restLooks - 1);
    if (share > BUSY_SHARE) savingLooks = 0;
    else if (savingLooks > 0) {
      savingLooks = isSmallHeap() ? savingLooks - 1 : 0;
      if (savingLooks === 0) restLooks = REST_LOOKS;
    } else if (restLooks === 0 && calmLooks >= CALM_LOOKS && young >= YOUNG_BYTES_RUSH) {
      if (isSmallHeap()) savingLooks = SAVING_LOOKS;
    }
    savesMemory(savingLooks > 0);
    mayGrow(young < YOUNG_BYTES_ENOUGH);
  }

  setInterval(look, LOOK_MS).unref();
}

function youngBytes(): number {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return young?.space_size ?? 0;
}

const isSmallHeap = (): boolean => getHeapStatistics().total_heap_size < HEAP_BYTES_MAX;

/** @returns what gives the share of the time since it was asked last that the event loop was busy */
function loopShare(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}

/** @returns what sets a flag of V8 where it is to change */
function flagOf(textOf: (value: boolean) => string, initial: boolean): (value: boolean) => void {
  let known = initial;
  return (value) => {
    if (value === known) return;
    known = value;
    setFlagsFromString(textOf(value));
  };
}
