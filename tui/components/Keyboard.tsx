// Where keys and pastes come in. Ink reads them, from every kind of terminal; what is on the screen is painted
// elsewhere (paint.ts).
import { useApp, useInput, usePaste } from 'ink';
import { useEffect } from 'react';
import { keyPresses } from '../keys.ts';
import type { Source } from '../store.ts';

export type Suspend = (callback: () => Promise<void>) => Promise<void>;

/** Draws nothing. @param onSuspend is handed what only a component may ask Ink for */
export function Keyboard({
  source,
  onSuspend,
}: {
  source: Source;
  onSuspend: (suspend: Suspend) => void;
}) {
  const { suspendTerminal } = useApp();
  useEffect(() => onSuspend(suspendTerminal), [onSuspend, suspendTerminal]);
  useInput((input, key) => {
    for (const press of keyPresses(input, key)) source.dispatch(press);
  });
  usePaste((text) => source.dispatch({ type: 'pasted', text }));
  return null;
}
