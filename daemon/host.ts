// The glue between the two cores and the disk: what the ring takes the chat folds, what the chat wants
// said the ring replicates. One turn gathers whatever came in, commits it in one transaction, and only
// then lets out what relies on it. It knows its surroundings as functions, so that the simulator runs
// the very same code as the daemon.

import { assertNever } from '../lib/assert.ts';
import type { RefusalCode } from '../lib/protocol/refusals.ts';
import { prunedBodyOf } from './chat/bodies.ts';
import type { Chat, ChatInput, ChatOutput } from './chat/chat.ts';
import { Lacking } from './lacking.ts';
import { Repair, type ScrubSettings } from './repair.ts';
import { type Entry, lackCount, orderOf, streamIdOf } from './ring/entry.ts';
import type { Announcement, PeerMessage } from './ring/messages.ts';
import { noteTime } from './ring/replication.ts';
import { step } from './ring/ring.ts';
import type { Ring, RingInput, RingOutput, ServerId } from './ring/state.ts';
import type { Store, StoredEntry } from './store/store.ts';

/** What a host reaches of the world. Sends collect until the flush. */
export type Surroundings = Readonly<{
  nowMs(): number;
  wallMs(): number;
  draw(): number;
  sendPeer(to: ServerId, message: PeerMessage): void;
  flushPeers(): void;
  /** Closes the link and dials it again; not within the call. */
  renewPeer(peer: ServerId): void;
  sendHeartbeat(announcement: Announcement): void;
  sendClient(connection: number, frame: string): void;
  sendClients(connections: readonly number[], frame: string, mayWait: boolean): void;
  closeClient(connection: number, code: RefusalCode): void;
  flushClients(): void;
  /** Calls `goOn` in a turn of its own, soon. */
  goOnSoon(): void;
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: object): void;
  /** This server has handed over, or had nobody to hand over to. May be called more than once. */
  drained(): void;
}>;

export type Host = Readonly<{
  /** Takes an input; what follows from it is let out by the next `endTurn`. */
  feedRing(input: RingInput): void;
  feedChat(input: ChatInput): void;
  /** Prunes in the present turn: see `Store.prune`. */
  prune(query: Parameters<Store['prune']>[0]): void;
  saveSeen(seen: ReadonlyMap<string, number>): void;
  /** Hands a peer's message to whomever it is for. */
  takePeerMessage(from: ServerId, message: PeerMessage): void;
  /** To be called every TICK_INTERVAL_MS. */
  tick(): void;
  /** Goes on with what was put off. */
  goOn(): void;
  /** Commits, then lets out. @throws StoreError when the disk fails: nothing that relies on it is let out then */
  endTurn(): void;
  /** Commits what waits for company: nothing follows. @throws StoreError as above */
  settle(): void;
}>;

type Deferred = RingOutput | ChatOutput;

/**
 * Most entries that wait for a common commit: each page of an index is then written once for many of them. Five
 * thousand take a third of the time for each that five hundred take; the turn that commits them takes some 50 ms.
 */
const LAZY_ENTRIES_MAX = 5_000;
/** How long they wait at most: little is lost with a crash, and soon had again. */
const LAZY_MS_MAX = 5_000;

/** Messages that say so little of what is on the disk that nobody relies on it. */
const INDEPENDENT: ReadonlySet<PeerMessage['type']> = new Set(['announce', 'probe', 'hello']);

/** What the ring has the chat know. */
type ForChat = Extract<
  RingOutput,
  { type: 'committed' | 'leading' | 'pausing' | 'following' | 'cluster' }
>;

function isForChat(output: Deferred): output is ForChat {
  switch (output.type) {
    case 'committed':
    case 'leading':
    case 'pausing':
    case 'following':
    case 'cluster':
      return true;
    default:
      return false;
  }
}

/** Of several in a row that say how far entries are committed, the last says it all. */
function withoutOvertaken(heard: readonly ForChat[]): readonly ForChat[] {
  return heard.filter(
    ({ type }, index) => type !== 'committed' || heard[index + 1]?.type !== 'committed',
  );
}

