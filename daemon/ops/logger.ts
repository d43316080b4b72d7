// Structured lines on standard output: JSON by default, for people on a terminal.
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** @param server bound to every line; term and phase come with each line of the ring */
export function createLogger(options: {
  server: string;
  level: LogLevel;
  format: LogFormat;
}): Logger {
  const { server, level, format } = options;
  const settings = { level, base: { server }, timestamp: pino.stdTimeFunctions.isoTime };
  const forPeople = format === 'pretty' || (format === 'auto' && process.stdout.isTTY);
  // Synchronous either way: the last words before an exit are the ones that matter.
  if (!forPeople) return pino(settings, pino.destination({ dest: 1, sync: true }));
  return pino(
    settings,
    pretty({ colorize: process.stdout.isTTY, sync: true, translateTime: 'SYS:HH:MM:ss.l' }),
  );
}
