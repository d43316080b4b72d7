// Newline-delimited JSON on a byte stream: bytes in, whole lines out, bounded. It knows nothing of what
// the lines mean. TCP glues and splits as it likes; what comes out does not depend on it.
import { StringDecoder } from 'node:string_decoder';

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
  let bytesMax = lineBytesMax;
  let parts: Uint8Array[] = [];
  let partsBytes = 0;
  let overflow = false;

  function take(lines: string[], piece: Uint8Array): void {
    const bytes = parts.length === 0 ? piece : Buffer.concat([...parts, piece]);
    parts = [];
    partsBytes = 0;
    const line = new StringDecoder('utf8').end(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
    const trimmed = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (trimmed !== '') lines.push(trimmed);
  }

  function push(bytes: Uint8Array): Frames {
    const lines: string[] = [];
    let start = 0;
    while (!overflow && start < bytes.length) {
      const end = bytes.indexOf(LINE_FEED, start);
      const piece = bytes.subarray(start, end === -1 ? bytes.length : end);
      if (partsBytes + piece.length > bytesMax) {
        overflow = true;
        parts = [];
      } else if (end === -1) {
        parts.push(piece);
        partsBytes += piece.length;
      } else {
        take(lines, piece);
      }
      start = end === -1 ? bytes.length : end + 1;
    }
    return { lines, overflow };
  }
  const reader: FrameReader = {
    push,
    widen: (wider) => {
      bytesMax = wider;
      return reader;
    },
  };
  return reader;
}
