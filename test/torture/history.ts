// The whole history as a client reads it, page by page, from one server after the other. Only a leader answers,
// so each server is made the leader for its turn: those above it are stopped, and started again at the end.
import type { ChatClient, HistoryPage } from '../../lib/client/api.ts';
import { createChatClient } from '../../lib/client/client.ts';
import { temporaryIdentity } from '../../lib/client/identity.ts';
import { PAGE_POSTS_MAX } from '../../lib/protocol/limits.ts';
import type { ReadPost } from './checker.ts';
import { joinRooms } from './crowd.ts';
import type { Servers } from './servers.ts';

/** With nothing going wrong any more, three servers need a second or two. */
export const SETTLE_MS_MAX = 60_000;

async function readRoom(client: ChatClient, room: string): Promise<ReadPost[]> {
  const posts: ReadPost[] = [];
  for (;;) {
    const before = posts[0]?.order;
    const page: HistoryPage = await client.history({
      room,
      limit: PAGE_POSTS_MAX,
      ...(before === undefined ? {} : { before }),
    });
    posts.unshift(...page.posts);
    if (!page.more || page.posts.length === 0) return posts;
  }
}

/** All posts of all rooms, from the server at one address. */
async function readAll(address: string, name: string): Promise<ReadPost[]> {
  const identity = temporaryIdentity();
  const client = await createChatClient({ servers: [address], identity, name, folder: null });
  try {
    const posts: ReadPost[] = [];
    for (const room of await joinRooms(client)) posts.push(...(await readRoom(client, room)));
    return posts;
  } finally {
    await client.close();
  }
}

/**
 * Every server's history, and the hashes of all of them together afterwards.
 * @throws Error when the servers do not come to agree
 */
export async function readEverywhere(servers: Servers): Promise<{
  histories: Map<string, ReadPost[]>;
  hashes: Map<string, string>;
}> {
  const histories = new Map<string, ReadPost[]>();
  for (let count = servers.ids.length; count > 0; count -= 1) {
    const left = servers.ids.slice(0, count);
    const leader = left.at(-1) as string;
    await servers.settled(left, SETTLE_MS_MAX);
    histories.set(leader, await readAll(servers.address(leader), `auditor${count}`));
    if (count > 1) await servers.end(leader, 'SIGTERM');
  }
  await Promise.all(servers.ids.map((id) => servers.start(id)));
  const statuses = await servers.settled(servers.ids, SETTLE_MS_MAX);
  return { histories, hashes: new Map(statuses.map(({ id, historyHash }) => [id, historyHash])) };
}
