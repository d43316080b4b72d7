// A stage for the chat core: the real core, the real signatures, a store in memory, and in place of the ring
// a few lines that give entries their keys and commit them when the story says so. Like the daemon's host,
// it answers an `append` at once, and everything else after.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  type Chat,
  type ChatInput,
  type ChatOutput,
  createChat,
  type PostSearch,
} from '../../daemon/chat/chat.ts';
import type { ChatLimits } from '../../daemon/chat/limits.ts';
import { chatSecrets } from '../../daemon/chat-secrets.ts';
import { type Entry, orderOf, streamIdOf } from '../../daemon/ring/entry.ts';
import { directWriter } from '../../daemon/search/index-changes.ts';
import { createIndexing } from '../../daemon/search/indexing.ts';
import { SearchIndex } from '../../daemon/search/search-index.ts';
import { MemoryStore } from '../../daemon/store/memory-store.ts';
import type { Cluster } from '../../lib/client/api.ts';
import { accountIdOf, sessionIdOf, signInText } from '../../lib/ids.ts';
import { ServerMessage } from '../../lib/protocol/events.ts';
import type { RefusalCode } from '../../lib/protocol/refusals.ts';
import type { ClientMessage, Prove, SignIn } from '../../lib/protocol/requests.ts';

/** A key and a name, as a person's client has them. */
export type Person = Readonly<{
  name: string;
  key: string;
  privateKey: KeyObject;
  account: string;
}>;

export function person(name: string, keyOf?: Person): Person {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = keyOf?.key ?? publicKey.export({ format: 'jwk' }).x ?? '';
  return {
    name,
    key,
    privateKey: keyOf?.privateKey ?? privateKey,
    account: accountIdOf(key, name),
  };
}

export const SEED = 'sessionSeed1';
const SECRETS = chatSecrets(new Uint8Array(32).fill(7));

export type Message = ServerMessage;
export type MessageOf<T extends Message['type']> = Extract<Message, { type: T }>;

type Options = {
  id?: string;
  ringPosition?: number;
  copiesMin?: number;
  store?: MemoryStore;
  limits?: ChatLimits;
  /** Where clients are told that it is. */
  address?: string;
  /** Connections that are real: what is for them goes there and is not kept here. */
  wire?: Wire;
};

export type Wire = Readonly<{
  has(connection: number): boolean;
  send(connection: number, frame: string): void;
  close(connection: number): void;
}>;

export class ChatStage {
  readonly id: string;
  readonly ringPosition: number;
  readonly incarnation: string;
  readonly store: MemoryStore;
  chat: Chat;
  nowMs = 0;
  wallMs = 1_700_000_000_000;
  /** Whether what is appended is committed at the end of the turn. */
  commits = true;
  /** Whether the ring takes what it is asked for; a number: only so many more. */
  takes = Number.POSITIVE_INFINITY;
  /** Whether its index can be asked. */
  canSearch = true;
  /** Nothing is put into the index: it is as far as it was. */
  isIndexBehind = false;
  cluster: Cluster;
  readonly closed = new Map<number, RefusalCode>();
  readonly shared: { accounts: readonly string[]; idle: readonly string[] }[] = [];
  /** How many appends were asked for, taken or not; and how many of them by nobody's request. */
  asked = 0;
  notes = 0;
  /** How many signatures were checked. */
  verified = 0;
  /** How often a view was asked for that shows what came from elsewhere. */
  showsAsked = 0;
  private readonly heard = new Map<number, Message[]>();
  private readonly nonces = new Map<number, string>();
  private readonly copiesMin: number;
  private readonly limits: ChatLimits | undefined;
  private readonly numbers = new Map<string, number>();
  private term = 0;
  /** Of the entry that was appended last to the present stream. */
  sequence = 0;
  private committed = 0;
  private lastConnection = 0;
  private readonly address: string;
  private readonly wire: Wire | null;

  constructor({ id = 'server3', ringPosition = 3, copiesMin = 1, ...given }: Options = {}) {
    const { store, wire = null, address = `localhost:800${ringPosition}` } = given;
    this.id = id;
    this.address = address;
    this.wire = wire;
    this.ringPosition = ringPosition;
    this.incarnation = ringPosition.toString(16).padStart(16, '0');
    this.copiesMin = copiesMin;
    this.limits = given.limits;
    this.store = store ?? new MemoryStore(this.incarnation);
    this.cluster = { term: 0, leader: null, servers: [], copies: 0, copiesMin };
    this.chat = this.create();
  }

  private create(): Chat {
    return createChat({
      search: this.search(),
      reader: this.store,
      secrets: {
        ...SECRETS,
        verify: (key, text, signature) => {
          this.verified += 1;
          return SECRETS.verify(key, text, signature);
        },
      },
      self: { id: this.id, address: this.address },
      copiesMin: this.copiesMin,
      limits: this.limits,
      restored: this.store.readOthers(),
    });
  }

