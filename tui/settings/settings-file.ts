// The settings file on disk: read at the start, and again whenever it is saved. Editors save by writing another file
// and renaming it, so it is the folder that is watched.
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { configFolder } from '../../lib/client/folders.ts';
import { type Loaded, type Problem, parseSettings, type Settings } from './settings.ts';

/** Several events come with one save. */
const SETTLED_MS = 50;

export const settingsPath = (environment: Readonly<Record<string, string | undefined>>) =>
  join(configFolder(environment), 'config.toml');

/** @param from what counts where the file, or a line of it, is missing, and what counts now */
export function loadSettings(
  path: string,
  from: Readonly<{ defaults: Settings; now: Settings }>,
): Loaded {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { settings: from.defaults, problems: [] };
    return { settings: from.now, problems: [{ line: 1, reason: message }] };
  }
  return parseSettings(text, from);
}

/** `config.toml line 3: theme is one of …, and 1 more`; null when nothing is wrong. */
export function problemsText(problems: readonly Problem[]): string | null {
  const [first, ...more] = problems;
  if (!first) return null;
  const others = more.length > 0 ? ` (and ${more.length} more)` : '';
  return `config.toml line ${first.line}: ${first.reason}${others}`;
}

/**
 * Tells of every save. Where the folder cannot be watched, or is not there yet, nothing is told.
 * @returns ends it
 */
export function watchSettings(path: string, onSaved: () => void): () => void {
  let timer: NodeJS.Timeout | null = null;
  let watcher: FSWatcher | null = null;
  try {
    watcher = watch(join(path, '..'), (_event, name) => {
      if (name !== null && name !== 'config.toml') return;
      timer ??= setTimeout(() => {
        timer = null;
        onSaved();
      }, SETTLED_MS);
    });
    watcher.on('error', () => watcher?.close());
  } catch {
    // No such folder: settings begin with the next start.
  }
  return () => {
    if (timer) clearTimeout(timer);
    watcher?.close();
  };
}
