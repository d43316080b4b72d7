// What a server does for the first time, the engine compiles first. So before it is in contact with anyone it plays
// leading and serving through in memory: two servers and one person; the higher server leads, dies, comes back, and
// leaves, while there is talk. That takes 120 ms the first time, 20 the second, and so much less while people wait: the
// silence when the highest server came back was 44 ms without and 30 with it (medians of 8 and 10 runs).
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { signInText } from '../lib/ids.ts';
import { PROTOCOL_VERSION } from '../lib/protocol/limits.ts';
import { chatSecrets } from './chat-secrets.ts';
import { coresOn } from './cores.ts';
import { createHost, type Host } from './host.ts';
import { parseLine } from './net/client-requests.ts';
import { type PeerMessage, parsePeerMessage } from './ring/messages.ts';
import { TICK_INTERVAL_MS } from './ring/settings.ts';
import type { Ring } from './ring/state.ts';
import { MemoryStore } from './store/memory-store.ts';

const POSITIONS = [1, 2] as const;
type Position = (typeof POSITIONS)[number];

/** Ticks for each of them to lead: more than any wait of the protocol, and never reached. */
const TICKS_MAX = 400;
/** Posts in each leadership: enough for a batch, and for the code to be found in use. */
const POSTS = 30;

const NONCE = 'a nonce of the rehearsal';
const SEED = 'rehearsalOne';
const NAME = 'rehearsal';

const idOf = (position: Position) => `rehearsal${position}`;
const serverOf = (position: Position) => ({
  id: idOf(position),
  ringPosition: position,
  address: `localhost:${position}`,
});
const otherOf = (position: Position): Position => (position === 1 ? 2 : 1);

type Player = { readonly ring: Ring; readonly host: Host };

/** Who led, in turn, and how many messages of each type people got. */
export type Rehearsed = Readonly<{ leaderships: string[]; frames: Record<string, number> }>;

/** Plays all of it, some 100 ms of processor time. Nothing of it stays, but that its code was run. */
export function rehearse(): Rehearsed {
  return new Rehearsal().play();
}

class Rehearsal {
  private nowMs = 0;
  private readonly stores = { 1: new MemoryStore(hex(1)), 2: new MemoryStore(hex(2)) };
  private readonly players: Partial<Record<Position, Player>> = {};
  private readonly underway: { to: Position; message: PeerMessage }[] = [];
  private readonly person = generateKeyPairSync('ed25519');
  private readonly leaderships: string[] = [];
  private readonly frames: { type: string; cursor?: string }[] = [];
  private connections = 0;
  private posts = 0;
  private boots = 0;

  play(): Rehearsed {
    for (const position of POSITIONS) this.start(position);
    this.untilLeads(2);
    this.talkOn(2, this.arrive(2, null));
    delete this.players[2];
    this.tell(1, (host) => host.feedRing({ type: 'linkDown', peer: idOf(2), refused: true }));
    // As people do who stand by: before it leads, and with what they have to say.
    const ahead = this.arrive(1, null);
    this.say(1, ahead, this.nextPost());
    this.untilLeads(1);
    const cursor = this.talkOn(1, ahead);
    this.start(2);
    this.untilLeads(2);
    const laterCursor = this.talkOn(2, this.arrive(2, cursor));
    this.tell(2, (host) => host.feedRing({ type: 'drain' }));
    const aheadAgain = this.arrive(1, laterCursor);
    this.untilLeads(1);
    this.talkOn(1, aheadAgain);
    const frames: Record<string, number> = {};
    for (const { type } of this.frames) frames[type] = (frames[type] ?? 0) + 1;
    return { leaderships: this.leaderships, frames };
  }

