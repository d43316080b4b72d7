// Where a user's files are, after the XDG Base Directory Specification.
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** The specification has relative paths ignored. */
function folder(value: string | undefined, fallback: string): string {
  const base = value !== undefined && isAbsolute(value) ? value : join(homedir(), fallback);
  return join(base, 'syncnet');
}

/** Settings and the identity: `$XDG_CONFIG_HOME/syncnet` or `~/.config/syncnet`. */
export function configFolder(environment: Environment): string {
  return folder(environment.XDG_CONFIG_HOME, '.config');
}

/** Drafts, the outbox, local servers: `$XDG_DATA_HOME/syncnet` or `~/.local/share/syncnet`. */
export function dataFolder(environment: Environment): string {
  return folder(environment.XDG_DATA_HOME, '.local/share');
}

/** What can be made again: `$XDG_CACHE_HOME/syncnet` or `~/.cache/syncnet`. */
export function cacheFolder(environment: Environment): string {
  return folder(environment.XDG_CACHE_HOME, '.cache');
}

/** The key of the user: `identity.json` in the folder of settings. */
export function identityPath(environment: Environment): string {
  return join(configFolder(environment), 'identity.json');
}
