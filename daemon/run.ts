// One run of a daemon, from its arguments to its exit code: 0 stopped as asked, 1 could not start or go
// on, 2 wrong arguments or configuration.
import meow from 'meow';
import type { Logger } from 'pino';
import { loadConfig } from './config.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { createLogger } from './ops/logger.ts';

/** A stop that takes longer is given up: a change of view, and all sockets closed, take far less. */
const STOP_MS_MAX = 5_000;

const HELP = `
  Usage
    $ syncnet-daemon --id server1 [--config cluster.json] [--data DIR]

  Which server
    --id ID               one of the cluster's servers
    --config FILE         the cluster file; without it, server1 to server3 on this machine
    --port-base PORT      without a cluster file: first of the ports, 8000 by default
    --ring-position N     instead of the cluster file's; the highest active server leads
    --data DIR            where its history is kept; ~/.local/share/syncnet/ID by default

  Addresses
    --bind HOST           where all its ports listen; the server's host by default
    --advertise H:P       what clients are told of where it is
    --client-port, --peer-port, --heartbeat-port, --http-port PORT

  Safety
    --secret-file FILE    the cluster secret; without one it serves loopback only
    --min-copies N        acknowledge nothing with fewer copies; 1 by default

  Running
    --log-level LEVEL     debug, info, warn, error, silent; info by default
    --log-format FORMAT   auto, json, pretty; auto is pretty on a terminal
    --exit-with-parent    stop when standard input ends
    --help, --version

  Every option has an environment variable: SYNCNET_ID, SYNCNET_CONFIG, SYNCNET_DATA, SYNCNET_PORT_BASE and
  so on; SYNCNET_SECRET is the secret itself. Flag beats environment beats cluster file.

  Exit codes: 0 stopped as asked, 1 could not start or go on, 2 wrong arguments or configuration.
`;

/** @returns the exit code, once the daemon has ended */
export async function run(argv: readonly string[]): Promise<number> {
  const cli = meow(HELP, {
    importMeta: import.meta,
    argv: [...argv],
    description:
      'SyncNet server: keeps the history, replicates it, and leads when it is the highest',
    flags: {
      id: { type: 'string' },
      config: { type: 'string' },
      portBase: { type: 'string' },
      ringPosition: { type: 'string' },
      data: { type: 'string' },
      bind: { type: 'string' },
      advertise: { type: 'string' },
      clientPort: { type: 'string' },
      peerPort: { type: 'string' },
      heartbeatPort: { type: 'string' },
      httpPort: { type: 'string' },
      secretFile: { type: 'string' },
      minCopies: { type: 'string' },
      logLevel: { type: 'string' },
      logFormat: { type: 'string' },
      exitWithParent: { type: 'boolean' },
    },
  });
  const flags = Object.fromEntries(
    Object.entries(cli.flags).filter(([, value]) => value !== undefined && value !== false),
  );
  const loaded = loadConfig({ flags, env: process.env });
  const problems = 'problems' in loaded ? loaded.problems : [];
  for (const word of cli.input) problems.push(`${word}: expected options only; see --help`);
  if ('problems' in loaded || problems.length > 0) {
    for (const problem of problems) process.stderr.write(`syncnet-daemon: ${problem}\n`);
    return 2;
  }
  const { config } = loaded;
  const logger = createLogger({
    server: config.self.id,
    level: config.logLevel,
    format: config.logFormat,
  });
  try {
    const daemon = await startDaemon({ config, logger });
    const { host, clientPort, peerPort, heartbeatPort, httpPort } = {
      ...config.self,
      host: config.bindHost,
    };
    const ports = { host, clientPort, peerPort, heartbeatPort, httpPort };
    logger.info(
      { ...ports, data: config.dataDirectory, ringPosition: config.self.ringPosition },
      'listening',
    );
    if (!config.secret) logger.warn('no cluster secret: serving loopback only');
    process.send?.({ type: 'ready' });
    return await untilEnd(daemon, config.exitWithParent, logger);
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(`syncnet-daemon: ${message}\n`);
    logger.debug({ err: error }, 'could not start');
    return 1;
  }
}

/** Waits for a signal, the parent's end or a failure, and stops. @returns the exit code */
function untilEnd(daemon: Daemon, exitWithParent: boolean, logger: Logger): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let stopping = false;

  function stop(reason: string): void {
    if (stopping) {
      process.stderr.write('syncnet-daemon: stopped at once, without handing over\n');
      process.exit(1);
    }
    stopping = true;
    logger.info({ reason }, 'stopping');
    const timeout = setTimeout(() => {
      process.stderr.write(`syncnet-daemon: not stopped within ${STOP_MS_MAX} ms: given up\n`);
      process.exit(1);
    }, STOP_MS_MAX);
    daemon
      .stop()
      .then(
        () => resolve(0),
        (error: Error) => {
          process.stderr.write(`syncnet-daemon: ${error.message}\n`);
          resolve(1);
        },
      )
      .finally(() => clearTimeout(timeout));
  }

  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  daemon.failed.then((error) => {
    process.stderr.write(`syncnet-daemon: ${error.message}\n`);
    resolve(1);
  });
  if (exitWithParent) {
    const parentEnded = () => {
      if (!stopping) stop('the parent process ended');
    };
    process.stdin.on('end', parentEnded).on('close', parentEnded).on('error', parentEnded).resume();
    process.on('disconnect', parentEnded);
  }
  return promise;
}
