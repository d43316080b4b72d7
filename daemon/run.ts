// One run of a daemon, from its arguments to its exit code: 0 stopped as asked, 1 could not start or go
// on, 2 wrong arguments or configuration.
import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { completionScript } from '../lib/shell-completion.ts';
import { COMPLETED } from './arguments.ts';
import { askToForget } from './ask-to-forget.ts';
import { type DaemonConfig, loadConfig } from './config.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { tendMemory } from './memory.ts';
import { createLogger } from './ops/logger.ts';

/** A stop that takes longer is given up: a change of view, and all sockets closed, take far less. */
const STOP_MS_MAX = 5_000;

/** @returns the exit code, once the daemon has ended */
export async function run(typed: readonly string[]): Promise<number> {
  const argv = typed.some((word) => word === '--help' || word === '-h') ? ['--help'] : typed;
  const [command, ...rest] = argv;
  if (command === 'forget') return await forget(rest);
  if (command === 'completion') return complete(rest[0]);
  const readFile = (path: string) => readFileSync(path, 'utf8');
  const loaded = loadConfig({ argv, env: process.env, readFile });
  if ('text' in loaded) {
    process.stdout.write(loaded.text);
    return 0;
  }
  if ('problems' in loaded) {
    for (const problem of loaded.problems) say(problem);
    return 2;
  }
  const { config } = loaded;
  // What operators see in their list of processes.
  process.title = `syncnet-daemon ${config.self.id}`;
  const { logger, flush } = await createLogger({
    server: config.self.id,
    level: config.logLevel,
    format: config.logFormat,
  });
  try {
    return await serve(config, logger);
  } catch (error) {
    logger.fatal({ err: error }, 'ended by an error');
    say((error as Error).message);
    return 1;
  } finally {
    await flush();
  }
}

/** `forget ID`: the configuration is that of the server named. */
async function forget(argv: readonly string[]): Promise<number> {
  const [server, ...options] = argv;
  if (server === undefined || server.startsWith('-')) {
    say('forget: expected the id of a server, such as: syncnet-daemon forget server1');
    return 2;
  }
  const readFile = (path: string) => readFileSync(path, 'utf8');
  const loaded = loadConfig({ argv: ['--id', server, ...options], env: process.env, readFile });
  if (!('config' in loaded)) {
    for (const problem of 'problems' in loaded ? loaded.problems : [loaded.text]) say(problem);
    return 2;
  }
  const { text, code } = await askToForget(loaded.config, {
    onWaiting: (reason) => say(`${reason}; trying again for a while`),
  });
  if (code === 0) process.stdout.write(`${text}\n`);
  else say(text);
  return code;
}

/** Prints what a shell completes. @returns the exit code */
function complete(shell: string | undefined): number {
  const made = completionScript(shell, COMPLETED);
  if ('script' in made) process.stdout.write(made.script);
  else say(made.problem);
  return 'script' in made ? 0 : 2;
}

/** One line for whoever started it, next to the log. */
function say(text: string): void {
  process.stderr.write(`syncnet-daemon: ${text}\n`);
}

async function serve(config: DaemonConfig, logger: Logger): Promise<number> {
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'ended by an error');
    say(error.message);
    process.exit(1);
  });
  // From here on, so that a signal during the start is not lost (process 1 has no default action).
  const asked = stopAsked(config.exitWithParent);
  tendMemory();
  const daemon = await startDaemon({ config, logger });
  const { ringPosition, clientPort, peerPort, heartbeatPort, httpPort } = config.self;
  logger.info(
    {
      host: config.bindHost,
      clientPort,
      peerPort,
      heartbeatPort,
      httpPort,
      ringPosition,
      data: config.dataDirectory,
    },
    'listening',
  );
  if (!config.secret) logger.warn('no cluster secret: serving loopback only');
  process.send?.({ type: 'ready' });
  const reason = await Promise.race([asked, daemon.failed]);
  if (reason instanceof Error) throw reason;
  const stopped = stop(daemon);
  // Others wait for the hand-over, and nobody for this.
  logger.info({ reason }, 'stopping');
  return await stopped;
}

/** Resolves with who asked first; a second signal ends the process at once. */
function stopAsked(exitWithParent: boolean): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let signals = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals += 1;
      resolve(signal);
      if (signals === 1) return;
      say('stopped at once, without handing over');
      process.exit(1);
    });
  }
  if (exitWithParent) onParentEnd(() => resolve('the process that started it ended'));
  return promise;
}

/** A parent with an IPC channel is watched by that; any other by the standard input it gave. */
function onParentEnd(ended: () => void): void {
  if (process.connected) {
    process.on('disconnect', ended);
    return;
  }
  process.stdin.on('end', ended).on('close', ended).on('error', ended).resume();
}

/** @returns the exit code */
async function stop(daemon: Daemon): Promise<number> {
  const timeout = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => timeout.resolve('late'), STOP_MS_MAX);
  const outcome = await Promise.race([daemon.stop(), timeout.promise]);
  clearTimeout(timer);
  if (outcome !== 'late') return 0;
  say(`not stopped within ${STOP_MS_MAX} ms: given up`);
  return 1;
}
