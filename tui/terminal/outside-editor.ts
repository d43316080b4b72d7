// A draft in the person's own editor: a private file in a private folder, gone when the editor is.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What POSIX systems have when neither VISUAL nor EDITOR says otherwise. */
const EDITOR_DEFAULT = 'vi';

/** @returns the command that edits a file, as a shell would run it: `code --wait`, say */
export function editorCommand(env: NodeJS.ProcessEnv): string {
  return env.VISUAL?.trim() || env.EDITOR?.trim() || EDITOR_DEFAULT;
}

/**
 * Runs the editor on a text, with the terminal its own; returns when it has ended.
 * @returns the text as it was left, without the line feed that editors put at the end
 * @throws Error when the editor cannot be started or ends with a failure: the draft is as it was then
 */
export async function editOutside(text: string): Promise<string> {
  // Loaded by whoever uses an editor: a start need not.
  const { execa } = await import('execa');
  const command = editorCommand(process.env);
  const folder = mkdtempSync(join(tmpdir(), 'syncnet-'));
  try {
    const file = join(folder, 'message.md');
    writeFileSync(file, text, { mode: 0o600 });
    const { exitCode, signal } = await execa('sh', ['-c', `${command} "$1"`, 'sh', file], {
      stdio: 'inherit',
      reject: false,
    });
    if (exitCode !== 0) {
      const how = signal ?? `code ${exitCode}`;
      throw new Error(
        `${command} ended with ${how}: the draft is as it was (set EDITOR to another)`,
      );
    }
    return readFileSync(file, 'utf8').replace(/\n$/, '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
