// The lines of one room, kept in the one order with each of them once, whatever order they come in.

import type * as z from 'zod';
import type { HistoryPost, MemberEvent, Quote, Reaction } from '../../lib/protocol/events.ts';
import { cleanLine, cleanText } from '../text.ts';
import type { Line, Mark, MembersLine, NoticeLine, PostLine } from './model.ts';

/** Index behind the last line whose order is not above `order`. */
function indexBehind(lines: readonly Line[], order: string): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((lines[middle] as Line).order <= order) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where a line of that order and key is; -1 when it is not there. */
function indexOf(lines: readonly Line[], order: string, key: string): number {
  for (let index = indexBehind(lines, order) - 1; index >= 0; index -= 1) {
    const line = lines[index] as Line;
    if (line.order !== order) return -1;
    if (line.key === key) return index;
  }
  return -1;
}

/** Whether a line is there, in that place or in another one. */
export function isThere(lines: readonly Line[], { order, key }: Line): boolean {
  return indexOf(lines, order, key) !== -1 || lines.some((line) => line.key === key);
}

/** Puts a line in its place; one that is there already is kept as it is, but for the mark that it gains. */
export function insertLine(lines: readonly Line[], line: Line): readonly Line[] {
  const known = indexOf(lines, line.order, line.key);
  const there = lines[known];
  if (there) {
    if (there.kind !== 'post' || line.kind !== 'post' || !line.mark) return lines;
    const { mark, copies } = line;
    const gained: PostLine = { ...there, mark, ...(copies === undefined ? {} : { copies }) };
    return there.mark && there.copies === copies ? lines : lines.with(known, gained);
  }
  let place = indexBehind(lines, line.order);
  // Notices share the place of what they stand behind: among them time decides.
  if (line.kind === 'notice') while (isLaterNotice(lines[place - 1], line)) place -= 1;
  return lines.toSpliced(place, 0, line);
}

function isLaterNotice(there: Line | undefined, { order, time }: NoticeLine): boolean {
  return there?.kind === 'notice' && there.order === order && there.time > time;
}

/** A post that is there under a lower or a higher place goes to its own, as it is now; how it was taken stays with it. */
export function moveLine(lines: readonly Line[], line: PostLine): readonly Line[] {
  const from = lines.findIndex(({ key }) => key === line.key);
  const before = lines[from];
  if (before?.kind !== 'post' || before.order === line.order) return lines;
  return requoted(insertLine(lines.toSpliced(from, 1), asNow(before, line)), line);
}

/**
 * Puts a page of lines in: in one pass, because a page of 200 would else copy the room 200 times. What a page has
 * under another place than it had here was stored on two sides of a split: the page has the one that counts.
 */
export function insertPage(before: readonly Line[], page: readonly Line[]): readonly Line[] {
  const lines = refreshed(before, page);
  const fresh = new Map(
    page
      .filter((line) => indexOf(lines, line.order, line.key) === -1)
      .map((line) => [line.key, line]),
  );
  if (fresh.size === 0) return lines;
  const kept = lines.filter((line) => {
    const again = fresh.get(line.key);
    if (again) fresh.set(line.key, inPlaceOf(line, again));
    return !again;
  });
  return [...kept, ...fresh.values()].sort((one, other) =>
    one.order < other.order ? -1 : one.order > other.order ? 1 : 0,
  );
}

/**
 * Read again after a reset: what stands here between two posts of a page that does not have it stands elsewhere by now,
 * further up than anything that is read again, perhaps. It comes with the page of that place.
 * @param kept key of the line that the reader looks at: nothing moves there
 */
export function withoutStrays(
  before: readonly Line[],
  page: readonly Line[],
  kept: string | undefined,
): readonly Line[] {
  const [oldest, newest] = [page[0]?.order ?? '', page.at(-1)?.order ?? ''];
  const keys = new Set([...page.map(({ key }) => key), kept]);
  return before.filter(
    ({ kind, key, order }) =>
      kind !== 'post' || order <= oldest || order >= newest || keys.has(key),
  );
}

/** A post that is there as it is now; how it was taken stays with it. */
export function changeLine(lines: readonly Line[], changed: PostLine): readonly Line[] {
  const known = indexOf(lines, changed.order, changed.key);
  const there = lines[known];
  // Posts that are sent again after a failover come as changed ones: most are not, and there may be many.
  if (there?.kind === 'post' && contentOf(there) === contentOf(changed)) return lines;
  const next = there?.kind === 'post' ? lines.with(known, asNow(there, changed)) : lines;
  return requoted(next, changed);
}

