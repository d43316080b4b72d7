// What /proc/PID/stat says of a process's time on the processors (proc(5)).

/** The kernel's USER_HZ: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Places of utime and stime behind the command, which is in parentheses and may hold anything. */
const USER_TIME_PLACE = 11;
const SYSTEM_TIME_PLACE = 12;

/**
 * Time on the processors, all threads together, user and system.
 * @param line of /proc/PID/stat; empty when the process has gone
 * @returns seconds; NaN when it is no such line
 */
export function cpuSeconds(line: string): number {
  const behindCommand = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const ticks =
    Number(behindCommand[USER_TIME_PLACE] ?? Number.NaN) +
    Number(behindCommand[SYSTEM_TIME_PLACE] ?? Number.NaN);
  return ticks / TICKS_PER_SECOND;
}

/**
 * Time that the processors were at work for anyone, from the first line of /proc/stat: all but the columns idle and
 * iowait, the time that other machines took from this one (steal) included.
 * @returns seconds; NaN when it is no such line
 */
export function machineSeconds(line: string): number {
  const [name, user, nice, system, , , irq, softirq, steal] = line.split(/ +/);
  if (name !== 'cpu') return Number.NaN;
  const ticks = [user, nice, system, irq, softirq, steal].map((column) =>
    Number(column ?? Number.NaN),
  );
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

/** Resident bytes from the text of /proc/PID/status; NaN when it does not say. */
export function residentBytes(status: string): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return Number(kilobytes ?? Number.NaN) * 1_024;
}

/** A process that used its core for this share of the time had no more to give. */
const FULL_SHARE = 0.9;

/**
 * Nobody whom we know was full, and still no core was free: what else the machine did held them up.
 * @param shares cores that were used, by whomever
 */
export function isCrowded(shares: readonly number[]): boolean {
  return shares.reduce((sum, share) => sum + share, 0) >= 2 * FULL_SHARE;
}

/**
 * Who set the pace.
 * @param serverShares cores that each process of the server used, 1 for a whole one
 * @param generatorShare the same for the generator
 */
export function bottleneckOf(serverShares: readonly number[], generatorShare: number): string {
  const busiest = Math.max(...serverShares);
  if (busiest >= FULL_SHARE && busiest >= generatorShare) return 'server';
  if (generatorShare >= FULL_SHARE) return 'generator';
  return isCrowded([...serverShares, generatorShare]) ? 'both cores' : 'waits';
}
