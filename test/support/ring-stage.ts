// One ring of two or three servers, stepped by hand: what its peers say is made up, and time passes as told.
import { digestText, hashOf, hashText } from '../../daemon/ring/digest.ts';
import type { Digest, StreamId } from '../../daemon/ring/entry.ts';
import type { Announcement, PeerMessage, Phase } from '../../daemon/ring/messages.ts';
import { step } from '../../daemon/ring/ring.ts';
import { createRing, type RingInput, type RingOutput } from '../../daemon/ring/state.ts';

const WALL_MS = 1_700_000_000_000;
const POSITIONS = { server1: 1, server2: 2, server3: 3 };
type Id = keyof typeof POSITIONS;

/** server2 leads where nothing else is said: it stands higher. */
export class RingStage {
  private nowMs = 0;
  private version = 0;
  private readonly peer: Id;
  /** All that was asked of the shell, in order. */
  readonly outputs: RingOutput[] = [];
  readonly ring: ReturnType<typeof createRing>;

  /**
   * @param digest what it holds when it starts
   * @param others besides its peer, which says what nobody is named for
   */
  constructor(
    self: Id = 'server2',
    digest = new Map<StreamId, number>(),
    others: readonly Id[] = [],
  ) {
    this.peer = self === 'server1' ? 'server2' : 'server1';
    this.ring = createRing({
      self: { id: self, ringPosition: POSITIONS[self], address: '' },
      peers: [this.peer, ...others].map((id) => ({
        id,
        ringPosition: POSITIONS[id],
        address: '',
      })),
      copiesMin: 1,
      boot: `boot of ${self}`,
      record: { incarnation: '00000000000000bb', installedTerm: 0, promisedTerm: 0 },
      digest,
      hlc: { ms: 0, counter: 0 },
      base: null,
      foldIsWhole: true,
      nowMs: 0,
    });
  }

  feed(input: RingInput): void {
    this.outputs.push(
      ...step(this.ring, { ...input, nowMs: this.nowMs, wallMs: WALL_MS, draw: 0.5 }),
    );
  }

  says(message: PeerMessage, from = this.peer): void {
    this.feed({ type: 'message', from, message });
  }

  /** What its peer announces: in no view, and hearing this server. */
  announcement(version: number, phase: Phase, digest: Digest = new Map()): Announcement {
    return {
      ...{ version, phase, promisedTerm: 0, installedTerm: 0, view: null, wallMs: WALL_MS },
      entryCount: [...digest.values()].reduce((sum, last) => sum + last, 0),
      digestHash: hashText(hashOf(digest), digest),
      hears: [this.ring.self.id],
    };
  }

  /** A process of its peer begins to talk. */
  hello(boot: string, digest: Digest = new Map(), from = this.peer): void {
    this.version += 1;
    this.feed({ type: 'linkUp', peer: from, boot });
    const announcement = this.announcement(this.version, 'active', digest);
    this.says({ type: 'hello', boot, announcement, digest: digestText(digest) }, from);
  }

  heartbeat(version: number, phase: Phase, digest?: Digest): void {
    const announcement = this.announcement(version, phase, digest);
    this.feed({ type: 'heartbeat', from: this.peer, announcement });
  }

  /** What its peer is, as this server knows. */
  get peerPhase(): Phase | undefined {
    return this.ring.peers.get(this.peer)?.announcement?.phase;
  }

  /** The process is stopped for so long. */
  stop(ms: number): void {
    this.nowMs += ms;
    this.feed({ type: 'tick' });
  }

  pass(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += 25;
      this.feed({ type: 'tick' });
    }
  }
}