/** Answers quote a post as it is now, and nothing of one that was taken back. */
function requoted(lines: readonly Line[], changed: PostLine): readonly Line[] {
  const text = changed.deleted ? '' : cleanLine(changed.text);
  const isOld = (line: Line): line is PostLine & { reply: Quote } =>
    line.kind === 'post' && line.reply?.id === changed.key && line.reply.text !== text;
  if (!lines.some(isOld)) return lines;
  return lines.map((line) => (isOld(line) ? { ...line, reply: { ...line.reply, text } } : line));
}

const inPlaceOf = (there: Line, again: Line): Line =>
  there.kind === 'post' && again.kind === 'post'
    ? asNow(there, again)
    : { ...there, order: again.order };

function asNow(there: PostLine, { mark: _, ...content }: PostLine): PostLine {
  const { mark, copies, merged } = there;
  return {
    ...content,
    mark,
    ...(copies === undefined ? {} : { copies }),
    ...(merged ? { merged } : {}),
  };
}

const contentOf = ({ name, text, edited, deleted, reactions, reply }: PostLine) =>
  JSON.stringify([name, text, edited, deleted, reactions, reply]);

/** What a page tells of posts that are there already, and were changed since. */
function refreshed(lines: readonly Line[], page: readonly Line[]): readonly Line[] {
  let next: Line[] | null = null;
  for (const line of page) {
    const known = indexOf(lines, line.order, line.key);
    const there = lines[known];
    if (there?.kind !== 'post' || line.kind !== 'post') continue;
    if (contentOf(there) === contentOf(line)) continue;
    next ??= [...lines];
    next[known] = asNow(there, line);
  }
  return next ?? lines;
}

/** A post as a line. @param own whether this account wrote it */
export function postLine(post: HistoryPost, own: boolean, mark: Mark | null): PostLine {
  return {
    kind: 'post',
    key: post.id,
    order: post.order,
    time: post.time,
    account: post.account,
    name: cleanLine(post.name),
    text: cleanText(post.text),
    own,
    mark,
    ...(post.action ? { action: true } : {}),
    ...(post.edited ? { edited: true } : {}),
    ...(post.deleted ? { deleted: true } : {}),
    ...(post.reply ? { reply: cleanQuote(post.reply) } : {}),
    ...(post.reactions ? { reactions: post.reactions.map(cleanReaction) } : {}),
  };
}

const cleanQuote = (quote: Quote): Quote => ({
  ...quote,
  name: cleanLine(quote.name),
  text: cleanLine(quote.text),
});
const cleanReaction = (reaction: Reaction): Reaction => ({
  ...reaction,
  emoji: cleanLine(reaction.emoji),
});

/** A line for this screen's own eyes, behind what is newest now. */
export function noticeLine(
  lines: readonly Line[],
  fields: { text: string; time: number; key: string },
): NoticeLine {
  return {
    kind: 'notice',
    key: fields.key,
    order: lines.at(-1)?.order ?? '',
    time: fields.time,
    text: cleanText(fields.text),
  };
}

/** Says at the end, where the reader is, what a merge has put further up: one line for all that come together. */
export function noteMerged(lines: readonly Line[], time: number): readonly Line[] {
  const last = lines.at(-1);
  const before = last?.kind === 'notice' ? last : null;
  const count = (before?.mergedCount ?? 0) + 1;
  const text = `${count} message${count === 1 ? '' : 's'} from the other side of a split ${count === 1 ? 'stands' : 'stand'} further up`;
  const key = `merged/${last?.order ?? ''}`;
  const line = { ...noticeLine(lines, { text, time, key }), mergedCount: count };
  return before?.mergedCount === undefined
    ? [...lines, line]
    : lines.with(-1, { ...line, key: before.key });
}

/** Join and leave noise in one line: a change is added to the line before it where that tells of changes too. */
export function insertMember(
  lines: readonly Line[],
  event: z.infer<typeof MemberEvent>,
): readonly Line[] {
  const behind = indexBehind(lines, event.order);
  const before = lines[behind - 1];
  const change = { name: cleanLine(event.name), change: event.change };
  const key = `member/${event.order}/${event.account}`;
  if (before?.order === event.order && before.key === key) return lines;
  if (before?.kind === 'members') {
    const others = before.changes.filter((each) => each.name !== change.name);
    const merged: MembersLine = { ...before, changes: [...others, change] };
    return lines.with(behind - 1, merged);
  }
  const line: MembersLine = {
    kind: 'members',
    key,
    order: event.order,
    time: event.time,
    changes: [change],
  };
  return lines.toSpliced(behind, 0, line);
}
