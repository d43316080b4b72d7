// A logger that keeps what it is told, for tests of what is logged and how often.
import { type Logger, pino } from 'pino';

export type LogLine = Readonly<{ level: number; msg: string; [field: string]: unknown }>;

/** @returns a logger of every level, and the lines it got so far */
export function keepingLogger(): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const logger = pino(
    { level: 'trace' },
    { write: (text: string) => lines.push(JSON.parse(text)) },
  );
  return { logger, lines };
}
