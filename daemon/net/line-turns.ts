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
 * The same for those who want in: what the others leave, between these bounds, and at most half of the least from one. Each
 * wants its signature checked, and what it is told then takes as long again.
 */
const ENTRY_COST_MIN = 200;
const ENTRY_COST_MAX = 400;
const CLIENT_ENTRY_COST_MAX = 100;

export class LineTurns {
  private readonly parts: Readonly<{
    /** Monotonic. */
    nowMs(): number;
    take(client: Client, parsed: ParsedLine): void;
    /** All that a client sent is taken. */
    onTaken(client: Client): void;
  }>;
  /** Those whose lines wait for the next turn, in the order in which they get theirs; and those of them who want in. */
  private waiting: Client[] = [];
  private entering: Client[] = [];
  /** Units taken on in this turn: for those who want in, and for all else. */
  private spent = 0;
  private spentOnEntries = 0;
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
      if (!this.hasRoom(text, cost)) break;
      taken += 1;
      cost += this.takeLine(client, text);
    }
    if (client.closing) return;
    // A list that was emptied keeps its space, and most people say nothing for long.
    if (taken === client.lines.length) client.lines = [];
    else client.lines.splice(0, taken);
    this.timeTurn();
    const [next] = client.lines;
    if (next === undefined) return this.parts.onTaken(client);
    client.socket.pause();
    (isEntry(next) ? this.entering : this.waiting).push(client);
  }

  /** Whether this turn takes on a line. @param cost of those that it took of the same client */
  private hasRoom(text: string, cost: number): boolean {
    if (!isEntry(text)) return cost < CLIENT_TURN_COST_MAX && this.spent < TURN_COST_MAX;
    const left = TURN_COST_MAX - this.spent;
    const most = Math.max(ENTRY_COST_MIN, Math.min(ENTRY_COST_MAX, left));
    return cost < CLIENT_ENTRY_COST_MAX && this.spentOnEntries < most;
  }

  /** @returns what it cost, in the units of line-cost.ts */
  private takeLine(client: Client, text: string): number {
    const parsed = parseLine(text);
    const startedMs = this.parts.nowMs();
    this.parts.take(client, parsed);
    const units = 'message' in parsed ? costOf(parsed.message) : 1;
    const cost = Math.max(units, unitsOfMs(this.parts.nowMs() - startedMs));
    if (isEntry(text)) this.spentOnEntries += cost;
    else this.spent += cost;
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
    this.spentOnEntries = 0;
    const { waiting, entering } = this;
    this.waiting = [];
    this.entering = [];
    // Whoever gets nothing in this turn comes first in the next one.
    const unserved = this.takeDue(waiting);
    const outside = this.takeDue(entering);
    this.waiting = [...unserved, ...this.waiting];
    this.entering = [...outside, ...this.entering];
    if (this.waiting.length + this.entering.length > 0) this.timeTurn();
  }

  /** @returns those that this turn has no room for */
  private takeDue(due: readonly Client[]): Client[] {
    const unserved: Client[] = [];
    for (const client of due) {
      if (this.hasRoom(client.lines[0] ?? '', 0)) this.takeSome(client);
      else unserved.push(client);
    }
    return unserved;
  }
}
