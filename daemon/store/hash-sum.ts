// The sum modulo 2^256 of the hashes of all entries held. Added up in parts of 32 bits, because big integers made
// for every entry cost more than the hash itself; the parts carry into each other only when the sum is read.

const PARTS = 8;
const PART_BITS = 32n;
const MODULUS = 2n ** 256n;

/** Hashes in the parts before they are carried: far below the 2^21 with which a sum of 32 bits stays exact. */
const PENDING_MAX = 1_000_000;

export class HashSum {
  private sum = 0n;
  /** The highest first; negative where more was taken out than put in. */
  private readonly parts = new Float64Array(PARTS);
  private pending = 0;

  /** @param hash 32 bytes */
  add(hash: Uint8Array, sign: 1 | -1 = 1): void {
    const { parts } = this;
    for (let part = 0; part < PARTS; part += 1)
      parts[part] = (parts[part] ?? 0) + sign * read(hash, part * 4);
    this.pending += 1;
    if (this.pending >= PENDING_MAX) this.carry();
  }

  private carry(): void {
    let pending = 0n;
    for (const part of this.parts) pending = (pending << PART_BITS) + BigInt(part);
    this.sum = (((this.sum + pending) % MODULUS) + MODULUS) % MODULUS;
    this.parts.fill(0);
    this.pending = 0;
  }

  get value(): bigint {
    if (this.pending > 0) this.carry();
    return this.sum;
  }

  set value(sum: bigint) {
    this.parts.fill(0);
    this.pending = 0;
    this.sum = sum % MODULUS;
  }
}

/** 32 bits, the highest byte first. */
function read(bytes: Uint8Array, at: number): number {
  const [high = 0, low = 0] = [bytes[at], bytes[at + 1]];
  return high * 2 ** 24 + ((low << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
}
