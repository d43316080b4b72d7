// The numbered requests, as a table: what each needs, and the body it becomes.
import { directRoomIdOf, postIdOf } from '../../lib/ids.ts';
import { REACTIONS_MAX } from '../../lib/protocol/limits.ts';
import type { RefusalCode } from '../../lib/protocol/refusals.ts';
import type { NumberedRequest } from '../../lib/protocol/requests.ts';
import type { Body, BodyOf } from './bodies.ts';
import type { Fold } from './fold.ts';
import type { PostNotes } from './post-notes.ts';

type Asker = Readonly<{ account: string; sessionId: string }>;
export type Verdict = Readonly<{ body: Body }> | Readonly<{ refused: RefusalCode; detail: string }>;

/** What a request is judged by. */
export type Known = Readonly<{
  fold: Fold;
  notes: PostNotes;
  /** A post that is held; null for others. */
  postOf(id: string): BodyOf<'post'> | null;
}>;

type Command<T extends NumberedRequest> = (known: Known, asker: Asker, request: T) => Verdict;
type Table = { [T in NumberedRequest['type']]: Command<Extract<NumberedRequest, { type: T }>> };

const refuse = (refused: RefusalCode, detail: string): Verdict => ({ refused, detail });
const made = (asker: Asker, request: NumberedRequest) => ({
  q: postIdOf(asker.sessionId, request.number),
  u: asker.account,
});

const noSuchRoom = (room: string) => refuse('no-such-room', `there is no room with the id ${room}`);

function inRoom({ fold }: Known, asker: Asker, room: string, body: () => Body): Verdict {
  if (!fold.isMember(room, asker.account)) return refuse('not-a-member', 'join the room first');
  return { body: body() };
}

type AboutPost = Extract<NumberedRequest, { post: string }>;

const about = (asker: Asker, request: AboutPost) => ({
  ...made(asker, request),
  r: request.room,
  p: request.post,
});

/** A request about a post that is there, and was not taken back. */
function onPost(known: Known, asker: Asker, request: AboutPost, body: () => Body): Verdict {
  const found = known.postOf(request.post);
  if (found?.r !== request.room || known.notes.isDeleted(request.post)) {
    return refuse('no-such-post', 'that post is not there (any longer)');
  }
  return inRoom(known, asker, request.room, body);
}

function ownPost(known: Known, asker: Asker, request: AboutPost, body: () => Body): Verdict {
  const found = known.postOf(request.post);
  return found && found.r === request.room && found.u !== asker.account
    ? refuse('not-yours', 'only who wrote it may change it')
    : onPost(known, asker, request, body);
}

const COMMANDS: Table = {
  post: (known, asker, request) =>
    inRoom(known, asker, request.room, () => ({
      t: 'post',
      ...made(asker, request),
      r: request.room,
      x: request.text,
      ...(request.reply === undefined ? {} : { y: request.reply }),
      ...(request.action ? { a: true as const } : {}),
    })),
  editPost: (known, asker, request) =>
    ownPost(known, asker, request, () => ({
      t: 'edit',
      ...about(asker, request),
      x: request.text,
    })),
  deletePost: (known, asker, request) =>
    ownPost(known, asker, request, () => ({ t: 'delete', ...about(asker, request) })),
  react: (known, asker, request) => {
    const { emoji, on, post } = request;
    const verdict = onPost(known, asker, request, () => ({
      t: 'react',
      ...about(asker, request),
      e: emoji,
      o: on,
    }));
    // Only then: how many there are is nothing for those who may not see the post.
    if ('refused' in verdict || !on) return verdict;
    const others = known.notes.reactionsOf(post).filter((each) => each.emoji !== emoji);
    if (others.length < REACTIONS_MAX) return verdict;
    return refuse('too-many-reactions', `a post has at most ${REACTIONS_MAX} different ones`);
  },
  createRoom: ({ fold }, asker, request) => {
    if (fold.roomByName(request.name))
      return refuse('room-exists', `#${request.name} exists: join it`);
    return {
      body: { t: 'create', ...made(asker, request), n: request.name, x: request.topic ?? '' },
    };
  },
  joinRoom: ({ fold }, asker, request) => {
    const room = fold.roomByName(request.name);
    if (!room) return refuse('no-such-room', `there is no room #${request.name}: create it`);
    return { body: { t: 'join', ...made(asker, request), r: room.id } };
  },
  // Leaving a room one is not in is stored too: the answer to a retry is then the answer to the first.
  leaveRoom: ({ fold }, asker, request) =>
    fold.existingRoom(request.room)?.direct
      ? refuse('direct-room', 'a conversation of two cannot be left')
      : { body: { t: 'leave', ...made(asker, request), r: request.room } },
  setTopic: (known, asker, request) => {
    if (known.fold.existingRoom(request.room)?.direct) {
      return refuse('direct-room', 'a conversation of two has no topic');
    }
    return inRoom(known, asker, request.room, () => ({
      t: 'topic',
      ...made(asker, request),
      r: request.room,
      x: request.topic,
    }));
  },
  openDirect: ({ fold }, asker, request) => {
    const other = fold.accountShownAs(request.name);
    if (other === null) return refuse('no-such-user', `nobody goes by the name ${request.name}`);
    return { body: { t: 'direct', ...made(asker, request), v: other } };
  },
};

/** What becomes of a request: a body for the ring, or a refusal with its reason. */
export function judge(known: Known, asker: Asker, request: NumberedRequest): Verdict {
  // Before anything else: nothing may tell that two others have a conversation.
  if ('room' in request && !known.fold.visibleRoom(request.room, asker.account)) {
    return noSuchRoom(request.room);
  }
  const command = COMMANDS[request.type] as Command<NumberedRequest>;
  return command(known, asker, request);
}

/** The room that a stored body changed; null for posts and what is about them, whose answers need none. */
export function roomOfBody(
  body: Body,
  roomIdOfRequest: (requestId: string) => string,
): string | null {
  if (body.t === 'create') return roomIdOfRequest(body.q);
  if (body.t === 'direct') return directRoomIdOf(body.u, body.v);
  return body.t === 'join' || body.t === 'leave' || body.t === 'topic' ? body.r : null;
}
