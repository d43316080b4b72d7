// Entries to state: accounts, rooms, members, topics. Any arrival order, and any number of copies of one
// request, fold to the same state: what is contested is settled by the one order. The first claim of a name
// stands; of single values the last write. Posts are not kept here; the store has them.
import { createHash } from 'node:crypto';
import { accountIdOf, directRoomIdOf, foldName, GENERAL_ROOM_ID, roomIdOf } from '../../lib/ids.ts';
import { type Entry, orderOf } from '../ring/entry.ts';
import { type BodyOf, bodyOf } from './bodies.ts';
import { ReadMarkers } from './read-markers.ts';
import { Register } from './register.ts';
import { shownName } from './shown-name.ts';

type Account = {
  readonly id: string;
  readonly key: string;
  /** In the form in which names are compared. */
  readonly folded: string;
  name: string;
  place: string;
};

type FoldedRoom = {
  readonly id: string;
  /** Null until its creation has arrived: what refers to it may come first. */
  created: { name: string; creator: string; place: string } | null;
  /** The one or two accounts of a conversation of two, its only members for ever; null for other rooms. */
  direct: readonly string[] | null;
  readonly topic: Register<string>;
  readonly membership: Map<string, Register<boolean>>;
  readonly members: Set<string>;
};

export type MemberChange = Readonly<{ room: string; account: string; joined: boolean }>;

/** What an entry made different from before. */
export type FoldChange = Readonly<{
  members: readonly MemberChange[];
  /** Rooms that are new, or have another name or topic. */
  rooms: readonly string[];
  /** Accounts that are shown under another name, and the old one. */
  renamed: readonly Readonly<{ account: string; was: string }>[];
}>;

/** Most people are in no more. */
const FEW_ROOMS = 8;

const NO_CHANGE: FoldChange = { members: [], rooms: [], renamed: [] };

export class Fold {
  readonly accounts = new Map<string, Account>();
  /** A list for each, no set: mostly of one, and there are very many. */
  private readonly accountsByName = new Map<string, readonly Account[]>();
  readonly rooms = new Map<string, FoldedRoom>();
  private readonly roomsByName = new Map<string, Set<FoldedRoom>>();

  /** Ids of rooms, those of which the creation has not arrived included. Lists, as those of names are. */
  private readonly roomsByMember = new Map<string, string[]>();
  readonly reads = new ReadMarkers();

  /** Posts of a hybrid time below this are pruned. */
  prunedBelowMs = 0;
  /** When each server that was forgotten was, by the wall clock. */
  readonly forgottenMs = new Map<string, number>();

  constructor() {
    const general = this.room(GENERAL_ROOM_ID);
    general.created = { name: 'general', creator: '', place: '' };
    this.roomsByName.set('general', new Set([general]));
    general.topic.write('', { place: '', value: 'Everyone is here' });
  }

  /** Folds an entry in; one whose body is none of ours changes nothing. @returns what is different now */
  apply(entry: Entry): FoldChange {
    const body = bodyOf(entry);
    if (!body || body.t === 'post') return NO_CHANGE;
    const place = orderOf(entry);
    switch (body.t) {
      case 'claim':
        return this.claim(body.k, body.n, place);
      case 'create':
        return this.create(body, place);
      case 'join':
      case 'leave': {
        const change = { request: body.q, place, value: body.t === 'join' };
        return { ...NO_CHANGE, members: this.setMember(body.r, body.u, change) };
      }
      case 'topic':
        return { ...NO_CHANGE, rooms: this.setTopic(body, place) };
      case 'direct':
        return { ...NO_CHANGE, members: this.openDirect(body, place) };
      case 'read':
        for (const marker of body.m) this.reads.note(marker);
        return NO_CHANGE;
      case 'prune':
        this.prunedBelowMs = Math.max(this.prunedBelowMs, body.b);
        return NO_CHANGE;
      case 'forget':
        this.forgottenMs.set(body.s, Math.max(this.forgottenMs.get(body.s) ?? 0, body.w));
        return NO_CHANGE;
      case 'pruned':
      case 'edit':
      case 'delete':
      case 'react':
        return NO_CHANGE;
    }
  }

