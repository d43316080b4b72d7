// A ring on what a store holds, as a daemon makes it when it starts.
import { createRing, type Ring, type RingServer } from '../../daemon/ring/state.ts';
import type { Store } from '../../daemon/store/store.ts';

/** @param server its ring position; the others are its peers */
export function ringOn(
  store: Store,
  {
    server,
    others = [],
    ...more
  }: Readonly<{
    server: number;
    others?: readonly number[];
    foldIsWhole?: boolean;
    nowMs?: number;
  }>,
): Ring {
  return createRing({
    self: serverOf(server),
    peers: others.map(serverOf),
    copiesMin: 1,
    boot: 'b',
    record: store.ringRecord(),
    digest: store.digest(),
    hlc: store.highestTime(),
    base: null,
    foldIsWhole: true,
    nowMs: 0,
    ...more,
  });
}

export const serverOf = (ringPosition: number): RingServer => ({
  id: `server${ringPosition}`,
  ringPosition,
  address: '',
});
