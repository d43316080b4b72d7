// A lock file that one process holds at a time, and that nobody has to clean up: a lock whose process is gone is
// taken over. A process is known by its id, the boot of its machine and the time it was started, because ids are
// given again: after a boot, and in a container that starts anew, often the very same one.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

const PRIVATE_FILE = 0o600;

/** Those of this process: the file alone does not tell an earlier life of ours from this one everywhere. */
const held = new Set<string>();

/** When a process was started, in clock ticks since the boot: field 22 of proc(5)'s stat. null where that is not told. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name of the program, in parentheses, and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

/** Whether a process of that id runs, whosever it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** `PID BOOT START`, the latter two where the system tells them; older locks have the id alone. */
function describe(pid: number): string {
  return [pid, bootId() ?? '-', startOf(pid) ?? '-'].join(' ');
}

/** Whether the process that a lock names still runs. */
function isHeld(path: string, text: string): boolean {
  const [word = '', boot = '-', start = '-'] = text.split(' ');
  const pid = Number(word);
  // An empty lock was cut off between its making and its writing: nobody holds it.
  if (!(pid > 0)) return false;
  if (pid === process.pid) return held.has(path);
  const now = bootId();
  if (boot !== '-' && now !== null && boot !== now) return false;
  if (!isAlive(pid)) return false;
  const startNow = startOf(pid);
  return start === '-' || startNow === null || start === startNow;
}

/**
 * Takes a lock that nobody holds.
 * @returns false when another process, or this one, holds it
 * @throws Error when the folder cannot be written
 */
export function takeLock(path: string): boolean {
  for (const _ of [1, 2]) {
    try {
      writeFileSync(path, describe(process.pid), { flag: 'wx', mode: PRIVATE_FILE });
      held.add(path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (isHeld(path, readFileSync(path, 'utf8'))) return false;
    rmSync(path, { force: true });
  }
  return false;
}

export function releaseLock(path: string): void {
  held.delete(path);
  rmSync(path, { force: true });
}