  private room(id: string): FoldedRoom {
    let room = this.rooms.get(id);
    if (!room) {
      room = {
        id,
        created: null,
        direct: null,
        topic: new Register(),
        membership: new Map(),
        members: new Set(),
      };
      this.rooms.set(id, room);
    }
    return room;
  }

  private claim(key: string, name: string, place: string): FoldChange {
    const id = accountIdOf(key, name);
    const folded = foldName(name);
    const same = this.accountsByName.get(folded) ?? [];
    const before = same.map((account) => ({ account, was: this.nameOf(account.id) }));
    const known = this.accounts.get(id);
    if (known && place >= known.place) return NO_CHANGE;
    // Of two claims of one key for one name, perhaps in another spelling, the first counts.
    if (known) Object.assign(known, { place, name });
    else {
      const account = { id, key, folded, name, place };
      this.accounts.set(id, account);
      this.accountsByName.set(folded, [...same, account]);
    }
    const members = this.refreshMember(this.room(GENERAL_ROOM_ID), id);
    const renamed = before.filter(({ account, was }) => this.nameOf(account.id) !== was);
    return {
      members,
      rooms: [],
      renamed: renamed.map(({ account, was }) => ({ account: account.id, was })),
    };
  }

  private create(body: BodyOf<'create'>, place: string): FoldChange {
    const room = this.room(roomIdOf(body.q));
    const same = this.roomsByName.get(body.n) ?? new Set();
    const before = [...same].map((other) => ({ other, was: this.roomName(other) }));
    const isNew = room.created === null;
    if (!room.created || place < room.created.place) {
      room.created = { name: body.n, creator: body.u, place };
    }
    this.roomsByName.set(body.n, same.add(room));
    room.topic.write(body.q, { place, value: body.x });
    const members = this.setMember(room.id, body.u, { request: body.q, place, value: true });
    const renamed = before.filter(({ other, was }) => this.roomName(other) !== was);
    const rooms = new Set(renamed.map(({ other }) => other.id));
    if (isNew) rooms.add(room.id);
    return { members, rooms: [...rooms], renamed: [] };
  }

  /** Both sides of a split make the same room of the same two. */
  private openDirect(body: BodyOf<'direct'>, place: string): readonly MemberChange[] {
    const room = this.room(directRoomIdOf(body.u, body.v));
    if (!room.created || place < room.created.place) {
      room.created = { name: '', creator: body.u, place };
    }
    room.direct = [...new Set([body.u, body.v])].sort();
    const changed = new Set([...room.members, ...room.direct]);
    return [...changed].flatMap((account) => this.refreshMember(room, account));
  }

  private setTopic(body: BodyOf<'topic'>, place: string): readonly string[] {
    const room = this.room(body.r);
    const before = this.topicOf(room);
    room.topic.write(body.q, { place, value: body.x });
    return this.topicOf(room) === before ? [] : [room.id];
  }

  private setMember(
    roomId: string,
    account: string,
    change: { request: string; place: string; value: boolean },
  ): readonly MemberChange[] {
    const room = this.room(roomId);
    const register = room.membership.get(account) ?? new Register<boolean>();
    room.membership.set(account, register);
    register.write(change.request, { place: change.place, value: change.value });
    return this.refreshMember(room, account);
  }

  private refreshMember(room: FoldedRoom, account: string): readonly MemberChange[] {
    // Everyone is in #general from the start, until they leave it.
    const joined = room.direct
      ? room.direct.includes(account)
      : (room.membership.get(account)?.value ?? room.id === GENERAL_ROOM_ID);
    if (joined === room.members.has(account)) return [];
    const rooms = this.roomsByMember.get(account) ?? [];
    if (!joined) {
      room.members.delete(account);
      rooms.splice(rooms.indexOf(room.id), 1);
    } else {
      room.members.add(account);
      // A list that is added to has room for sixteen more.
      if (rooms.length < FEW_ROOMS) this.roomsByMember.set(account, [...rooms, room.id]);
      else rooms.push(room.id);
    }
    return [{ room: room.id, account, joined }];
  }

