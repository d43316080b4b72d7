// Plain text on the terminal's own screen, until a key is pressed.

const WAITS = '\n(select and copy as you like; any key goes back)\n';

/**
 * Shows a text where nothing draws over it.
 * @returns when a key was pressed, or the input has ended
 */
export async function showPlain(
  text: string,
  { stdin, stdout }: { stdin: NodeJS.ReadStream; stdout: NodeJS.WriteStream },
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stdout.write(`${text}\n${WAITS}`);
  const done = () => resolve();
  stdin.setRawMode(true);
  stdin.ref();
  stdin.once('data', done).once('end', done).resume();
  try {
    await promise;
  } finally {
    stdin.off('data', done).off('end', done);
    stdin.setRawMode(false);
  }
}