  private start(position: Position): void {
    const other = otherOf(position);
    const store = this.stores[position];
    const self = serverOf(position);
    this.boots += 1;
    const { ring, chat } = coresOn({
      ...{ store, self, peers: [serverOf(other)], copiesMin: 1 },
      search: { find: () => null, reach: () => new Map(), covers: () => 'later' },
      secrets: chatSecrets(null),
      boot: hex(this.boots),
      nowMs: this.nowMs,
    });
    const host = createHost({
      ...{ ring, chat, store },
      scrub: { perSecond: 0, restMs: 1 },
      world: {
        nowMs: () => this.nowMs,
        wallMs: () => this.nowMs,
        draw: () => 0.5,
        sendPeer: (_, message) => this.underway.push({ to: other, message }),
        flushPeers: () => {},
        renewPeer: () => {},
        sendHeartbeat: (announcement) => {
          this.tell(other, (peer) =>
            peer.feedRing({ type: 'heartbeat', from: self.id, announcement }),
          );
        },
        sendClient: (_, frame) => this.frames.push(JSON.parse(frame)),
        sendClients: (connections, frame) => {
          this.frames.push(...connections.map(() => JSON.parse(frame)));
        },
        closeClient: () => {},
        flushClients: () => {},
        goOnSoon: () => {},
        log: () => {},
        drained: () => {},
      },
    });
    this.players[position] = { ring, host };
    for (const each of POSITIONS) {
      const boot = this.players[otherOf(each)]?.ring.self.boot;
      if (boot === undefined) continue;
      this.tell(each, (to) => to.feedRing({ type: 'linkUp', peer: idOf(otherOf(each)), boot }));
    }
  }

  /** One turn of a server, and what follows from it at the other. */
  private tell(position: Position, input: (host: Host) => void): void {
    const player = this.players[position];
    if (!player) return;
    input(player.host);
    player.host.endTurn();
  }

  private deliver(): void {
    for (let next = this.underway.shift(); next; next = this.underway.shift()) {
      const { to } = next;
      const message = parsePeerMessage(JSON.parse(JSON.stringify(next.message)));
      if (message) this.tell(to, (host) => host.takePeerMessage(idOf(otherOf(to)), message));
    }
  }

  private untilLeads(position: Position): void {
    for (let tick = 0; tick < TICKS_MAX; tick += 1) {
      this.nowMs += TICK_INTERVAL_MS;
      for (const each of POSITIONS) this.tell(each, (host) => host.tick());
      this.deliver();
      if (this.players[position]?.ring.phase !== 'leading') continue;
      this.leaderships.push(idOf(position));
      return;
    }
  }

  /** Somebody connects and signs in. @returns the connection */
  private arrive(position: Position, cursor: string | null): number {
    this.connections += 1;
    const connection = this.connections;
    this.tell(position, (host) => host.feedChat({ type: 'opened', connection, nonce: NONCE }));
    this.say(position, connection, this.signIn(position, cursor));
    this.deliver();
    return connection;
  }

  /** @returns the place to resume from */
  private talkOn(position: Position, connection: number): string | null {
    for (let post = 0; post < POSTS; post += 1) {
      this.say(position, connection, this.nextPost());
      this.deliver();
    }
    return this.frames.findLast(({ cursor }) => cursor !== undefined)?.cursor ?? null;
  }

  private nextPost(): object {
    this.posts += 1;
    const numbers = { number: this.posts, lowest: this.posts };
    return { type: 'post', ...numbers, room: 'general', text: 'so far' };
  }

  private say(position: Position, connection: number, fields: object): void {
    const parsed = parseLine(JSON.stringify(fields));
    if (!('message' in parsed)) return;
    this.tell(position, (host) =>
      host.feedChat({ type: 'message', connection, message: parsed.message }),
    );
  }

  private signIn(position: Position, cursor: string | null): object {
    const { publicKey, privateKey } = this.person;
    const server = idOf(position);
    const text = signInText({ nonce: NONCE, server, name: NAME, session: SEED });
    return {
      type: 'signIn',
      protocol: PROTOCOL_VERSION,
      key: publicKey.export({ format: 'jwk' }).x,
      name: NAME,
      session: SEED,
      signature: signed(text, privateKey),
      ...(cursor === null ? {} : { cursor, at: 0 }),
    };
  }
}

function signed(text: string, key: KeyObject): string {
  return sign(null, Buffer.from(text), key).toString('base64url');
}

/** 16 hex digits, as incarnations and boots have them. */
function hex(number: number): string {
  return number.toString(16).padStart(16, '0');
}
