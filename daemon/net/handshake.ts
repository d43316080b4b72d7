// How two servers prove to each other that they know the cluster secret, before anything else is said on a
// link: each answers the other's fresh nonce with an HMAC over both nonces and everything that either
// claims of itself. No sockets here: lines in, lines out.
//
//   acceptor → dialler   challenge   its nonce
//   dialler → acceptor   answer      its nonce, who it is, whom it wants, its proof
//   acceptor → dialler   welcome     who it is, its proof; or `refused`, and why
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { ServerId } from '../../lib/protocol/fields.ts';

/** Who a server says it is. `boot` is new with every start of the process. */
export const ServerIdentity = z.object({
  id: ServerId,
  incarnation: z.string().regex(/^[0-9a-f]{16}$/),
  boot: z.string().regex(/^[0-9a-f]{16}$/),
});
export type ServerIdentity = z.infer<typeof ServerIdentity>;

/** Why a link is refused, for the log of the other side. Nothing else relies on it: it is not proven. */
const REFUSALS = {
  'unknown-server': 'it is not in the cluster file of the server it dialled',
  'wrong-server':
    'another server listens at this address: check hosts and ports in the cluster file',
  'wrong-secret': 'wrong cluster secret?',
  'no-answer': 'what was said there is no answer to a challenge: is it of another version?',
} as const;
type Refusal = keyof typeof REFUSALS;

const Nonce = z.string().regex(/^[0-9a-f]{32}$/);
const Mac = z.string().regex(/^[0-9a-f]{64}$/);

const Challenge = z.object({ type: z.literal('challenge'), nonce: Nonce });
const Answer = z.object({
  type: z.literal('answer'),
  nonce: Nonce,
  from: ServerIdentity,
  to: ServerId,
  mac: Mac,
});
const Verdict = z.discriminatedUnion('type', [
  z.object({ type: z.literal('welcome'), from: ServerIdentity, mac: Mac }),
  z.object({
    type: z.literal('refused'),
    reason: z.enum(Object.keys(REFUSALS) as Refusal[]),
  }),
]);

/** 128 bits: never drawn twice. */
const NONCE_BYTES = 16;

/** What one line of the other side led to: `reply` goes out in any case. */
export type HandshakeStep = Readonly<{
  reply?: object;
  /** The other side is proven: the handshake is over. */
  proven?: ServerIdentity;
  /** It is over, and failed; `id`: whom the other side claimed to be. */
  failed?: Readonly<{ id: string | null; reason: string }>;
}>;

export type Handshake = Readonly<{
  /** The line that opens it; null for the side that waits for one. */
  opening: object | null;
  take(line: unknown): HandshakeStep;
}>;

type Parts = Readonly<{ self: ServerIdentity; secret: Uint8Array | null }>;

/** The side that dialled `peer`. */
export function diallerHandshake({ self, secret, peer }: Parts & { peer: string }): Handshake {
  const nonce = freshNonce();
  let challenge: string | null = null;

  function answer(line: unknown): HandshakeStep {
    const parsed = Challenge.safeParse(line);
    if (!parsed.success) return { failed: { id: null, reason: 'no server of ours answers there' } };
    challenge = parsed.data.nonce;
    const mac = proofOf(secret, 'dialler', { challenge, nonce, from: self, to: peer });
    return { reply: { type: 'answer', nonce, from: self, to: peer, mac } };
  }

  function judge(line: unknown, given: string): HandshakeStep {
    const parsed = Verdict.safeParse(line);
    if (!parsed.success) return { failed: { id: null, reason: 'no server of ours answers there' } };
    const verdict = parsed.data;
    if (verdict.type === 'refused')
      return { failed: { id: peer, reason: REFUSALS[verdict.reason] } };
    const { from, mac } = verdict;
    const fields = { challenge: given, nonce, from, to: self.id };
    if (from.id !== peer) return { failed: { id: from.id, reason: REFUSALS['wrong-server'] } };
    if (!proves(mac, proofOf(secret, 'acceptor', fields))) {
      return { failed: { id: from.id, reason: REFUSALS['wrong-secret'] } };
    }
    return { proven: from };
  }

  return {
    opening: null,
    take: (line) => (challenge === null ? answer(line) : judge(line, challenge)),
  };
}

/** The side that was dialled; `peers` are the ids it knows. */
export function acceptorHandshake(parts: Parts & { peers: ReadonlySet<string> }): Handshake {
  const { self, secret, peers } = parts;
  const challenge = freshNonce();

  function refusalOf(answer: z.infer<typeof Answer>): Refusal | null {
    const { nonce, from, to, mac } = answer;
    if (!peers.has(from.id)) return 'unknown-server';
    if (to !== self.id) return 'wrong-server';
    return proves(mac, proofOf(secret, 'dialler', { challenge, nonce, from, to }))
      ? null
      : 'wrong-secret';
  }

  function take(line: unknown): HandshakeStep {
    const parsed = Answer.safeParse(line);
    if (!parsed.success) {
      const reply = { type: 'refused', reason: 'no-answer' };
      return { reply, failed: { id: null, reason: 'this is no server of ours' } };
    }
    const { nonce, from } = parsed.data;
    const refusal = refusalOf(parsed.data);
    if (refusal !== null) {
      const reply = { type: 'refused', reason: refusal };
      return {
        reply,
        failed: { id: peers.has(from.id) ? from.id : null, reason: REFUSALS[refusal] },
      };
    }
    const mac = proofOf(secret, 'acceptor', { challenge, nonce, from: self, to: from.id });
    return { reply: { type: 'welcome', from: self, mac }, proven: from };
  }
  return { opening: { type: 'challenge', nonce: challenge }, take };
}

function freshNonce(): string {
  return randomBytes(NONCE_BYTES).toString('hex');
}

/** @param role who proves: what one side sent can never serve as the other's proof. 64 hex digits */
function proofOf(
  secret: Uint8Array | null,
  role: 'dialler' | 'acceptor',
  fields: { challenge: string; nonce: string; from: ServerIdentity; to: string },
): string {
  const { challenge, nonce, from, to } = fields;
  const claims = [challenge, nonce, from.id, from.incarnation, from.boot, to];
  // An empty key where there is no secret: such a cluster serves loopback only.
  return createHmac('sha256', secret ?? new Uint8Array())
    .update(['syncnet link', role, ...claims].join('\n'))
    .digest('hex');
}

function proves(given: string, expected: string): boolean {
  return timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}
