// What every headless command does first: reach a server, sign in, be in the room. And its exit codes.
import type { Answer, ChatClient, OutboxItem, Room } from '../../lib/client/api.ts';
import { directWith } from '../room-label.ts';
import { cleanLine } from '../text.ts';
import type { Place } from './command-line.ts';

/** Exit codes of the headless commands. */
export const EXIT = { done: 0, failed: 1, usage: 2, noServer: 3 } as const;

/** How often it is looked whether the cluster is gone for good. */
const GONE_CHECK_MS = 100;

/** Ends a headless command: its text goes to standard error. */
export class HeadlessError extends Error {
  override name = 'HeadlessError';
  readonly exitCode: number;
  constructor(exitCode: number, message: string) {
    super(cleanLine(message));
    this.exitCode = exitCode;
  }
}

export type Io = Readonly<{
  stdin: NodeJS.ReadableStream;
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
}>;

/** Which addresses were tried, and what came of each. */
export function whyUnreached(client: ChatClient): string {
  const state = client.connection;
  if (state.type !== 'noServer') return `no server leads (${state.type})`;
  return `no server reached: ${state.tried.map((each) => `${each.address} ${each.result}`).join(', ')}`;
}

/**
 * Waits for the first sign-in.
 * @returns the rooms there are for this account
 * @throws HeadlessError when it is refused, or does not come within `timeoutMs`
 */
export function signedIn(client: ChatClient, timeoutMs: number): Promise<readonly Room[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Room[]>();
  const unsubscribe = client.subscribe((event) => {
    if (event.type === 'signedIn') resolve(event.rooms);
    if (event.type !== 'connection' || event.state.type !== 'refused') return;
    const { code, reason } = event.state;
    reject(new HeadlessError(EXIT.failed, `${code}: ${reason}`));
  });
  const timer = setTimeout(() => {
    reject(new HeadlessError(EXIT.noServer, whyUnreached(client)));
  }, timeoutMs);
  return promise.finally(() => {
    unsubscribe();
    clearTimeout(timer);
  });
}

/** Makes a request and waits for its answer, over failovers. */
export function answerTo(client: ChatClient, request: OutboxItem['request']): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const item = client.request(request);
  const unsubscribe = client.subscribe((event) => {
    if (event.type === 'answer' && event.answer.number === item.number) resolve(event.answer);
  });
  return promise.finally(unsubscribe);
}

/**
 * The id of a room that this account is in from then on.
 * @throws HeadlessError when the room does not exist or cannot be joined
 */
export async function joinedRoom(
  client: ChatClient,
  rooms: readonly Room[],
  wanted: { name: string; create: boolean },
): Promise<string> {
  const known = rooms.find((room) => !room.direct && room.name === wanted.name);
  if (known?.joined) return known.id;
  let answer = await answerTo(client, { type: 'joinRoom', name: wanted.name });
  if (answer.type === 'refused' && answer.code === 'no-such-room' && wanted.create) {
    answer = await answerTo(client, { type: 'createRoom', name: wanted.name });
    // Someone else was quicker.
    if (answer.type === 'refused' && answer.code === 'room-exists') {
      answer = await answerTo(client, { type: 'joinRoom', name: wanted.name });
    }
  }
  if (answer.type === 'refused' && answer.code === 'no-such-room') {
    const text = `there is no room #${wanted.name}; send --create makes it`;
    throw new HeadlessError(EXIT.failed, text);
  }
  if (answer.type === 'refused') {
    throw new HeadlessError(EXIT.failed, `#${wanted.name}: ${answer.code}: ${answer.reason}`);
  }
  if (!answer.room)
    throw new HeadlessError(EXIT.failed, `#${wanted.name}: the server named no room`);
  return answer.room.id;
}

/**
 * The id of the conversation with a person.
 * @throws HeadlessError when nobody goes by that name
 */
async function openedDirect(
  client: ChatClient,
  rooms: readonly Room[],
  name: string,
): Promise<string> {
  const known = directWith(
    rooms.map((room) => ({ room })),
    name,
  );
  if (known) return known.room.id;
  const answer = await answerTo(client, { type: 'openDirect', name });
  if (answer.type === 'stored' && answer.room) return answer.room.id;
  const why = answer.type === 'refused' ? `${answer.code}: ${answer.reason}` : 'no room was named';
  throw new HeadlessError(EXIT.failed, `@${name}: ${why}`);
}

/**
 * The id of the room that posts go to or come from.
 * @param create a room where there is none
 * @throws HeadlessError when there is no such room or person
 */
export function reachedRoom(
  client: ChatClient,
  rooms: readonly Room[],
  { place, create }: { place: Place; create: boolean },
): Promise<string> {
  const { name } = place;
  if (place.type === 'person') return openedDirect(client, rooms, name);
  return joinedRoom(client, rooms, { name, create });
}

/** How scripts are told a place: `ops`, `@bob`. */
export function placeLabel({ type, name }: Place): string {
  return type === 'person' ? `@${name}` : name;
}

/**
 * Waits for work that goes on over failovers, for as long as there is anyone to do it.
 * @param goneMsMax how long no server may serve; Infinity to wait for the next one however long it takes
 * @param outlivesRefusal somebody is there who can choose another name
 * @throws HeadlessError when that has passed, or this session is refused from now on
 */
export async function whileServed<Result>(
  client: ChatClient,
  work: Promise<Result>,
  {
    goneMsMax,
    outlivesRefusal = () => false,
  }: { goneMsMax: number; outlivesRefusal?: () => boolean },
): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  let servedMs = performance.now();
  const timer = setInterval(() => {
    const state = client.connection;
    if (state.type === 'refused' && !outlivesRefusal()) {
      reject(new HeadlessError(EXIT.failed, `${state.code}: ${state.reason}`));
    }
    if (state.type === 'connected' || state.type === 'resending') servedMs = performance.now();
    if (performance.now() - servedMs <= goneMsMax) return;
    const notSent = `${client.outbox.length} not answered`;
    reject(new HeadlessError(EXIT.noServer, `every server is gone; ${notSent}`));
  }, GONE_CHECK_MS);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearInterval(timer);
  }
}
