// The chat's functions that need a key: stamps that only this cluster can make, and signatures checked.
import { createHmac, createPublicKey, createSecretKey, timingSafeEqual, verify } from 'node:crypto';
import type { ChatSecrets, HybridTime } from './chat/chat.ts';

/** Bytes of a stamp's authentication code: 96 bits, as short as NIST SP 800-107 lets a code be cut. */
const STAMP_MAC_BYTES = 12;

/**
 * @param secret the cluster secret; null on a cluster without one, which serves loopback only
 * @returns functions that never throw on what a client sent
 */
export function chatSecrets(secret: Uint8Array | null): ChatSecrets {
  // Made once: of bytes it is made anew for each code.
  const key = createSecretKey(secret ?? new Uint8Array());
  const macOf = (text: string) =>
    createHmac('sha256', key)
      .update(`syncnet stamp\n${text}`)
      .digest()
      .subarray(0, STAMP_MAC_BYTES);

  function sealStamp(time: HybridTime): string {
    const text = `${time.ms}.${time.counter}`;
    return `${text}.${macOf(text).toString('base64url')}`;
  }

  function openStamp(stamp: string): HybridTime | null {
    const match = /^(\d{1,15})\.(\d{1,8})\.([A-Za-z0-9_-]{16})$/.exec(stamp);
    if (!match) return null;
    const [, ms, counter, mac] = match;
    const given = Buffer.from(mac ?? '', 'base64url');
    const expected = macOf(`${ms}.${counter}`);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
    return { ms: Number(ms), counter: Number(counter) };
  }

  return { sealStamp, openStamp, verify: verifySignature };
}

function verifySignature(key: string, text: string, signature: string): boolean {
  try {
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: key },
      format: 'jwk',
    });
    return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64url'));
  } catch {
    // A key that is no point of the curve: as wrong as a wrong signature.
    return false;
  }
}
