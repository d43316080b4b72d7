// When a turn begins and ends: every event is handed over at once, and the turn ends when the event loop
// has no more of them ready, so that all that came in together shares one transaction and one write per
// socket.
export type TurnLoop = Readonly<{
  /** Runs a piece of the present turn now, and makes sure that the turn ends. */
  run(piece: () => void): void;
  /** Nothing runs from here on. */
  close(): void;
}>;

/**
 * @param endTurn called once per turn, after its pieces
 * @param onError gets whatever a piece or `endTurn` throws: the loop is closed by then, since the state
 *   behind it can no longer be trusted
 */
export function createTurnLoop(parts: {
  endTurn: () => void;
  onError: (error: Error) => void;
}): TurnLoop {
  let scheduled = false;
  let closed = false;

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
    attempt(piece);
    if (scheduled || closed) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      attempt(parts.endTurn);
    });
  }

  return {
    run,
    close: () => {
      closed = true;
    },
  };
}
