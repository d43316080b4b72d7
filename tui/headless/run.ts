// One run of a headless command: its client, its end, its exit code.
import type { ChatClient } from '../../lib/client/api.ts';
import { createChatClient } from '../../lib/client/client.ts';
import { dataFolder, identityPath } from '../../lib/client/folders.ts';
import { loadIdentity } from '../../lib/client/identity.ts';
import { UsageError } from '../arguments.ts';
import { defaultServers } from '../local-addresses.ts';
import {
  type HeadlessCommand,
  parseHeadless,
  type Reach,
  type SendOptions,
  type TailOptions,
} from './command-line.ts';
import { EXIT, HeadlessError, type Io } from './reach.ts';
import { runSend } from './send.ts';
import { runStatus } from './status.ts';
import { runTail } from './tail.ts';

/** A reader that went away (`| head`) is an end like any other. */
function readerGone(io: Io): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  io.stdout.on('error', () => resolve());
  io.stdout.on('close', () => resolve());
  return promise;
}

/** Waits until what was written has left this process: a pipe takes it in its own time. */
function flushed(stream: NodeJS.WritableStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (!stream.writable) resolve();
  else stream.write('', () => resolve());
  return promise;
}

/** The servers that were named, or those that a screen of this user has started, and the usual ones. */
async function serversFor({ servers }: Reach): Promise<readonly string[]> {
  return servers ?? (await defaultServers(dataFolder(process.env)));
}

async function withClient(
  options: SendOptions | TailOptions,
  use: (client: ChatClient) => Promise<number>,
): Promise<number> {
  const identity = await loadIdentity(options.identity ?? identityPath(process.env));
  const servers = await serversFor(options);
  const { name } = options;
  // The outbox stays in memory: what a script did not get answered is the script's to send again.
  const client = await createChatClient({ servers, identity, name, folder: null });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

async function perform(parsed: HeadlessCommand, io: Io, ended: Promise<void>): Promise<number> {
  switch (parsed.command) {
    case 'send':
      return withClient(parsed.options, (client) => runSend(client, parsed.options, io));
    case 'tail':
      return withClient(parsed.options, (client) => runTail(client, parsed.options, io, ended));
    case 'status':
      return runStatus({ ...parsed.options, servers: await serversFor(parsed.options) }, io);
  }
}

/**
 * Runs `send`, `tail` or `status`.
 * @param argv the command first
 * @returns the exit code: 0 done, 1 refused or failed, 2 wrong arguments, 3 no server reached
 */
export async function runHeadless(argv: readonly string[]): Promise<number> {
  const io: Io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
  const ended = readerGone(io);
  try {
    const work = perform(parseHeadless(argv), io, ended);
    const exitCode = await Promise.race([work, ended.then(() => EXIT.done)]);
    await Promise.race([flushed(io.stdout), ended]);
    return exitCode;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stderr.write(`syncnet-tui ${argv[0]}: ${error.message}\n`);
    if (error instanceof HeadlessError) return error.exitCode;
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}