  /** The real index, in memory, filled whenever it is asked. */
  private search(): PostSearch {
    const index = new SearchIndex(':memory:');
    let nowMs = 0;
    const indexing = createIndexing({
      ...{ store: this.store, indexed: new Map(), writer: directWriter(index) },
      prunedBelowMs: () => 0,
      // A clock on which nothing waits for more to come.
      nowMs: () => {
        nowMs += 1_000;
        return nowMs;
      },
    });
    const fill = () => {
      while (indexing.covers(indexing.reach()) !== 'yes') indexing.tick();
    };
    return {
      find: (query) => {
        if (!this.canSearch) return null;
        if (!this.isIndexBehind) fill();
        return index.find(query);
      },
      reach: indexing.reach,
      covers: (reach) => {
        if (!this.isIndexBehind) fill();
        return indexing.covers(reach);
      },
    };
  }

  /** The process starts anew on what its disk holds. */
  restart(): void {
    this.chat = this.create();
    this.heard.clear();
    this.nonces.clear();
  }

  // --- the ring's part ---

  get stream(): string {
    const { term, ringPosition, incarnation } = this;
    return streamIdOf({ term, ringPosition, incarnation });
  }

  /** This server leads in a new view of so many copies. */
  lead({
    copies = 3,
    term = this.cluster.term + 1,
    servers = this.cluster.servers,
  }: Partial<Pick<Cluster, 'copies' | 'term' | 'servers'>> = {}): void {
    this.term = term;
    this.sequence = 0;
    this.committed = 0;
    this.store.begin();
    this.store.saveBase(this.stream, this.store.digest());
    this.store.commit();
    const leader = { id: this.id, address: this.address };
    this.cluster = { ...this.cluster, term, leader, copies, servers };
    this.feed({ type: 'leading', stream: this.stream, cluster: this.cluster });
  }

  /** This server follows; `id` is that of who leads. */
  follow(id: string | null, term = this.cluster.term + 1, address = `${id}:8000`): void {
    this.cluster = { ...this.cluster, term, leader: id === null ? null : { id, address } };
    this.feed({ type: 'following', cluster: this.cluster, reason: 'this server leads no longer' });
  }

  hear(change: Partial<Cluster>): void {
    this.cluster = { ...this.cluster, ...change };
    this.feed({ type: 'cluster', cluster: this.cluster });
  }

  /** Commits what was appended, up to a sequence or all of it. */
  commit(sequence = this.sequence): void {
    if (sequence <= this.committed) return;
    this.committed = sequence;
    this.run({ type: 'committed', sequence, copies: this.cluster.copies });
  }

  /** Entries of other servers arrive. */
  merge(entries: readonly Entry[]): void {
    for (const entry of entries) this.add(entry, false);
  }

  /** Everything that another server holds and this one lacks arrives. */
  catchUpFrom(other: ChatStage): void {
    const ours = this.store.digest();
    for (const [stream, last] of other.store.digest()) {
      const after = ours.get(stream) ?? 0;
      const read = { stream, after, limit: last, bytesMax: Number.POSITIVE_INFINITY };
      if (last > after) this.merge(other.store.readStream(read));
    }
    for (const stream of other.store.digest().keys()) {
      const base = other.store.base(stream);
      if (base && !this.store.base(stream)) this.store.saveBase(stream, base);
    }
  }

  private add(entry: Entry, asked: boolean): void {
    this.store.begin();
    this.store.append({ entry, order: orderOf(entry), index: this.chat.indexOf(entry) });
    this.store.commit();
    this.run({ type: 'added', entry, asked });
  }

  private append(wanted: Extract<ChatOutput, { type: 'append' }>, asked = true): void {
    this.asked += 1;
    if (this.takes <= 0) {
      if (!asked) return;
      const { connection, requestId } = wanted;
      return this.run({ type: 'notTaken', connection, requestId });
    }
    this.takes -= 1;
    this.sequence += 1;
    const time = this.store.highestTime();
    const above = wanted.above ?? { ms: 0, counter: 0 };
    const hlcMs = Math.max(this.wallMs, time.ms + 1, above.ms + 1);
    const { term, ringPosition, incarnation, sequence, wallMs } = this;
    const key = { term, ringPosition, incarnation, sequence };
    this.add({ ...key, hlcMs, hlcCounter: 0, wallMs, body: wanted.body }, asked);
  }

  // --- the shell's part ---

  /** One turn: an input, what follows from it, and the commit when this stage commits by itself. */
  feed(input: ChatInput): void {
    this.run(input);
    while (this.commits && this.committed < this.sequence) this.commit();
  }

