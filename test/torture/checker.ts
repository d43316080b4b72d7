// What a run must have kept, after Jepsen's set-full: every acknowledged post is in every history exactly once,
// was shown to every reader once, each sender's posts stand in the order in which they were sent, and nothing is
// there that nobody sent. Pure.
import type { Answer } from '../../lib/client/api.ts';
import type { RefusalCode } from '../../lib/protocol/refusals.ts';

/** One post that somebody sent, and what came of it. */
export type SentPost = Readonly<{
  sender: string;
  /** Counts the posts of its sender from 1, over all rooms. */
  sequence: number;
  room: string;
  /** No two posts have the same. */
  text: string;
  /** null while it waits. */
  answer: Answer | null;
}>;

/** A post as a history has it. */
export type ReadPost = Readonly<{ id: string; room: string; text: string; order: string }>;

/** A post as it was shown to a reader when it came. */
export type Sighting = Readonly<{ id: string; text: string }>;

export type Evidence = Readonly<{
  /** In the order in which they were sent. */
  posts: readonly SentPost[];
  /** By the server that it was read from: all rooms, in any order. */
  histories: ReadonlyMap<string, readonly ReadPost[]>;
  /** By reader. */
  sightings: ReadonlyMap<string, readonly Sighting[]>;
  /**
   * By reader, the number of posts that had been sent when it was last told that it had missed too much to be
   * sent, upon which a client asks for pages: what was sent later it is owed. Absent for one who never was.
   */
  owedFrom: ReadonlyMap<string, number>;
  /** Reasons for a refusal that what was done to the servers explains. */
  refusable: readonly RefusalCode[];
  /** historyHash by server, at the end. */
  hashes: ReadonlyMap<string, string>;
}>;

/** Each finding is a sentence about one post; all lists are empty when every promise was kept. */
export type Findings = Readonly<{
  /** Acknowledged, or shown to a reader, and missing from a history. */
  lost: readonly string[];
  /** Acknowledged, and never shown to a reader who was owed it. */
  unseen: readonly string[];
  /** More than once in a history, or shown twice to a reader. */
  doubled: readonly string[];
  /** After a later post of the same sender. */
  disordered: readonly string[];
  /** In a history or shown, and never sent, or refused for good, or under another id or room. */
  invented: readonly string[];
  /** Hashes or histories of two servers that differ. */
  unequal: readonly string[];
  /** Refused for a reason that nothing gave. */
  refused: readonly string[];
  /** Sent and never answered, though everything was healed. */
  unanswered: readonly string[];
}>;

export function checkEvidence(evidence: Evidence): Findings {
  const sent = new Map(evidence.posts.map((post) => [post.text, post]));
  const histories = [...evidence.histories].map(([server, posts]) => ({
    where: `the history of ${server}`,
    // The order is made of hexadecimal digits and dots: code units, not words.
    posts: [...posts].sort((one, other) => (one.order < other.order ? -1 : 1)),
  }));
  const shown = [...evidence.sightings].map(([reader, posts]) => ({
    where: `what ${reader} was shown`,
    posts,
  }));
  const everywhere = [...histories, ...shown];
  return {
    lost: histories.flatMap((history) => lostFrom(history, evidence)),
    unseen: unseenOf(evidence),
    doubled: everywhere.flatMap(doubledIn),
    disordered: histories.flatMap((history) => disorderedIn(history, sent)),
    invented: everywhere.flatMap((place) => inventedIn(place, sent)),
    unequal: unequalAmong(evidence),
    refused: refusedOf(evidence),
    unanswered: evidence.posts.filter(({ answer }) => answer === null).map(({ text }) => text),
  };
}

export function isClean(findings: Findings): boolean {
  return Object.values(findings).every((list) => list.length === 0);
}

type Place<Post> = Readonly<{ where: string; posts: readonly Post[] }>;

