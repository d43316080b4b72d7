// A ring that leads server1, stepped by hand: what its peer says is made up, and time passes as told.
import { hashOf, hashText } from '../../daemon/ring/digest.ts';
import type { PeerMessage } from '../../daemon/ring/messages.ts';
import { step } from '../../daemon/ring/ring.ts';
import { createRing, type RingInput } from '../../daemon/ring/state.ts';

const WALL_MS = 1_700_000_000_000;

export class LeaderStage {
  private nowMs = 0;
  private version = 0;
  readonly ring = createRing({
    self: { id: 'server2', ringPosition: 2, address: '' },
    peers: [{ id: 'server1', ringPosition: 1, address: '' }],
    copiesMin: 1,
    boot: 'b2',
    record: { incarnation: '00000000000000bb', installedTerm: 0, promisedTerm: 0 },
    digest: new Map(),
    hlc: { ms: 0, counter: 0 },
    base: null,
    foldIsWhole: true,
    nowMs: 0,
  });

  feed(input: RingInput): void {
    step(this.ring, { ...input, nowMs: this.nowMs, wallMs: WALL_MS, draw: 0.5 });
  }

  says(message: PeerMessage): void {
    this.feed({ type: 'message', from: 'server1', message });
  }

  /** A process of server1 that hears this leader, and is in no view. */
  hello(boot: string): void {
    this.version += 1;
    this.feed({ type: 'linkUp', peer: 'server1', boot });
    const announcement = {
      ...{ version: this.version, phase: 'active' as const, promisedTerm: 0, installedTerm: 0 },
      ...{
        view: null,
        entryCount: 0,
        digestHash: hashText(hashOf(new Map()), new Map()),
        hears: ['server2'],
      },
      wallMs: WALL_MS,
    };
    this.says({ type: 'hello', boot, announcement, digest: '' });
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
