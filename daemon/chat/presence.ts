// Who is here: not kept on disk. A connection that is lost is forgiven for a while, and a new leader
// believes what the old one told it for a while, so that a failover is no storm of comings and goings.

/** A person whose last connection went is gone after this. */
const LOST_GRACE_MS = 10_000;

/** What the last leader said is believed for so long after a change of leader. */
const INHERITED_GRACE_MS = 15_000;

export class Presence {
  private readonly connected = new Set<string>();
  /** Here by grace, until then. */
  private readonly graceUntilMs = new Map<string, number>();
  private heard: readonly string[] = [];

  isHere(account: string): boolean {
    return this.connected.has(account) || this.graceUntilMs.has(account);
  }

  /** @returns whether this is news */
  arrive(account: string): boolean {
    const known = this.isHere(account);
    this.connected.add(account);
    this.graceUntilMs.delete(account);
    return !known;
  }

  lose(account: string, nowMs: number): void {
    if (this.connected.delete(account)) this.graceUntilMs.set(account, nowMs + LOST_GRACE_MS);
  }

  /** @returns those who are gone from now on */
  expire(nowMs: number): string[] {
    const gone = [...this.graceUntilMs]
      .filter(([, untilMs]) => nowMs >= untilMs)
      .map(([account]) => account);
    for (const account of gone) this.graceUntilMs.delete(account);
    return gone;
  }

  hear(accounts: readonly string[]): void {
    this.heard = accounts;
  }

  /** This server leads from now on. */
  inherit(nowMs: number): void {
    for (const account of this.heard) {
      if (!this.connected.has(account)) this.graceUntilMs.set(account, nowMs + INHERITED_GRACE_MS);
    }
    this.heard = [];
  }

  /** This server leads no longer. */
  clear(): void {
    this.connected.clear();
    this.graceUntilMs.clear();
  }

  here(): string[] {
    return [...this.connected, ...this.graceUntilMs.keys()];
  }
}