type ForClients = Extract<ChatOutput, { type: 'send' | 'sendAll' | 'close' }>;

function isForClients(output: Deferred): output is ForClients {
  switch (output.type) {
    case 'send':
      return 'frame' in output;
    case 'sendAll':
    case 'close':
      return true;
    default:
      return false;
  }
}

type SendNow = Extract<RingOutput, { type: 'sendNow' }>;

/** What the chat asks of the ring: carried out at once. */
function isForRing({ type }: ChatOutput): boolean {
  return type === 'append' || type === 'note' || type === 'showSoon';
}

function isPull(output: RingOutput): output is SendNow {
  return output.type === 'sendNow' && output.message.type === 'pull';
}

export function createHost(parts: {
  ring: Ring;
  chat: Chat;
  store: Store;
  world: Surroundings;
  scrub: ScrubSettings;
}): Host {
  const { ring, chat, store, world, scrub } = parts;
  const { indexOf } = chat;
  const send = (to: ServerId, message: PeerMessage) => world.sendPeer(to, message);
  const repair = new Repair({
    ...{ ring, store, scrub, indexOf, restore, send },
    foldIsWhole: () => feedRing({ type: 'foldIsWhole' }),
    log: (level, message, fields) => world.log(level, message, fields),
  });
  const lacking = new Lacking({ ring, store, send });
  let inTransaction = false;
  /** Entries in the transaction and when it began, while there is nothing in it that has to be on the disk soon. */
  let lazy: Readonly<{ entries: number; sinceMs: number }> | null = null;
  /** Entries of this leader's own stream in the transaction; null when there is anything else in it. */
  let newest: number | null = 0;
  let deferred: Deferred[] = [];

  function feedRing(input: RingInput): void {
    const stamps = { nowMs: world.nowMs(), wallMs: world.wallMs(), draw: world.draw() };
    takeRingOutputs(step(ring, { ...input, ...stamps }));
  }

  function feedChat(input: ChatInput): void {
    const outputs = chat.step({ ...input, nowMs: world.nowMs() });
    // What it says to what the ring makes of this comes behind what it says now.
    for (const output of outputs) if (!isForRing(output)) deferred.push(output);
    for (const output of outputs) {
      if (output.type === 'append') append(output);
      else if (output.type === 'note') feedRing({ type: 'append', body: output.body, above: null });
      else if (output.type === 'showSoon') feedRing({ type: 'showSoon' });
    }
  }

  function takePeerMessage(from: ServerId, message: PeerMessage): void {
    feedRing({ type: 'message', from, message });
    if (message.type === 'presence') feedChat({ ...message, type: 'presenceHeard' });
    else if (message.type === 'fetch') repair.onFetch(from, message);
    else if (message.type === 'fetched') repair.onFetched(from, message, world.nowMs());
  }

  function tick(): void {
    feedRing({ type: 'tick' });
    feedChat({ type: 'tick' });
    repair.tick(world.nowMs());
  }

  function restore(stored: StoredEntry): void {
    begin();
    const { leftOut } = store.repair(stored, prunedBodyOf);
    // Nobody who had it damaged could say what time it is of.
    noteTime(ring, stored.entry);
    feedChat({ type: 'repaired', entry: stored.entry, leftOut });
  }

  function append(wanted: Extract<ChatOutput, { type: 'append' }>): void {
    const stamps = { nowMs: world.nowMs(), wallMs: world.wallMs(), draw: world.draw() };
    const { body, above, connection, requestId } = wanted;
    const outputs = step(ring, { type: 'append', body, above, ...stamps });
    takeRingOutputs(outputs, true);
    // So many that the followers store them while the rest of the turn is taken in.
    if (outputs.some(({ type }) => type === 'sendNow')) world.flushPeers();
    if (outputs.some(({ type }) => type === 'notTaken'))
      feedChat({ type: 'notTaken', connection, requestId });
  }

  /** The chat hears of new entries last: it may ask for the next ones at once, whose outputs come after these. */
  function takeRingOutputs(outputs: readonly RingOutput[], asked = false): void {
    const pull = outputs.find(isPull);
    // At once: whoever is asked reads while this one writes.
    if (pull) {
      takeRingOutput(pull);
      world.flushPeers();
    }
    for (const output of outputs) if (output !== pull) takeRingOutput(output);
    for (const output of outputs) {
      if (output.type !== 'saveEntries') continue;
      for (const entry of output.entries) feedChat({ type: 'added', entry, asked });
    }
  }

  /** Saves at once, sends at once what may go ahead of the disk, and keeps the rest for later. */
  function takeRingOutput(output: RingOutput): void {
    switch (output.type) {
      case 'saveRecord':
        if (output.mayWait) beginLazily(0);
        else begin();
        store.saveRingRecord(output);
        return;
      case 'saveBase':
        begin();
        store.saveBase(output.stream, output.base);
        return;
      case 'saveEntries':
        saveEntries(output);
        return;
      case 'saveHole': {
        begin();
        const { sequence, kind } = output.hole;
        store.leaveHole({ stream: streamIdOf(output.hole), sequence, kind });
        return;
      }
      case 'sendNow':
        world.sendPeer(output.to, output.message);
        return;
      default:
        deferred.push(output);
    }
  }

  function saveEntries({ entries, mayWait }: Extract<RingOutput, { type: 'saveEntries' }>): void {
    const inTransactionBefore = newest;
    if (mayWait) beginLazily(entries.length);
    else begin();
    if (inTransactionBefore !== null && entries.every(isOwn))
      newest = inTransactionBefore + entries.length;
    for (const entry of entries) add(entry);
  }

  /** Whether this server makes it, as the leader that it is. */
  function isOwn(entry: Entry): boolean {
    return ring.phase === 'leading' && streamIdOf(entry) === ring.stream?.id;
  }

  function begin(): void {
    lazy = null;
    newest = null;
    if (inTransaction) return;
    inTransaction = true;
    store.begin();
  }

  /** As `begin`, for what may share a transaction with that of later turns. */
  function beginLazily(entries: number): void {
    const isLazy = !inTransaction || lazy !== null;
    const before = lazy ?? { entries: 0, sinceMs: world.nowMs() };
    begin();
    if (isLazy) lazy = { ...before, entries: before.entries + entries };
  }

  /** Whether the transaction goes on: it is young and small, and nothing to be let out relies on it. */
  function mayGoOn(): boolean {
    return (
      lazy !== null &&
      lazy.entries < LAZY_ENTRIES_MAX &&
      world.nowMs() - lazy.sinceMs < LAZY_MS_MAX &&
      deferred.every(
        (output) => isIndependent(output) || (mayTellClients() && isForClients(output)),
      )
    );
  }

  /** Whether it says nothing of what is on the disk, or only what nobody relies on. */
  function isIndependent(output: Deferred): boolean {
    switch (output.type) {
      case 'send':
        return 'to' in output && INDEPENDENT.has(output.message.type);
      case 'sendLacking':
        // Nothing then: a server that catches up is asked again and again whether it brings something.
        return output.term === 0 && lackCount(output.digest, ring.digest) === 0;
      default:
        return output.type === 'heartbeat' || output.type === 'log' || output.type === 'drained';
    }
  }

  /**
   * A promise is nothing that people are told of: where nothing else is in the transaction, they do not wait for it. And a
   * server that joins tells them who leads, but nothing of what it holds.
   */
  function mayTellClients(): boolean {
    return lazy?.entries === 0 || ring.phase === 'joining';
  }

  function settle(): void {
    if (!inTransaction) return;
    store.commit();
    inTransaction = false;
    lazy = null;
    newest = 0;
  }

  function add(entry: Entry): void {
    store.append({ entry, order: orderOf(entry), index: chat.indexOf(entry) });
  }

  function endTurn(): void {
    do {
      const mayGoAhead = tellChat();
      // The followers' disks work while ours does.
      sendAppends();
      world.flushPeers();
      if (mayGoAhead && inTransaction && newest !== null) letOutAhead();
      if (!mayGoOn()) settle();
      const due = deferred;
      deferred = [];
      for (const output of due) release(output);
    } while (deferred.length > 0 || (inTransaction && !mayGoOn()));
    sendAppends();
    world.flushPeers();
    world.flushClients();
    if (chat.wantsTurn()) world.goOnSoon();
  }

  function goOn(): void {
    feedChat({ type: 'goOn' });
  }

  /**
   * Before the commit: what it asks for, such as the posts that waited for this server to lead, shares the transaction.
   * What the chat says to it is let out after the commit all the same, if that could rely on it.
   * @returns whether what the chat heard is on the disk already: entries that were committed without this transaction
   */
  function tellChat(): boolean {
    let isOnDisk = true;
    while (deferred.some(isForChat)) {
      const heard = deferred.filter(isForChat);
      deferred = deferred.filter((output) => !isForChat(output));
      for (const output of withoutOvertaken(heard)) {
        isOnDisk &&= output.type === 'committed' && output.sequence <= sequenceOnDisk();
        feedChat(output);
      }
    }
    return isOnDisk;
  }

  /** The last entry of this leader that its own disk has. */
  function sequenceOnDisk(): number {
    return newest === null || !ring.stream ? 0 : ring.stream.sequence - newest;
  }

  /**
   * Posts and acknowledgements that every disk has rely on nothing in a transaction of newer ones, and do not wait for
   * it. Of rooms and names they may be told what is in it, as they are ahead of the followers' disks too.
   */
  function letOutAhead(): void {
    const due = deferred.filter(isForClients);
    if (due.length === 0) return;
    deferred = deferred.filter((output) => !isForClients(output));
    for (const output of due) release(output);
    world.flushClients();
  }

  function sendAppends(): void {
    if (ring.unsent.length > 0) feedRing({ type: 'sendAppends' });
  }

  function release(output: Deferred): void {
    switch (output.type) {
      case 'send':
        if ('frame' in output) world.sendClient(output.connection, output.frame);
        else world.sendPeer(output.to, output.message);
        return;
      case 'sendAll':
        return world.sendClients(output.connections, output.frame, output.mayWait);
      case 'close':
        return world.closeClient(output.connection, output.code);
      case 'sharePresence':
        return sharePresence(output);
      case 'sendLacking':
        return lacking.send(output);
      case 'resendAppends':
        return lacking.resend(output);
      case 'heartbeat':
        return world.sendHeartbeat(output.announcement);
      case 'renewLink':
        return world.renewPeer(output.peer);
      case 'committed':
      case 'leading':
      case 'pausing':
      case 'following':
      case 'cluster':
        return feedChat(output);
      case 'drained':
        return world.drained();
      case 'log':
        return world.log(output.level, output.message, output.fields);
      case 'append':
      case 'note':
      case 'showSoon':
      case 'taken':
      case 'notTaken':
      case 'sendNow':
      case 'saveRecord':
      case 'saveBase':
      case 'saveEntries':
      case 'saveHole':
        return; // carried out when they came
      default:
        return assertNever(output);
    }
  }

  function sharePresence({ accounts, idle }: Extract<ChatOutput, { type: 'sharePresence' }>): void {
    for (const id of ring.peers.keys())
      world.sendPeer(id, { type: 'presence', accounts: [...accounts], idle: [...idle] });
  }

  function prune(query: Parameters<Store['prune']>[0]): void {
    begin();
    store.prune(query);
  }

  function saveSeen(seen: ReadonlyMap<string, number>): void {
    begin();
    store.saveSeen(seen);
  }

  return { feedRing, feedChat, takePeerMessage, tick, goOn, prune, saveSeen, endTurn, settle };
}