function lostFrom({ where, posts }: Place<ReadPost>, evidence: Evidence): string[] {
  const held = new Set(posts.map(({ text }) => text));
  const acknowledged = evidence.posts
    .filter(({ answer }) => answer?.type === 'stored')
    .map(({ text }) => text);
  // What was shown to anyone is as good as acknowledged: somebody may have acted on it.
  const seen = [...evidence.sightings.values()].flat().map(({ text }) => text);
  const owed = new Set([...acknowledged, ...seen]);
  return [...owed].filter((text) => !held.has(text)).map((text) => `${text}: not in ${where}`);
}

function unseenOf({ posts, sightings, owedFrom }: Evidence): string[] {
  return [...sightings].flatMap(([reader, shown]) => {
    const missed = unseenBy(shown, posts.slice(owedFrom.get(reader) ?? 0));
    return missed.map(({ text }) => `${text}: never shown to ${reader}`);
  });
}

/** Those of the posts that were acknowledged and are not among what was shown. */
export function unseenBy(
  shown: readonly Sighting[],
  posts: readonly SentPost[],
): readonly SentPost[] {
  const seen = new Set(shown.map(({ text }) => text));
  return posts.filter(({ text, answer }) => answer?.type === 'stored' && !seen.has(text));
}

function refusedOf({ posts, refusable }: Evidence): string[] {
  return posts.flatMap(({ text, answer }) =>
    answer?.type === 'refused' && !refusable.includes(answer.code)
      ? [`${text}: ${answer.code}, ${answer.reason}`]
      : [],
  );
}

function doubledIn({ where, posts }: Place<Sighting>): string[] {
  const counts = new Map<string, number>();
  for (const { text } of posts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(([text, count]) => `${text}: ${count} times in ${where}`);
}

function disorderedIn(
  { where, posts }: Place<ReadPost>,
  sent: ReadonlyMap<string, SentPost>,
): string[] {
  const newest = new Map<string, SentPost>();
  const found: string[] = [];
  for (const { text } of posts) {
    const post = sent.get(text);
    if (!post) continue;
    const before = newest.get(post.sender);
    if (before && before.sequence > post.sequence) {
      found.push(`${text}: after ${before.text} in ${where}`);
    } else newest.set(post.sender, post);
  }
  return found;
}

function inventedIn(
  { where, posts }: Place<Sighting & { room?: string }>,
  sent: ReadonlyMap<string, SentPost>,
): string[] {
  return posts.flatMap(({ id, text, room }) => {
    const post = sent.get(text);
    if (!post) return [`${text}: in ${where}, and nobody sent it`];
    if (room !== undefined && room !== post.room)
      return [`${text}: in ${where} in room ${room}, and was sent to ${post.room}`];
    if (post.answer?.type === 'refused')
      return [`${text}: in ${where}, and was refused as ${post.answer.code}`];
    if (post.answer?.type === 'stored' && post.answer.id !== id)
      return [`${text}: in ${where} as ${id}, and was acknowledged as ${post.answer.id}`];
    return [];
  });
}

function unequalAmong({ hashes, histories }: Evidence): string[] {
  const found: string[] = [];
  if (new Set(hashes.values()).size > 1) {
    found.push(`hashes of the histories: ${JSON.stringify(Object.fromEntries(hashes))}`);
  }
  const [first, ...others] = [...histories].map(([server, posts]) => ({
    server,
    ids: posts.map(({ id, order }) => `${order} ${id}`).sort(),
  }));
  for (const { server, ids } of first ? others : []) {
    const differs = ids.findIndex((id, index) => id !== first?.ids[index]);
    if (differs < 0 && ids.length === first?.ids.length) continue;
    found.push(
      `${server} has ${ids.length} posts, ${first?.server} ${first?.ids.length}; the first difference is ` +
        `${ids[differs] ?? 'an end'} in place of ${first?.ids[differs] ?? 'an end'}`,
    );
  }
  return found;
}