  /** Whoever holds a name now: the account that claimed it first. */
  holderOf(name: string): Account | null {
    let holder: Account | null = null;
    for (const account of this.accountsByName.get(foldName(name)) ?? []) {
      if (!holder || account.place < holder.place) holder = account;
    }
    return holder;
  }

  /** Every account that goes, or went, by a name: with its suffix, or all that claimed it. */
  accountsNamed(name: string): string[] {
    const [bare = name] = name.split('~');
    const same = (this.accountsByName.get(foldName(bare)) ?? []).map(({ id }) => id);
    if (bare === name) return same;
    return same.filter((id) => foldName(this.nameOf(id)) === foldName(name));
  }

  /** The account that is shown under a name; null where none is. */
  accountShownAs(name: string): string | null {
    if (!name.includes('~')) return this.holderOf(name)?.id ?? null;
    return this.accountsNamed(name)[0] ?? null;
  }

  /** What others see; `?` for an account whose claim has not arrived. */
  nameOf(accountId: string): string {
    const account = this.accounts.get(accountId);
    if (!account) return '?';
    return shownName(account.name, account, this.accountsByName.get(account.folded) ?? []);
  }

  /** A room that has been created; null for others. */
  existingRoom(id: string): (FoldedRoom & { created: NonNullable<FoldedRoom['created']> }) | null {
    const room = this.rooms.get(id);
    return room?.created
      ? (room as FoldedRoom & { created: NonNullable<FoldedRoom['created']> })
      : null;
  }

  /** A room that exists as far as an account may know: a conversation of two does for its two people alone. */
  visibleRoom(id: string, account: string): ReturnType<Fold['existingRoom']> {
    const room = this.existingRoom(id);
    return room?.direct && !room.members.has(account) ? null : room;
  }

  /** The rooms in which an account is, as it came into them: never all rooms there are, of which two make one each. */
  roomsOf(account: string): FoldedRoom[] {
    const ids = this.roomsByMember.get(account) ?? [];
    const rooms = ids.flatMap((id) => this.existingRoom(id) ?? []);
    // A conversation of two is joined by nobody, and #general by nobody who was never out of it.
    const placed = rooms.map((room) => {
      const joined = room.direct ? undefined : room.membership.get(account)?.place;
      return { room, place: joined ?? room.created.place };
    });
    placed.sort((one, other) => (one.place < other.place ? -1 : 1));
    return placed.map(({ room }) => room);
  }

  /** Empty for a conversation of two: each of them sees the other's name. */
  roomName(room: FoldedRoom): string {
    if (!room.created) return '?';
    const { name, place } = room.created;
    const others = [...(this.roomsByName.get(name) ?? [])].flatMap((other) =>
      other.created ? [{ id: other.id, place: other.created.place }] : [],
    );
    return shownName(name, { id: room.id, place }, others);
  }

  /** The room shown under a name, suffixed names included. */
  roomByName(name: string): FoldedRoom | null {
    const bare = name.split('~')[0] ?? name;
    for (const room of this.roomsByName.get(bare) ?? [])
      if (this.roomName(room) === name) return room;
    return null;
  }

  topicOf(room: FoldedRoom): string {
    return room.topic.value ?? '';
  }

  isMember(roomId: string, account: string): boolean {
    return this.rooms.get(roomId)?.members.has(account) ?? false;
  }

  /**
   * SHA-256 of everything that is shown: equal wherever the same entries were folded.
   * @param others what is folded elsewhere
   */
  hash(others: unknown = []): string {
    const accounts = [...this.accounts.keys()].sort().map((id) => [id, this.nameOf(id)]);
    const rooms = [...this.rooms.values()]
      .filter((room) => room.created)
      .sort((one, other) => (one.id < other.id ? -1 : 1))
      .map((room) => [room.id, this.roomName(room), this.topicOf(room), [...room.members].sort()]);
    const shown = [
      accounts,
      rooms,
      this.reads.all().sort(),
      this.prunedBelowMs,
      [...this.forgottenMs].sort(),
      others,
    ];
    return createHash('sha256').update(JSON.stringify(shown)).digest('hex');
  }
}
