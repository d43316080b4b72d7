// The highest request of each session, as the disk has it: asked and raised for every entry, so it is kept in memory
// for the sessions of the day, and written once for each transaction.
import type { SqliteFile } from './sqlite-file.ts';

const SQL = {
  highest: 'SELECT highest FROM sessions WHERE id = ?',
  setHighest:
    'INSERT INTO sessions VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET highest = max(highest, excluded.highest)',
} as const;

/** Sessions in memory: more than are signed in at once, at some hundred bytes each. */
const KNOWN_MAX = 50_000;

export class SessionTable {
  private readonly file: SqliteFile;
  private readonly known = new Map<string, number>();
  /** Raised since the last commit. */
  private readonly touched = new Set<string>();

  constructor(file: SqliteFile) {
    this.file = file;
  }

  /** The disk is as it was before the transaction. */
  reset(): void {
    this.known.clear();
    this.touched.clear();
  }

  /** 0 for a session that nothing is stored of. */
  highest(id: string): number {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const row = this.file.get(SQL.highest, id) as { highest: number } | undefined;
    const highest = row?.highest ?? 0;
    this.known.set(id, highest);
    return highest;
  }

  /** Notes that a request is stored. @returns whether it is above all of its session: no other copy of it is held */
  note(requestId: string): boolean {
    const slash = requestId.lastIndexOf('/');
    const id = requestId.slice(0, slash);
    const number = Number(requestId.slice(slash + 1));
    const isNew = number > this.highest(id);
    if (!isNew) return false;
    this.known.set(id, number);
    this.touched.add(id);
    return true;
  }

  /** Writes what was raised since the last call. */
  save(): void {
    for (const id of this.touched) this.file.run(SQL.setHighest, id, this.known.get(id) ?? 0);
    this.touched.clear();
    if (this.known.size > KNOWN_MAX) this.known.clear();
  }
}
