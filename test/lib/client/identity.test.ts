// The key pair that names belong to.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { IdentityError, loadIdentity } from '../../../lib/client/identity.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syncnet-identity-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('an identity is made once, and is the same from then on', async () => {
  const path = join(folder, 'new', 'identity.json');
  const first = await loadIdentity(path);
  assert.equal((await loadIdentity(path)).key, first.key);
});

test('of two that start in the same moment both get the same key', async () => {
  const path = join(folder, 'race.json');
  const [one, other] = await Promise.all([loadIdentity(path), loadIdentity(path)]);
  assert.equal(one.key, other.key);
});

test('its signature fits its public key', async () => {
  const identity = await loadIdentity(join(folder, 'signs.json'));
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: identity.key };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const signature = Buffer.from(identity.sign('hello'), 'base64url');
  assert.ok(verify(null, Buffer.from('hello'), publicKey, signature));
});

test('nobody else can read it, whatever its file was opened to', async () => {
  const path = join(folder, 'mode.json');
  await loadIdentity(path);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await chmod(path, 0o644);
  await loadIdentity(path);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

for (const text of ['', 'no json', '{"kty":"OKP"}']) {
  test(`a file that holds ${JSON.stringify(text)} is refused and left as it is`, async () => {
    const path = join(folder, 'broken.json');
    await writeFile(path, text);
    await assert.rejects(loadIdentity(path), IdentityError);
    assert.equal(await readFile(path, 'utf8'), text);
  });
}
