// Structured lines on standard output: JSON by default, for people on a terminal. Writing them never holds
// up the loop: a reader that has stopped (a paused terminal, a full pipe) costs lines, not heartbeats.
import { type Logger, pino } from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Lines kept for a reader that does not read; beyond this the newest are dropped. */
const BACKLOG_BYTES_MAX = 8 * 1024 * 1024;

/** How long the end of the process waits for its last lines to be taken. */
const FLUSH_MS_MAX = 500;

const STANDARD_OUTPUT = 1;

type Destination = ReturnType<typeof pino.destination>;

export type LoggerParts = Readonly<{
  /** Bound to every line; term and phase come with each line of the ring. */
  server: string;
  level: LogLevel;
  format: LogFormat;
  /** Descriptor or file to write to; standard output by default. */
  to?: number | string;
}>;

/** @returns the logger, and a function that resolves when its lines are written, or cannot be */
export async function createLogger(
  parts: LoggerParts,
): Promise<{ logger: Logger; flush: () => Promise<void> }> {
  const { server, level, format, to = STANDARD_OUTPUT } = parts;
  const settings = { level, base: { server }, timestamp: pino.stdTimeFunctions.isoTime };
  // minLength 1: every line is written at once, and a flush waits for what is under way.
  const destination = pino.destination({
    dest: to,
    sync: false,
    minLength: 1,
    maxLength: BACKLOG_BYTES_MAX,
  });
  const onTerminal = process.stdout.isTTY === true;
  const forPeople = format === 'pretty' || (format === 'auto' && onTerminal);
  const stream = forPeople ? await prettyStream(destination, onTerminal) : destination;
  return { logger: pino(settings, stream), flush: () => flushed(destination) };
}

async function prettyStream(destination: Destination, colorize: boolean) {
  // Loaded when it is needed: a server that returns starts while the others serve.
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
  return { write: (line: string) => void destination.write(pretty(line)) };
}

async function flushed(destination: Destination): Promise<void> {
  const written = new Promise<boolean>((resolve) => destination.flush((error) => resolve(!error)));
  const timeout = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => timeout.resolve(false), FLUSH_MS_MAX);
  // Given up for good, or the exit of the process would wait for the reader.
  if (!(await Promise.race([written, timeout.promise]))) destination.destroy();
  clearTimeout(timer);
}
