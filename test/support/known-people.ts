// People whose keys are the same in every run, so that their colours are, too.
import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { accountIdOf } from '../../lib/ids.ts';
import type { Person } from './chat-stage.ts';

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410, section 10.3). */
const PKCS8_START = Buffer.from('302e020100300506032b657004220420', 'hex');

function privateKeyOf(name: string): KeyObject {
  const seed = createHash('sha256').update(`the key of ${name} in tests`).digest();
  const key = Buffer.concat([PKCS8_START, seed]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

export function knownPerson(name: string): Person {
  const privateKey = privateKeyOf(name);
  const key = privateKey.export({ format: 'jwk' }).x ?? '';
  return { name, key, privateKey, account: accountIdOf(key, name) };
}

/** The same person's identity file. */
export function knownIdentity(name: string): string {
  return `${JSON.stringify(privateKeyOf(name).export({ format: 'jwk' }))}\n`;
}
