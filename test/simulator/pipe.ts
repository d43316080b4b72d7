// One direction of a simulated connection. Whatever the delays, and whatever a cut holds back: what was sent
// first arrives first, as TCP gives it. Some lines arrive in two pieces, so that a connection breaks between any
// two bytes.
import { frameReader } from '../../lib/protocol/frame.ts';
import type { Random } from '../../lib/random.ts';
import type { Scheduler } from './scheduler.ts';

/** Lines that arrive in two pieces: enough for some thousand of them in every run. */
const SPLIT_SHARE = 1 / 16;
const LINE_BYTES_MAX = 64 * 1024 * 1024;

export class Pipe {
  /** When the last of what is under way arrives. */
  arrivalMs = 0;
  private readonly queue: (() => void)[] = [];
  /** Arrivals that a cut keeps back. */
  private held = 0;
  private readonly reader = frameReader(LINE_BYTES_MAX);
  private readonly scheduler: Scheduler;
  private readonly random: Random;
  private readonly latencyMs: () => number;
  private readonly isCut: () => boolean;
  private readonly retransmitMs: () => number;

  /** @param parts.retransmitMs from the end of a cut until what it held back is sent once more; at once by default */
  constructor(parts: {
    scheduler: Scheduler;
    random: Random;
    latencyMs: () => number;
    isCut: () => boolean;
    retransmitMs?: () => number;
  }) {
    this.scheduler = parts.scheduler;
    this.random = parts.random;
    this.latencyMs = parts.latencyMs;
    this.isCut = parts.isCut;
    this.retransmitMs = parts.retransmitMs ?? (() => 0);
  }

  /** @param deliver called on arrival; it looks for itself whether the connection still stands */
  send(deliver: () => void): void {
    this.queue.push(deliver);
    if (this.isCut()) this.held += 1;
    else this.carry();
  }

  /**
   * Sends a message as a line, whole or in two pieces that arrive one after the other.
   * @param encode the line, asked for when bytes are needed
   * @param stands whether the connection still stands, asked at each arrival
   * @param deliver called once all is there, with the line where it came in pieces; null where it came whole
   */
  sendLine(
    encode: () => string,
    stands: () => boolean,
    deliver: (line: string | null) => void,
  ): void {
    if (this.random() >= SPLIT_SHARE) {
      this.send(() => {
        if (stands()) deliver(null);
      });
      return;
    }
    const bytes = Buffer.from(`${encode()}\n`);
    const middle = 1 + Math.floor(this.random() * (bytes.length - 1));
    for (const piece of [bytes.subarray(0, middle), bytes.subarray(middle)]) {
      this.send(() => {
        if (!stands()) return;
        for (const line of this.reader.push(piece).lines) deliver(line);
      });
    }
  }

  /** The cut is over. */
  healed(): void {
    const { held } = this;
    this.held = 0;
    if (held > 0)
      this.arrivalMs = Math.max(this.scheduler.nowMs() + this.retransmitMs(), this.arrivalMs);
    for (let count = 0; count < held; count += 1) this.carry();
  }

  /** An arrival brings whatever is first in the queue by then. */
  private carry(): void {
    const nowMs = this.scheduler.nowMs();
    this.arrivalMs = Math.max(nowMs + this.latencyMs(), this.arrivalMs);
    this.scheduler.after(this.arrivalMs - nowMs, () => {
      if (this.isCut()) this.held += 1;
      else this.queue.shift()?.();
    });
  }
}
