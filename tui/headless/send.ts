// `syncnet-tui send`: one post, or one for every line of standard input, each answered; resent by the client
// core through failovers.
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import type { Answer, ChatClient } from '../../lib/client/api.ts';
import { PostText } from '../../lib/protocol/fields.ts';
import { TEXT_CHARS_MAX } from '../../lib/protocol/limits.ts';
import { cleanLine, cleanText, printableJson } from '../text.ts';
import type { SendOptions } from './command-line.ts';
import { EXIT, type Io, reachedRoom, signedIn, whileServed } from './reach.ts';

/** Posts that may wait for their answers before more input is read: bounded, and never the bottleneck. */
const UNANSWERED_MAX = 1_000;

type Result =
  | Readonly<{ type: 'stored'; n: number; id: string; copies: number; ms: number }>
  | Readonly<{ type: 'refused'; n: number; code: string; reason: string }>;

/** Prints results in the order of the input, whatever order they come in. */
class Results {
  private readonly waiting = new Map<number, Result | null>();
  private next = 1;
  refusedCount = 0;
  private readonly json: boolean;
  private readonly io: Io;

  constructor(json: boolean, io: Io) {
    this.json = json;
    this.io = io;
  }

  add(result: Result): void {
    if (result.type === 'refused') this.refusedCount += 1;
    this.waiting.set(result.n, result);
    this.printReady();
  }

  private printReady(): void {
    for (;;) {
      const ready = this.waiting.get(this.next);
      if (ready === undefined) return;
      this.waiting.delete(this.next);
      this.next += 1;
      if (ready) this.print(ready);
    }
  }

  /** Nothing is said of it. */
  skip(n: number): void {
    this.waiting.set(n, null);
    this.printReady();
  }

  private print(result: Result): void {
    if (this.json) this.io.stdout.write(`${printableJson(result)}\n`);
    else if (result.type === 'refused') {
      const reason = cleanLine(`${result.code}: ${result.reason}`);
      this.io.stderr.write(`syncnet-tui: line ${result.n} refused: ${reason}\n`);
    }
  }
}

/** What programs write for terminals becomes text: without colours and control characters, tabs as spaces. */
const asText = (line: string) => cleanText(stripVTControlCharacters(line)).trimEnd();

/** What is wrong with a text before any server is asked; null when nothing is. */
function localRefusal(text: string): { code: string; reason: string } | null {
  if (text.length > TEXT_CHARS_MAX) {
    const reason = `expected at most ${TEXT_CHARS_MAX} characters, got ${text.length}`;
    return { code: 'bad-request', reason };
  }
  const parsed = PostText.safeParse(text);
  if (parsed.success) return null;
  return { code: 'bad-request', reason: parsed.error.issues[0]?.message ?? 'not a text to post' };
}

class Sending {
  private readonly client: ChatClient;
  private readonly room: string;
  private readonly results: Results;
  /** Of standard input, where blank lines only part the others. */
  private readonly isStream: boolean;
  /** By request number: which line it is, and when it was read. */
  private readonly unanswered = new Map<number, { n: number; sinceMs: number }>();
  private count = 0;
  private wake: () => void = () => {};

  constructor(
    client: ChatClient,
    { room, results, isStream }: { room: string; results: Results; isStream: boolean },
  ) {
    this.client = client;
    this.room = room;
    this.results = results;
    this.isStream = isStream;
    client.subscribe((event) => {
      if (event.type === 'answer') this.onAnswer(event.answer);
    });
  }

  /** @param given one line; without words it is none */
  post(given: string): void {
    this.count += 1;
    const n = this.count;
    const text = asText(given);
    if (this.isStream && text.trim() === '') return this.results.skip(n);
    const refusal = localRefusal(text);
    if (refusal) return this.results.add({ type: 'refused', n, ...refusal });
    const sinceMs = performance.now();
    const { number } = this.client.request({ type: 'post', room: this.room, text });
    this.unanswered.set(number, { n, sinceMs });
  }

  private onAnswer(answer: Answer): void {
    const asked = this.unanswered.get(answer.number);
    if (!asked) return;
    this.unanswered.delete(answer.number);
    const { n, sinceMs } = asked;
    if (answer.type === 'refused') {
      this.results.add({ type: 'refused', n, code: answer.code, reason: answer.reason });
    } else {
      const ms = Math.round((performance.now() - sinceMs) * 10) / 10;
      this.results.add({ type: 'stored', n, id: answer.id, copies: answer.copies, ms });
    }
    this.wake();
  }

  /** Waits until at most `count` are unanswered. */
  async downTo(count: number): Promise<void> {
    while (this.unanswered.size > count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.wake = resolve;
      await promise;
    }
  }
}

async function postAll(sending: Sending, options: SendOptions, io: Io): Promise<void> {
  if (options.text !== null) sending.post(options.text);
  else {
    for await (const line of createInterface({
      input: io.stdin,
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      sending.post(line);
      await sending.downTo(UNANSWERED_MAX - 1);
    }
  }
  await sending.downTo(0);
}

/**
 * Sends everything and waits for every answer.
 * @returns the exit code: 0 all stored, 1 any refused
 * @throws HeadlessError when no server is reached, the sign-in or the room is refused
 */
export async function runSend(client: ChatClient, options: SendOptions, io: Io): Promise<number> {
  const rooms = await signedIn(client, options.timeoutMs);
  const results = new Results(options.json, io);
  const work = async () => {
    const room = await reachedRoom(client, rooms, options);
    const isStream = options.text === null;
    await postAll(new Sending(client, { room, results, isStream }), options, io);
  };
  await whileServed(client, work(), { goneMsMax: options.timeoutMs });
  return results.refusedCount === 0 ? EXIT.done : EXIT.failed;
}
