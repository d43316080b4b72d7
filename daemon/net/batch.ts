// Lines that wait to be written at the end of a turn. Most clients of a room get the very same ones: those share
// one batch, whose bytes are made once however many sockets they go to.

export class Batch {
  readonly text: string;
  private encoded: Buffer | null = null;

  /** @param text whole lines */
  constructor(text: string) {
    this.text = text;
  }

  /** In UTF-8; made when they are first asked for. */
  get bytes(): Buffer {
    this.encoded ??= Buffer.from(this.text);
    return this.encoded;
  }
}

/** What a client waits for once it gets some more lines. */
export function batchAfter(before: Batch | null, text: string): Batch {
  return new Batch(before ? before.text + text : text);
}
