// The key pair that names belong to: Ed25519, made on the first start and kept where only its user can read.
import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { chmod, link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const OTHERS = 0o077;

/** An identity file: the JSON Web Key of RFC 8037. */
const IdentityFile = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  d: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

export type Identity = Readonly<{
  /** Public key: 32 bytes as base64url. */
  key: string;
  /** @returns the signature of the text in UTF-8: 64 bytes as base64url */
  sign(text: string): string;
}>;

/** The file is there and is no identity, or cannot be read or made. It is never overwritten. */
export class IdentityError extends Error {
  override name = 'IdentityError';
}

function identityOf(privateKey: KeyObject, key: string): Identity {
  return {
    key,
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), privateKey).toString('base64url'),
  };
}

/** An identity that is kept nowhere. */
export function temporaryIdentity(): Identity {
  const { privateKey } = generateKeyPairSync('ed25519');
  return identityOf(privateKey, privateKey.export({ format: 'jwk' }).x ?? '');
}

/**
 * The identity in a file; made there when there is none.
 * @throws IdentityError that says what to do
 */
export async function loadIdentity(path: string): Promise<Identity> {
  try {
    return await readIdentity(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw asIdentityError(path, error);
  }
  try {
    await makeIdentity(path);
    return await readIdentity(path);
  } catch (error) {
    throw asIdentityError(path, error);
  }
}

function asIdentityError(path: string, error: unknown): IdentityError {
  if (error instanceof IdentityError) return error;
  return new IdentityError(`cannot use the identity ${path}: ${(error as Error).message}`, {
    cause: error,
  });
}

async function readIdentity(path: string): Promise<Identity> {
  const text = await readFile(path, 'utf8');
  // Whoever can read it can speak in its owner's name: closed again rather than refused.
  if (((await stat(path)).mode & OTHERS) !== 0) await chmod(path, PRIVATE_FILE);
  try {
    const jwk = IdentityFile.parse(JSON.parse(text));
    return identityOf(createPrivateKey({ key: jwk, format: 'jwk' }), jwk.x);
  } catch (error) {
    throw new IdentityError(
      `${path} is no identity: expected an Ed25519 key as JSON; restore it from a copy, or move it away to begin anew under another name`,
      { cause: error },
    );
  }
}

async function makeIdentity(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
  const { privateKey } = generateKeyPairSync('ed25519');
  const draft = `${path}.${randomUUID()}`;
  const text = `${JSON.stringify(privateKey.export({ format: 'jwk' }))}\n`;
  await writeFile(draft, text, { mode: PRIVATE_FILE });
  // A link fails where another process was first: its key is the one that counts.
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(draft);
}
