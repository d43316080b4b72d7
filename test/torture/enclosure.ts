// Where torture is done: in namespaces of its own for processes, mounts and the network, as far as this machine
// allows. Whatever ends the run, the kernel then ends every process in it and takes its network and its mounts
// away. Where it is not allowed, the run is on loopback, with signals only.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** An enclosure, and what it allows. */
export type Enclosure = Readonly<{
  /** For everything that the run writes; removed afterwards. */
  directory: string;
  network: boolean;
  mounts: boolean;
  /** Why not everything is allowed; empty when it is. */
  missing: string;
}>;
type Allowed = Omit<Enclosure, 'directory'>;

const ENCLOSE = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'] as const;
/** What the faults will need, tried where it harms nobody. */
const TRY_NETWORK = [
  'mount -t tmpfs tmpfs /run',
  'ip link add hub type bridge',
  'ip netns add try',
  'iptables -w -A INPUT -m statistic --mode random --probability 0.5 -j DROP',
  'iptables -w -A INPUT -p tcp -j REJECT --reject-with tcp-reset',
  'iptables -w -t raw -A OUTPUT -p udp -j CT --zone 1',
  'iptables -w -t nat -A OUTPUT -p udp -j DNAT --to-destination 127.0.0.1:1',
].join(' && ');
const PACKAGES = [
  { command: 'ip', name: 'iproute2' },
  { command: 'iptables', name: 'iptables' },
  { command: 'nsenter', name: 'util-linux' },
] as const;
const VARIABLE = 'SYNCNET_TORTURE_ENCLOSURE';

/**
 * The clients that note what they see, and keep all of it, are in this process: its young generation, in MB, is
 * collected in a few milliseconds, where 16 MB of what survives took up to 40. And whoever measures can have all of it
 * collected beforehand, which takes up to 50.
 */
const SHORT_PAUSES = ['--max-semi-space-size=1', '--expose-gc'];

async function missingPackages(): Promise<string[]> {
  const missing: string[] = [];
  for (const { command, name } of PACKAGES) {
    const { failed } = await execa('sh', ['-c', `command -v ${command}`], { reject: false });
    if (failed) missing.push(name);
  }
  return missing;
}

async function isPossible(words: readonly string[], script: string): Promise<string | null> {
  const { failed, stderr, shortMessage } = await execa(
    'unshare',
    [...ENCLOSE, ...words, 'sh', '-c', script],
    { reject: false },
  );
  return failed ? stderr.split('\n')[0] || (shortMessage ?? 'it fails') : null;
}

/** @param wantsNetwork whether network faults are asked for at all */
async function explore(wantsNetwork: boolean): Promise<Allowed> {
  const noMounts = await isPossible([], 'mount -t tmpfs tmpfs /run');
  if (noMounts !== null) {
    const missing = `signals and wiped directories only: namespaces need root, and a container that allows them (${noMounts})`;
    return { network: false, mounts: false, missing };
  }
  if (!wantsNetwork) return { network: false, mounts: true, missing: '' };
  const packages = await missingPackages();
  const problem =
    packages.length > 0
      ? `the packages ${packages.join(' and ')} are not installed`
      : await isPossible(['--net'], TRY_NETWORK);
  if (problem === null) return { network: true, mounts: true, missing: '' };
  return { network: false, mounts: true, missing: `no faults of the network: ${problem}` };
}

/**
 * Runs this script again in an enclosure; SIGINT and SIGTERM ask it to come to an end, a second one ends it.
 * @returns its exit code
 */
export async function runEnclosed(options: {
  script: string;
  argv: readonly string[];
  wantsNetwork: boolean;
  /** A run that takes longer hangs, and is ended. */
  timeoutMs: number;
}): Promise<number> {
  const allowed = await explore(options.wantsNetwork);
  if (allowed.missing) console.log(allowed.missing);
  const directory = mkdtempSync(join(tmpdir(), 'syncnet-torture-'));
  const node = [process.execPath, ...SHORT_PAUSES, options.script, ...options.argv];
  const [command = '', ...words] = allowed.mounts
    ? ['unshare', ...ENCLOSE, ...(allowed.network ? ['--net'] : []), ...node]
    : node;
  const child = spawn(command, words, {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, [VARIABLE]: JSON.stringify({ ...allowed, directory }) },
    // Out of the terminal's reach: it is told by its standard input, and ends with it.
    detached: true,
  });
  child.stdin?.on('error', () => {}); // it has ended
  let asked = false;
  const onSignal = () => {
    if (asked) child.kill('SIGKILL');
    else child.stdin?.write('end\n');
    asked = true;
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const tooLong = setTimeout(() => {
    console.error(`the run did not end in ${options.timeoutMs / 1_000} s: ended`);
    child.kill('SIGKILL');
  }, options.timeoutMs);
  const { promise, resolve } = Promise.withResolvers<number>();
  child.once('error', () => resolve(1)).once('exit', (code) => resolve(code ?? 1));
  try {
    return await promise;
  } finally {
    clearTimeout(tooLong);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The enclosure that this process is in; null outside. */
export function enclosureHere(): Enclosure | null {
  const text = process.env[VARIABLE];
  return text === undefined ? null : JSON.parse(text);
}

/** Within the enclosure: aborted when whoever typed the command wants an end. @param onGone he has gone */
export function endAsked(onGone: () => Promise<void>): AbortSignal {
  const controller = new AbortController();
  process.stdin.once('data', () => controller.abort());
  process.stdin.once('end', onGone);
  return controller.signal;
}
