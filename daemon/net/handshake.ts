// How two servers prove to each other that they know the cluster secret: each answers the other's fresh
// nonce with an HMAC over both nonces and everything that either claims of itself.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { ServerId } from '../../lib/protocol/fields.ts';

/** Who a server says it is. `boot` is new with every start of the process. */
export const ServerIdentity = z.object({
  id: ServerId,
  incarnation: z.string().regex(/^[0-9a-f]{16}$/),
  boot: z.string().regex(/^[0-9a-f]{16}$/),
});
export type ServerIdentity = z.infer<typeof ServerIdentity>;

const Nonce = z.string().regex(/^[0-9a-f]{32}$/);
const Mac = z.string().regex(/^[0-9a-f]{64}$/);

/** acceptor → dialler, dialler → acceptor, acceptor → dialler: the last proves the acceptor too. */
export const Challenge = z.object({ type: z.literal('challenge'), nonce: Nonce });
export const Answer = z.object({
  type: z.literal('answer'),
  nonce: Nonce,
  from: ServerIdentity,
  to: ServerId,
  mac: Mac,
});
export type Answer = z.infer<typeof Answer>;
export const Welcome = z.object({ type: z.literal('welcome'), from: ServerIdentity, mac: Mac });

const NONCE_BYTES = 16;

export function freshNonce(): string {
  return randomBytes(NONCE_BYTES).toString('hex');
}

/**
 * @param role who proves: what one side sent can never serve as the other's proof
 * @param secret null where there is none: an empty key, on loopback only
 * @returns 64 hex digits
 */
export function proofOf(
  secret: Uint8Array | null,
  role: 'dialler' | 'acceptor',
  fields: { challenge: string; nonce: string; from: ServerIdentity; to: string },
): string {
  const { challenge, nonce, from, to } = fields;
  const text = [
    'syncnet link',
    role,
    challenge,
    nonce,
    from.id,
    from.incarnation,
    from.boot,
    to,
  ].join('\n');
  return createHmac('sha256', secret ?? new Uint8Array())
    .update(text)
    .digest('hex');
}

export function proves(given: string, expected: string): boolean {
  return (
    given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected))
  );
}
