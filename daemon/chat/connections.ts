// Who is connected: a few fields for each connection, and the ways to find it: by session, by account, by
// room. It decides nothing.
import type * as z from 'zod';
import type { Refused, Stored } from '../../lib/protocol/events.ts';
import type { Prove } from '../../lib/protocol/requests.ts';
import type { HybridTime } from './chat.ts';
import type { PendingSignIn } from './pending-sign-in.ts';

/** An answer to a numbered request, without its stamp. */
export type RequestAnswer = z.infer<typeof Stored> | z.infer<typeof Refused>;

/** A numbered request of a connection, until its answer and those before it have gone out. */
type Unanswered = {
  readonly number: number;
  answer: RequestAnswer | null;
  /** Of the entry that was stored; what the stamp is made of. */
  time: HybridTime | null;
};

export type Connection = {
  /** Higher than those of all that were opened before it. */
  readonly id: number;
  readonly nonce: string;
  /** When it was opened, or this server began to lead, whichever was later. */
  openedMs: number;
  /** Nobody sits there, it says. */
  isIdle: boolean;
  /** When it last said that somebody writes. */
  typedMs: number;
  /** Sign-ins whose signature did not fit. */
  badSignatures: number;
  /** Who it is going to sign in as, the signature checked already. */
  proved: Prove | null;
  /** A sign-in that is not answered yet. */
  pendingSignIn: PendingSignIn | null;
  /** Empty until signed in. */
  account: string;
  sessionId: string;
  /** The number that the next new request must have; 0 until the first one came. */
  nextNumber: number;
  /** The first that was refused for the moment: what follows is too, while it is waited for. 0 when none was. */
  refusedNumber: number;
  /** The last that was refused for good: its sender may not know that yet. 0 when none was. */
  refusedForGood: number;
  /** The first that came behind such a one and was put off: so is all that follows, until its sender begins anew. 0 for none. */
  putOffNumber: number;
  /** By number, ascending: answers go out in that order. */
  unanswered: Unanswered[];
  /** This session's entries are stamped above it. */
  above: HybridTime | null;
  /** Whose rosters it is on: a short list, as are those below. */
  rooms: readonly string[];
};

/** The connections in a room, and a list of them that is made anew only after somebody came or went. */
type Roster = { readonly ids: Set<number>; list: readonly number[] | null };

const NONE: readonly never[] = [];

export class Connections {
  readonly all = new Map<number, Connection>();
  private readonly bySession = new Map<string, Connection>();
  private readonly byAccount = new Map<string, readonly Connection[]>();
  private readonly byRoom = new Map<string, Roster>();

  open(id: number, nonce: string, nowMs: number): Connection {
    const connection: Connection = {
      id,
      nonce,
      openedMs: nowMs,
      isIdle: false,
      typedMs: Number.NEGATIVE_INFINITY,
      badSignatures: 0,
      proved: null,
      pendingSignIn: null,
      account: '',
      sessionId: '',
      nextNumber: 0,
      refusedNumber: 0,
      refusedForGood: 0,
      putOffNumber: 0,
      unanswered: [],
      above: null,
      rooms: NONE,
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
    connection.refusedNumber = 0;
    connection.refusedForGood = 0;
    connection.putOffNumber = 0;
    connection.isIdle = false;
    connection.unanswered = [];
    this.bySession.set(session.id, connection);
    this.byAccount.set(session.account, [...this.ofAccount(session.account), connection]);
    connection.rooms = [...session.rooms];
    for (const room of connection.rooms) this.addTo(room, connection);
    return before === connection ? null : before;
  }

  enter(connection: Connection, room: string): void {
    if (!connection.rooms.includes(room)) connection.rooms = [...connection.rooms, room];
    this.addTo(room, connection);
  }

  private addTo(room: string, connection: Connection): void {
    const roster = this.byRoom.get(room) ?? { ids: new Set(), list: null };
    roster.ids.add(connection.id);
    roster.list = null;
    this.byRoom.set(room, roster);
  }

  leave(connection: Connection, room: string): void {
    connection.rooms = connection.rooms.filter((each) => each !== room);
    this.takeFrom(room, connection);
  }

  private takeFrom(room: string, connection: Connection): void {
    const roster = this.byRoom.get(room);
    if (roster?.ids.delete(connection.id)) roster.list = null;
    // There is a room for every two who ever wrote to each other.
    if (roster?.ids.size === 0) this.byRoom.delete(room);
  }

  /** Unties a connection from its session; it stays open. */
  signOut(connection: Connection): void {
    if (connection.account === '') return;
    if (this.bySession.get(connection.sessionId) === connection)
      this.bySession.delete(connection.sessionId);
    const others = this.ofAccount(connection.account).filter((each) => each !== connection);
    if (others.length > 0) this.byAccount.set(connection.account, others);
    else this.byAccount.delete(connection.account);
    for (const room of connection.rooms) this.takeFrom(room, connection);
    connection.rooms = NONE;
    connection.account = '';
    connection.sessionId = '';
    connection.unanswered = [];
  }

  close(id: number): Connection | null {
    const connection = this.all.get(id) ?? null;
    if (connection) this.signOut(connection);
    this.all.delete(id);
    return connection;
  }

  ofSession(id: string): Connection | null {
    return this.bySession.get(id) ?? null;
  }

  ofAccount(account: string): readonly Connection[] {
    return this.byAccount.get(account) ?? NONE;
  }

  hasAccount(account: string): boolean {
    return this.byAccount.has(account);
  }

  idsOfAccount(account: string): number[] {
    return this.ofAccount(account).map(({ id }) => id);
  }

  /** @returns the very same list, which nobody changes, until somebody comes or goes */
  inRoom(room: string): readonly number[] {
    const roster = this.byRoom.get(room);
    if (!roster) return NONE;
    roster.list ??= [...roster.ids];
    return roster.list;
  }

  signedIn(): Connection[] {
    return [...this.bySession.values()];
  }

  signedInIds(): number[] {
    return this.signedIn().map(({ id }) => id);
  }

  signedInCount(): number {
    return this.bySession.size;
  }
}
