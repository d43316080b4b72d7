// Whose lines are taken when: a turn of the event loop takes on some milliseconds of work, from each connection a part
// of it, and what is beyond that waits for later turns. A flood only delays its sender, and a crowd that comes delays
// nobody who is here.
import type { Client } from './client.ts';
import { type ParsedLine, parseLine } from './client-requests.ts';
import { costOf, isEntry, unitsOfMs } from './line-cost.ts';

/**
 * Work taken on in one turn, in the units of line-cost.ts: ten milliseconds or so from all connections together, and at
 * most half of it from one.
 */
const TURN_COST_MAX = 1_024;
const CLIENT_TURN_COST_MAX = 512;

/**
 * The same for those who only sign in yet, beside the others: each wants its signature checked, and what it is told then
 * takes as long again.
 */
const NEW_TURN_COST_MAX = 200;

export class LineTurns {
  private readonly parts: Readonly<{
    /** Monotonic. */
    nowMs(): number;
    take(client: Client, parsed: ParsedLine): void;
    /** All that a client sent is taken. */
    onTaken(client: Client): void;
  }>;
  /** Those whose lines wait for the next turn, in the order in which they get theirs. */
  private waiting: Client[] = [];
  private newcomers: Client[] = [];
  /** Units taken on in this turn. */
  private spent = 0;
  private spentOnNew = 0;
  private isTimed = false;

  constructor(parts: LineTurns['parts']) {
    this.parts = parts;
  }

  /** Takes some lines now and the rest in later turns; meanwhile nothing more is read from its socket. */
  add(client: Client, lines: readonly string[]): void {
    if (client.lines.length > 0) {
      // Its turn is under way: these come after.
      for (const line of lines) client.lines.push(line);
      return;
    }
    client.lines = [...lines];
    this.takeSome(client);
  }

  private takeSome(client: Client): void {
    let taken = 0;
    let cost = 0;
    for (const text of client.lines) {
      if (client.closing) return;
      if (cost >= CLIENT_TURN_COST_MAX || this.isFull(client)) break;
      taken += 1;
      cost += this.takeLine(client, text);
    }
    if (client.closing) return;
    // A list that was emptied keeps its space, and most people say nothing for long.
    if (taken === client.lines.length) client.lines = [];
    else client.lines.splice(0, taken);
    this.timeTurn();
    if (client.lines.length === 0) return this.parts.onTaken(client);
    client.socket.pause();
    (client.isNew ? this.newcomers : this.waiting).push(client);
  }

  private isFull({ isNew }: Client): boolean {
    return isNew ? this.spentOnNew >= NEW_TURN_COST_MAX : this.spent >= TURN_COST_MAX;
  }

  /** @returns what it cost, in the units of line-cost.ts */
  private takeLine(client: Client, text: string): number {
    const parsed = parseLine(text);
    const startedMs = this.parts.nowMs();
    this.parts.take(client, parsed);
    const units = 'message' in parsed ? costOf(parsed.message) : 1;
    const cost = Math.max(units, unitsOfMs(this.parts.nowMs() - startedMs));
    if (client.isNew) this.spentOnNew += cost;
    else this.spent += cost;
    client.isNew &&= 'message' in parsed && isEntry(parsed.message);
    return cost;
  }

  private timeTurn(): void {
    if (this.isTimed) return;
    this.isTimed = true;
    setImmediate(() => this.nextTurn());
  }

  private nextTurn(): void {
    this.isTimed = false;
    this.spent = 0;
    this.spentOnNew = 0;
    const { waiting, newcomers } = this;
    this.waiting = [];
    this.newcomers = [];
    // Whoever gets nothing in this turn comes first in the next one.
    this.waiting = [...this.takeDue(waiting), ...this.waiting];
    this.newcomers = [...this.takeDue(newcomers), ...this.newcomers];
    if (this.waiting.length + this.newcomers.length > 0) this.timeTurn();
  }

  /** @returns those that this turn has no room for */
  private takeDue(due: readonly Client[]): Client[] {
    const unserved: Client[] = [];
    for (const client of due) {
      if (this.isFull(client)) unserved.push(client);
      else this.takeSome(client);
    }
    return unserved;
  }
}
