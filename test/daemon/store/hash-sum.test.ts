// The sum of hashes, against plain arithmetic.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { HashSum } from '../../../daemon/store/hash-sum.ts';

const MODULUS = 2n ** 256n;
const hashOf = (text: string) => createHash('sha256').update(text).digest();
const numberOf = (hash: Buffer) => BigInt(`0x${hash.toString('hex')}`);

test('hashes are added and taken out modulo 2^256, in any order', () => {
  const sum = new HashSum();
  let expected = 0n;
  for (let count = 0; count < 1_000; count += 1) {
    const hash = hashOf(String(count));
    const sign = count % 3 === 0 ? -1 : 1;
    sum.add(hash, sign);
    expected = (expected + BigInt(sign) * numberOf(hash) + MODULUS) % MODULUS;
    if (count % 100 === 0) assert.equal(sum.value, expected);
  }
  assert.equal(sum.value, expected);
});

test('the highest hash and one more is nothing', () => {
  const sum = new HashSum();
  sum.value = 1n;
  sum.add(Buffer.alloc(32, 0xff));
  assert.equal(sum.value, 0n);
  sum.add(Buffer.alloc(32, 0xff), -1);
  assert.equal(sum.value, 1n);
});
