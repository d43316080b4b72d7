// Warnings about what others do wrong, each said at most once a minute: whoever sends rubbish fills no disk.
import type { Logger } from 'pino';

const COMPLAINT_INTERVAL_MS = 60_000;

/**
 * Says `text` unless the same `kind` was said within the last minute; `count` tells how often it came since.
 * Kinds are remembered for good: never make one of what a stranger sent.
 */
export type Complain = (kind: string, text: string, fields?: object) => void;

export function createComplaints(logger: Pick<Logger, 'warn'>): Complain {
  const kinds = new Map<string, { saidMs: number; count: number }>();
  return (kind, text, fields = {}) => {
    const nowMs = performance.now();
    const known = kinds.get(kind) ?? { saidMs: Number.NEGATIVE_INFINITY, count: 0 };
    known.count += 1;
    kinds.set(kind, known);
    if (nowMs - known.saidMs < COMPLAINT_INTERVAL_MS) return;
    logger.warn({ ...fields, count: known.count }, text);
    known.saidMs = nowMs;
    known.count = 0;
  };
}