  private run(input: ChatInput): void {
    for (const output of this.chat.step({ ...input, nowMs: this.nowMs })) this.perform(output);
  }

  private perform(output: ChatOutput): void {
    switch (output.type) {
      case 'append':
        return this.append(output);
      case 'note':
        this.notes += 1;
        return this.append(
          { type: 'append', connection: 0, requestId: null, above: null, body: output.body },
          false,
        );
      case 'send':
        return this.note(output.connection, output.frame);
      case 'sendAll':
        for (const connection of output.connections) this.note(connection, output.frame);
        return;
      case 'close':
        this.closed.set(output.connection, output.code);
        this.wire?.close(output.connection);
        return;
      case 'showSoon':
        this.showsAsked += 1;
        return;
      case 'sharePresence':
        this.shared.push({ accounts: output.accounts, idle: output.idle });
    }
  }

  private note(connection: number, frame: string): void {
    if (!frame.endsWith('\n')) throw new Error(`no line: ${frame}`);
    if (this.wire?.has(connection)) return this.wire.send(connection, frame);
    // Whatever leaves the core fits the protocol's schema.
    const message = ServerMessage.parse(JSON.parse(frame));
    this.heard.set(connection, [...(this.heard.get(connection) ?? []), message]);
  }

  /** Lets time pass in the steps of the shell's tick. */
  pass(ms: number): void {
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs; ) {
      this.nowMs = Math.min(untilMs, this.nowMs + 25);
      this.feed({ type: 'tick' });
    }
  }

  // --- the clients' part ---

  /** What a connection heard since this was asked last, of one type or of all. */
  take(connection: number): Message[];
  take<T extends Message['type']>(connection: number, type: T): MessageOf<T>[];
  take(connection: number, type?: Message['type']): Message[] {
    const heard = this.heard.get(connection) ?? [];
    this.heard.set(connection, []);
    return type === undefined ? heard : heard.filter((message) => message.type === type);
  }

  /** The types of what a connection heard since this was asked last. */
  types(connection: number): string {
    return this.take(connection)
      .map(({ type }) => type)
      .join(' ');
  }

  connect(): number {
    this.lastConnection += 1;
    const connection = this.lastConnection;
    const nonce = `nonce of ${connection}`;
    this.nonces.set(connection, nonce);
    this.feed({ type: 'opened', connection, nonce });
    return connection;
  }

  say(connection: number, message: ClientMessage): void {
    this.feed({ type: 'message', connection, message });
  }

  disconnect(connection: number): void {
    this.feed({ type: 'closed', connection });
  }

  signInMessage(connection: number, who: Person, more: Partial<SignIn> = {}): SignIn {
    const session = more.session ?? SEED;
    const nonce = this.nonces.get(connection) ?? '';
    const text = signInText({ nonce, server: this.id, name: who.name, session });
    const signature = sign(null, Buffer.from(text), who.privateKey).toString('base64url');
    const { key, name } = who;
    return { type: 'signIn', protocol: 1, key, name, session, signature, ...more };
  }

  prove(connection: number, who: Person, more: Partial<Prove> = {}): void {
    const { key, name, session, signature } = this.signInMessage(connection, who);
    this.say(connection, { type: 'prove', key, name, session, signature, ...more });
  }

  signIn(connection: number, who: Person, more: Partial<SignIn> = {}): void {
    this.say(connection, this.signInMessage(connection, who, more));
  }

  /** A new connection, signed in, its first messages taken. */
  join(who: Person, more: Partial<SignIn> = {}): number {
    const connection = this.connect();
    this.signIn(connection, who, more);
    this.numbers.set(String(connection), 0);
    this.take(connection);
    return connection;
  }

  /** Sends a numbered request with the next number of the connection, as if all before were answered. @returns the number */
  request(connection: number, request: RequestWithoutNumber, number?: number): number {
    const next = number ?? (this.numbers.get(String(connection)) ?? 0) + 1;
    this.numbers.set(String(connection), next);
    const message = { ...request, number: next, lowest: next };
    this.say(connection, message as ClientMessage);
    return next;
  }

  post(connection: number, text: string, room = 'general'): number {
    return this.request(connection, { type: 'post', room, text });
  }

  /** Creates a room and gives its id. */
  createRoom(connection: number, name: string): string {
    this.request(connection, { type: 'createRoom', name });
    const stored = this.take(connection, 'stored').at(-1);
    if (!stored?.room) throw new Error(`#${name} was not created`);
    return stored.room.id;
  }
}

type Unnumbered<T> = T extends { number: number; lowest: number }
  ? Omit<T, 'number' | 'lowest'>
  : never;
export type RequestWithoutNumber = Unnumbered<ClientMessage>;

export const sessionOf = (who: Person, seed = SEED) => sessionIdOf(who.account, seed);
