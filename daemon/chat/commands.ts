// The numbered requests, as a table: what each needs, and the body it becomes.
import { postIdOf } from '../../lib/ids.ts';
import type { RefusalCode } from '../../lib/protocol/refusals.ts';
import type { NumberedRequest } from '../../lib/protocol/requests.ts';
import type { Body } from './bodies.ts';
import type { Fold } from './fold.ts';

type Asker = Readonly<{ account: string; sessionId: string }>;
export type Verdict = Readonly<{ body: Body }> | Readonly<{ refused: RefusalCode; detail: string }>;

type Command<T extends NumberedRequest> = (fold: Fold, asker: Asker, request: T) => Verdict;
type Table = { [T in NumberedRequest['type']]: Command<Extract<NumberedRequest, { type: T }>> };

const refuse = (refused: RefusalCode, detail: string): Verdict => ({ refused, detail });
const made = (asker: Asker, request: NumberedRequest) => ({
  q: postIdOf(asker.sessionId, request.number),
  u: asker.account,
});

const noSuchRoom = (room: string) => refuse('no-such-room', `there is no room with the id ${room}`);

function inRoom(fold: Fold, asker: Asker, room: string, body: () => Body): Verdict {
  if (!fold.existingRoom(room)) return noSuchRoom(room);
  if (!fold.isMember(room, asker.account)) return refuse('not-a-member', 'join the room first');
  return { body: body() };
}

const COMMANDS: Table = {
  post: (fold, asker, request) =>
    inRoom(fold, asker, request.room, () => ({
      t: 'post',
      ...made(asker, request),
      r: request.room,
      x: request.text,
    })),
  createRoom: (fold, asker, request) => {
    if (fold.roomByName(request.name))
      return refuse('room-exists', `#${request.name} exists: join it`);
    return {
      body: { t: 'create', ...made(asker, request), n: request.name, x: request.topic ?? '' },
    };
  },
  joinRoom: (fold, asker, request) => {
    const room = fold.roomByName(request.name);
    if (!room) return refuse('no-such-room', `there is no room #${request.name}: create it`);
    return { body: { t: 'join', ...made(asker, request), r: room.id } };
  },
  // Leaving a room one is not in is stored too: the answer to a retry is then the answer to the first.
  leaveRoom: (fold, asker, request) =>
    fold.existingRoom(request.room)
      ? { body: { t: 'leave', ...made(asker, request), r: request.room } }
      : noSuchRoom(request.room),
  setTopic: (fold, asker, request) =>
    inRoom(fold, asker, request.room, () => ({
      t: 'topic',
      ...made(asker, request),
      r: request.room,
      x: request.topic,
    })),
};

/** What becomes of a request: a body for the ring, or a refusal with its reason. */
export function judge(fold: Fold, asker: Asker, request: NumberedRequest): Verdict {
  const command = COMMANDS[request.type] as Command<NumberedRequest>;
  return command(fold, asker, request);
}

/** The room that a stored body is about; null for posts, whose answer needs none. */
export function roomOfBody(
  body: Body,
  roomIdOfRequest: (requestId: string) => string,
): string | null {
  if (body.t === 'create') return roomIdOfRequest(body.q);
  return 'r' in body && body.t !== 'post' ? body.r : null;
}
