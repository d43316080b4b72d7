// Newline-delimited JSON on a byte stream: bytes in, whole lines out, bounded. It knows nothing of what
// the lines mean. TCP glues and splits as it likes; what comes out does not depend on it.

const LINE_FEED = 0x0a;

export type Frames = Readonly<{ lines: readonly string[]; overflow: boolean }>;

export type FrameReader = Readonly<{
  /** Takes the next bytes; gives the lines they completed, without their line ends, empty ones left out. */
  push(bytes: Uint8Array): Frames;
  /** From here on longer lines are accepted; what was read so far stays. @returns the same reader */
  widen(lineBytesMax: number): FrameReader;
}>;

/**
 * Cuts a stream of bytes into lines.
 * @param lineBytesMax longest line accepted, in bytes without its line feed. From the first longer
 *   one on `overflow` is true, nothing more is kept, and the connection should be closed.
 * Throws nothing; invalid UTF-8 becomes U+FFFD.
 */
export function frameReader(lineBytesMax: number): FrameReader {
  return new Reader(lineBytesMax);
}

/** A class, for there is one to each of many thousand connections: its functions are shared. */
class Reader implements FrameReader {
  private bytesMax: number;
  /** Of a line that is not complete yet; null between lines. */
  private parts: Uint8Array[] | null = null;
  private partsBytes = 0;
  private overflow = false;

  constructor(lineBytesMax: number) {
    this.bytesMax = lineBytesMax;
  }

  widen(lineBytesMax: number): FrameReader {
    this.bytesMax = lineBytesMax;
    return this;
  }

  push(bytes: Uint8Array): Frames {
    const lines: string[] = [];
    let start = 0;
    while (!this.overflow && start < bytes.length) {
      const wholeEnd = this.parts === null ? bytes.lastIndexOf(LINE_FEED) : -1;
      if (wholeEnd > start && wholeEnd - start <= this.bytesMax) {
        // None of these can be too long: they are decoded together, which is cheaper than one by one.
        for (const line of decode(bytes.subarray(start, wholeEnd)).split('\n')) add(lines, line);
        start = wholeEnd + 1;
      } else start = this.pushPiece(lines, bytes, start);
    }
    return { lines, overflow: this.overflow };
  }

  /** Takes what there is of one line. @returns where the next one begins */
  private pushPiece(lines: string[], bytes: Uint8Array, start: number): number {
    const end = bytes.indexOf(LINE_FEED, start);
    const piece = bytes.subarray(start, end === -1 ? bytes.length : end);
    if (this.partsBytes + piece.length > this.bytesMax) {
      this.overflow = true;
      this.parts = null;
    } else if (end === -1) {
      this.parts ??= [];
      this.parts.push(piece);
      this.partsBytes += piece.length;
    } else {
      add(lines, decode(this.parts ? Buffer.concat([...this.parts, piece]) : piece));
      this.parts = null;
      this.partsBytes = 0;
    }
    return end === -1 ? bytes.length : end + 1;
  }
}

function add(lines: string[], line: string): void {
  const trimmed = line.endsWith('\r') ? line.slice(0, -1) : line;
  if (trimmed !== '') lines.push(trimmed);
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
