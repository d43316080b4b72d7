// The slash commands: one table that parsing, completion and help all read. A mistyped command is refused
// with the nearest one named, never posted.
import { RoomName, UserName } from '../lib/protocol/fields.ts';
import type { LocalVerb } from './state/action.ts';

export type Command =
  | Readonly<{ type: 'create'; name: string; topic: string }>
  | Readonly<{ type: 'join'; name: string }>
  | Readonly<{ type: 'leave' }>
  | Readonly<{ type: 'topic'; topic: string }>
  | Readonly<{ type: 'rooms' }>
  | Readonly<{ type: 'who' }>
  | Readonly<{ type: 'nick'; name: string }>
  | Readonly<{ type: 'retry' }>
  | Readonly<{ type: 'help' }>
  | Readonly<{ type: 'quit' }>
  | Readonly<{ type: 'room'; number: number }>
  | Readonly<{ type: 'server'; verb: LocalVerb; id: string }>;

export type Parsed =
  | Readonly<{ type: 'post'; text: string }>
  | Readonly<{ type: 'command'; command: Command }>
  | Readonly<{ type: 'wrong'; reason: string }>;

type Row = Readonly<{
  usage: string;
  about: string;
  /** What Tab completes after the command. */
  completes?: 'rooms' | 'servers';
  /** Only where this screen started the servers. */
  localOnly?: true;
  /** @returns the command, or what is wrong with `rest`, the text behind the name */
  parse(rest: string): Command | string;
}>;

function roomNameOf(text: string): { name: string } | string {
  const name = text.replace(/^#/, '').normalize('NFKC').toLowerCase();
  // A second room of one name is shown, after a merge, with a suffix behind a tilde.
  const parsed = RoomName.safeParse(name.replace(/~[a-z0-9_-]{4}$/, ''));
  if (name === '') return 'name the room, like #ops';
  return parsed.success
    ? { name: name.includes('~') ? text.replace(/^#/, '') : name }
    : `#${name} cannot be a room: ${parsed.error.issues[0]?.message}`;
}

function create(rest: string): Command | string {
  const [first = '', ...topic] = rest.split(' ');
  const room = roomNameOf(first);
  return typeof room === 'string'
    ? room
    : { type: 'create', name: room.name, topic: topic.join(' ').trim() };
}

function join(rest: string): Command | string {
  const room = roomNameOf(rest);
  return typeof room === 'string' ? room : { type: 'join', name: room.name };
}

function nick(rest: string): Command | string {
  const parsed = UserName.safeParse(rest);
  return parsed.success
    ? { type: 'nick', name: parsed.data }
    : `${rest === '' ? 'an empty name' : rest} cannot be a name: ${parsed.error.issues[0]?.message}`;
}

const server =
  (verb: LocalVerb) =>
  (rest: string): Command | string =>
    rest === ''
      ? `which server? /${verb} server1, server2 or server3`
      : { type: 'server', verb, id: rest };
const bare = (command: Command) => (rest: string) =>
  rest === '' ? command : `/${command.type} takes nothing behind it`;

export const COMMANDS: Readonly<Record<string, Row>> = {
  create: { usage: '/create ROOM [TOPIC]', about: 'a new room, and go there', parse: create },
  join: { usage: '/join ROOM', about: 'join a room and go there', completes: 'rooms', parse: join },
  leave: { usage: '/leave', about: 'leave this room', parse: bare({ type: 'leave' }) },
  topic: {
    usage: '/topic TEXT',
    about: 'what this room is about',
    parse: (rest) => (rest === '' ? 'give the topic: /topic TEXT' : { type: 'topic', topic: rest }),
  },
  rooms: { usage: '/rooms', about: 'every room there is', parse: bare({ type: 'rooms' }) },
  who: { usage: '/who', about: 'who is in this room', parse: bare({ type: 'who' }) },
  nick: { usage: '/nick NAME', about: 'go by another name', parse: nick },
  retry: { usage: '/retry', about: 'try to connect now', parse: bare({ type: 'retry' }) },
  help: { usage: '/help', about: 'keys and commands', parse: bare({ type: 'help' }) },
  quit: { usage: '/quit', about: 'leave; what is queued is kept', parse: bare({ type: 'quit' }) },
  kill: {
    usage: '/kill SERVER',
    about: 'end a server at once, as a crash would',
    completes: 'servers',
    localOnly: true,
    parse: server('kill'),
  },
  pause: {
    usage: '/pause SERVER',
    about: 'freeze a server',
    completes: 'servers',
    localOnly: true,
    parse: server('pause'),
  },
  start: {
    usage: '/start SERVER',
    about: 'start or thaw a server',
    completes: 'servers',
    localOnly: true,
    parse: server('start'),
  },
};

/** Edits that turn one word into the other, a swap of neighbours counting once (Damerau 1964). */
function editDistance(one: string, other: string): number {
  const width = other.length + 1;
  const rows = Array.from({ length: one.length + 1 }, () => new Array<number>(width).fill(0));
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let row = 0; row <= one.length; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const same = one[row - 1] === other[column - 1] ? 0 : 1;
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const choices =
        row === 0 || column === 0
          ? [row + column]
          : [at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + same];
      if (row > 1 && column > 1 && swapped) choices.push(at(row - 2, column - 2) + 1);
      (rows[row] as number[])[column] = Math.min(...choices);
    }
  }
  return at(one.length, other.length);
}

/** Further from every command than this is no slip of the fingers. */
const NEAR_EDITS_MAX = 2;

function nearest(name: string, names: readonly string[]): string | null {
  const byDistance = names
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((one, other) => one.distance - other.distance);
  const best = byDistance[0];
  return best && best.distance <= NEAR_EDITS_MAX ? best.candidate : null;
}

/** The commands that exist here, by name. @param local whether this screen started the servers */
export function commandNames(local: boolean): string[] {
  return Object.entries(COMMANDS)
    .filter(([, row]) => local || !row.localOnly)
    .map(([name]) => name);
}

/**
 * What a written text means: a post, a command, or a mistake that is told and not posted. Two slashes at
 * the start post one.
 */
export function parseInput(text: string, local: boolean): Parsed {
  if (text.startsWith('//')) return { type: 'post', text: text.slice(1) };
  if (!text.startsWith('/')) return { type: 'post', text };
  const [, name = '', rest = ''] = /^\/(\S*)\s*([\s\S]*)$/.exec(text) ?? [];
  if (/^\d+$/.test(name)) {
    return { type: 'command', command: { type: 'room', number: Number(name) } };
  }
  const lower = name.toLowerCase();
  const row = Object.hasOwn(COMMANDS, lower) ? COMMANDS[lower] : undefined;
  if (!row) return { type: 'wrong', reason: unknownCommand(lower, local) };
  if (row.localOnly && !local) {
    return { type: 'wrong', reason: `/${lower} works only with --local, on servers started here` };
  }
  const command = row.parse(rest.trim());
  return typeof command === 'string'
    ? { type: 'wrong', reason: command }
    : { type: 'command', command };
}

function unknownCommand(name: string, local: boolean): string {
  const near = nearest(name, commandNames(local));
  const advice = near ? `did you mean /${near}?` : '/help lists them';
  return `no command /${name}: ${advice} (// posts a slash)`;
}
