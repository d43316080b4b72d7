// When a turn begins and ends: every event is handed over at once, and the turn ends when the event loop
// has no more of them ready, so that all that came in together shares one transaction and one write per
// socket.
import { performance } from 'node:perf_hooks';

/**
 * How long a turn goes on for connections that come one after the other: some sixty of them. Without it each would have
 * a turn, and a wait for the disk, of its own.
 */
const GATHER_MS_MAX = 5;

/**
 * Pieces that a turn has in a busy time. The next one then goes on for as long as a round brings another, up to
 * GATHER_MS_MAX too: of a crowd that answers what it was just sent, it takes all at once. With fewer there is nothing to
 * wait for.
 */
const BUSY_PIECES = 16;

/** How long a turn waits for more while much is under way: the shortest that a timer knows. */
const CROWDED_MS = 1;

export type TurnLoop = Readonly<{
  /** Runs a piece of the present turn now, and makes sure that the turn ends. */
  run(piece: () => void): void;
  /**
   * The same for what the event loop gives one of in each of its rounds, however many are ready, as libuv does with
   * connections: the turn goes on for as long as a round brings another, up to GATHER_MS_MAX.
   */
  gather(piece: () => void): void;
  /** Nothing runs from here on. */
  close(): void;
}>;

/**
 * @param endTurn called once per turn, after its pieces
 * @param isCrowded whether so much is under way that a turn had better be longer, and others fewer
 * @param nowMs a monotonic clock; that of the system by default
 * @param onError gets whatever a piece or `endTurn` throws: the loop is closed by then, since the state
 *   behind it can no longer be trusted
 */
export function createTurnLoop(parts: {
  endTurn: () => void;
  isCrowded: () => boolean;
  onError: (error: Error) => void;
  nowMs?: () => number;
}): TurnLoop {
  const { nowMs = () => performance.now() } = parts;
  let scheduled = false;
  let closed = false;
  /** Whether this round of the event loop brought something of which there may be more, and since when it does. */
  let mayBringMore = false;
  let gatheringMs: number | null = null;
  let hasWaited = false;
  /** Of this turn; and whether the one before had many. */
  let pieces = 0;
  let isBusy = false;

  function attempt(piece: () => void): void {
    if (closed) return;
    try {
      piece();
    } catch (error) {
      closed = true;
      parts.onError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  function run(piece: () => void): void {
    if (isBusy) expectMore();
    attempt(piece);
    pieces += 1;
    if (scheduled || closed) return;
    scheduled = true;
    setImmediate(endRound);
  }

  function expectMore(): void {
    gatheringMs ??= nowMs();
    mayBringMore = true;
  }

  function gather(piece: () => void): void {
    expectMore();
    run(piece);
  }

  function endRound(): void {
    if (mayBringMore && nowMs() - (gatheringMs ?? 0) < GATHER_MS_MAX) {
      mayBringMore = false;
      setImmediate(endRound);
    } else if (!hasWaited && !closed && parts.isCrowded()) {
      hasWaited = true;
      setTimeout(endRound, CROWDED_MS);
    } else endTurn();
  }

  function endTurn(): void {
    scheduled = false;
    hasWaited = false;
    mayBringMore = false;
    gatheringMs = null;
    isBusy = pieces >= BUSY_PIECES;
    pieces = 0;
    attempt(parts.endTurn);
  }

  return {
    run,
    gather,
    close: () => {
      closed = true;
    },
  };
}
