// What the bench needs to know of a server that it measures, and how it waits for one to serve.
import { connect } from 'node:net';
import { execa } from 'execa';
import { waitFor } from '../../test/support/wait-for.ts';
import type { Started } from '../children.ts';

/** Where a server is to run. */
export type Place = Readonly<{
  /** Empty, for its data, its configuration and its log. */
  directory: string;
  /** The first of a hundred ports that are its own. */
  portBase: number;
  /** Cores, as taskset lists them. */
  cores: string;
}>;

export type Running = Readonly<{
  pids: readonly number[];
  /** Where clients connect. */
  ports: readonly number[];
  /** What else the generator is to know. */
  settings?: Readonly<Record<string, string>>;
  /** Waits until it is as it was when it had started: a cluster may have changed its leader since. */
  settle?(): Promise<void>;
  stop(): Promise<void>;
}>;

export type System = Readonly<{
  name: string;
  /** What the generator speaks to it. */
  protocol: string;
  /** Ours, or shown for orientation, or one of those we are held against. */
  role: 'own' | 'peer' | 'context';
  /** One process on a core of its own, or several on all of them. */
  processes: number;
  /** @returns null when it is not installed */
  version(): Promise<string | null>;
  start(place: Place): Promise<Running>;
}>;

const READY_MS_MAX = 30_000;

/** The first thing in a program's output that looks like a version; null when there is no such program. */
export async function versionOf(command: string, ...words: string[]): Promise<string | null> {
  const { stdout, stderr, code } = await execa(command, words, { reject: false });
  if (code === 'ENOENT') return null;
  return /\d+(\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown';
}

/** Waits until somebody listens. @throws Error when the server ended instead */
export async function listening(server: Started, port: number, name: string): Promise<void> {
  const tries = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  await waitFor(
    `${name} on port ${port}`,
    async () => server.isOver() || (await tries()),
    READY_MS_MAX,
  );
  if (server.isOver()) throw new Error(`${name} ended at once: see its log`);
}

/** One process on one port, which is what most of them are. */
export async function single(
  server: Started,
  { name, port }: { name: string; port: number },
): Promise<Running> {
  await listening(server, port, name);
  return { pids: [server.pid], ports: [port], stop: () => server.stop() };
}
