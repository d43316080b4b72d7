// One connected client, as those share it who read its lines, write its batches, and end it: plain fields, since there
// are very many of them.
import type { Socket } from 'node:net';
import type { FrameReader } from '../../lib/protocol/frame.ts';
import type { Batch } from './batch.ts';

export type Client = {
  readonly id: number;
  readonly socket: Socket;
  readonly frames: FrameReader;
  /** Complete lines not looked at yet; reading is paused while there are any left over. */
  lines: string[];
  /** The line after these was too long: nothing more is read. */
  overflow: boolean;
  /** The other end has sent its last; what it sent is still answered. */
  ended: boolean;
  /** To be written by the next flush, or by one that is not done yet. */
  batch: Batch | null;
  /** The flush that is to write it. */
  turn: number;
  badLines: number;
  /** When its backlog was first seen above the bound; 0 while below. */
  slowSinceMs: number;
  closing: boolean;
};
