// Who is connected: a few fields for each connection, and the ways to find it: by session, by account, by
// room. It decides nothing.
import type { HybridTime } from './chat.ts';

export type Connection = {
  readonly id: number;
  readonly nonce: string;
  openedMs: number;
  /** Empty until signed in. */
  account: string;
  sessionId: string;
  /** The number that the next new request must have; 0 until the first one came. */
  nextNumber: number;
  /** Numbered requests that wait for their commit. */
  pendingCount: number;
  /** This session's entries are stamped above it. */
  above: HybridTime | null;
};

export class Connections {
  readonly all = new Map<number, Connection>();
  private readonly bySession = new Map<string, Connection>();
  private readonly byAccount = new Map<string, Set<Connection>>();
  private readonly byRoom = new Map<string, Set<number>>();

  open(id: number, nonce: string, nowMs: number): Connection {
    const connection: Connection = {
      id,
      nonce,
      openedMs: nowMs,
      account: '',
      sessionId: '',
      nextNumber: 0,
      pendingCount: 0,
      above: null,
    };
    this.all.set(id, connection);
    return connection;
  }

  /** Ties a connection to a session. @returns the connection that had that session before */
  signIn(
    connection: Connection,
    session: { account: string; id: string; rooms: Iterable<string> },
  ): Connection | null {
    const before = this.bySession.get(session.id) ?? null;
    if (before) this.signOut(before);
    connection.account = session.account;
    connection.sessionId = session.id;
    connection.nextNumber = 0;
    connection.pendingCount = 0;
    this.bySession.set(session.id, connection);
    const sameAccount = this.byAccount.get(session.account) ?? new Set();
    sameAccount.add(connection);
    this.byAccount.set(session.account, sameAccount);
    for (const room of session.rooms) this.enter(connection, room);
    return before === connection ? null : before;
  }

  enter(connection: Connection, room: string): void {
    const inRoom = this.byRoom.get(room) ?? new Set();
    inRoom.add(connection.id);
    this.byRoom.set(room, inRoom);
  }

  leave(connection: Connection, room: string): void {
    this.byRoom.get(room)?.delete(connection.id);
  }

  /** Unties a connection from its session; it stays open. */
  signOut(connection: Connection): void {
    if (connection.account === '') return;
    if (this.bySession.get(connection.sessionId) === connection)
      this.bySession.delete(connection.sessionId);
    const sameAccount = this.byAccount.get(connection.account);
    sameAccount?.delete(connection);
    if (sameAccount?.size === 0) this.byAccount.delete(connection.account);
    for (const inRoom of this.byRoom.values()) inRoom.delete(connection.id);
    connection.account = '';
    connection.sessionId = '';
    connection.pendingCount = 0;
  }

  close(id: number): Connection | null {
    const connection = this.all.get(id) ?? null;
    if (connection) this.signOut(connection);
    this.all.delete(id);
    return connection;
  }

  ofAccount(account: string): Iterable<Connection> {
    return this.byAccount.get(account) ?? [];
  }

  accounts(): string[] {
    return [...this.byAccount.keys()];
  }

  inRoom(room: string): number[] {
    return [...(this.byRoom.get(room) ?? [])];
  }

  signedIn(): Connection[] {
    return [...this.bySession.values()];
  }

  signedInCount(): number {
    return this.bySession.size;
  }
}
