// One direction of a simulated connection. Whatever the delays, and whatever a cut holds back: what was sent
// first arrives first, as TCP gives it.
import type { Scheduler } from './scheduler.ts';

export class Pipe {
  /** When the last of what is under way arrives. */
  arrivalMs = 0;
  private readonly queue: (() => void)[] = [];
  /** Arrivals that a cut keeps back. */
  private held = 0;
  private readonly scheduler: Scheduler;
  private readonly latencyMs: () => number;
  private readonly isCut: () => boolean;

  constructor(parts: { scheduler: Scheduler; latencyMs: () => number; isCut: () => boolean }) {
    this.scheduler = parts.scheduler;
    this.latencyMs = parts.latencyMs;
    this.isCut = parts.isCut;
  }

  /** @param deliver called on arrival; it looks for itself whether the connection still stands */
  send(deliver: () => void): void {
    this.queue.push(deliver);
    if (this.isCut()) this.held += 1;
    else this.carry();
  }

  /** The cut is over. */
  healed(): void {
    const { held } = this;
    this.held = 0;
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
