// What a client's message costs this server, so that a turn of the loop is bounded by work and not by lines: a
// page of two hundred posts is not a ping.
import type { ClientMessage } from '../../lib/protocol/requests.ts';

/** Units of some ten microseconds: a post read from the disk and written to a socket is one. */
const COSTS: Readonly<Partial<Record<ClientMessage['type'], number>>> = {
  /** Beside what the check of the signature takes, where it is not checked yet. */
  signIn: 5,
  prove: 5,
  listRooms: 50,
  who: 50,
  search: 300,
  /** Each may be told to everyone. */
  typing: 20,
  presence: 100,
  post: 2,
  editPost: 2,
  deletePost: 2,
  react: 2,
};

/** The same for what took longer than anybody foresaw: who is in a room of twenty thousand, a long resumption. */
export function unitsOfMs(ms: number): number {
  return ms * 100;
}

/** As our own clients write them. */
const ENTRIES = ['{"type":"signIn"', '{"type":"prove"'];

/** Whether somebody wants in; told by how a line begins, since it costs too much to read those of a crowd for that. */
export const isEntry = (line: string): boolean => ENTRIES.some((entry) => line.startsWith(entry));

export function costOf(message: ClientMessage): number {
  return message.type === 'history' ? message.limit : (COSTS[message.type] ?? 1);
}
