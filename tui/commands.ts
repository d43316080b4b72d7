// The slash commands: one table that parsing, completion and help all read. A mistyped command is refused
// with the nearest one named, never posted.
import { RoomName, ShownUserName, UserName } from '../lib/protocol/fields.ts';
import { ROOM_NAME_CHARS_MAX, USER_NAME_CHARS_MAX } from '../lib/protocol/limits.ts';
import { nearest } from './nearest.ts';
import type { LocalVerb } from './state/action.ts';

export type Command =
  | Readonly<{ type: 'create'; name: string; topic: string }>
  | Readonly<{ type: 'join'; name: string }>
  | Readonly<{ type: 'search'; query: string }>
  | Readonly<{ type: 'msg'; name: string; text: string }>
  | Readonly<{ type: 'me'; text: string }>
  | Readonly<{ type: 'reply'; text: string }>
  | Readonly<{ type: 'edit'; text: string }>
  | Readonly<{ type: 'delete' }>
  | Readonly<{ type: 'react'; emoji: string }>
  | Readonly<{ type: 'leave'; name: string }>
  | Readonly<{ type: 'topic'; topic: string }>
  | Readonly<{ type: 'rooms' }>
  | Readonly<{ type: 'who'; name: string }>
  | Readonly<{ type: 'nick'; name: string }>
  | Readonly<{ type: 'outbox' }>
  | Readonly<{ type: 'copy' }>
  | Readonly<{ type: 'mouse' }>
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
  completes?: 'rooms' | 'servers' | 'people';
  /** Only where this screen started the servers. */
  localOnly?: true;
  /**
   * @param name as it was typed: an alias perhaps
   * @returns the command, or what is wrong with `rest`, the text behind the name
   */
  parse(rest: string, name: string): Command | string;
}>;

/** What names are made of, short enough for a row of 80 columns. */
const nameRule = (charsMax: number) => `letters, digits, _ - . without spaces, at most ${charsMax}`;

/** A word that was typed, cut where the reason behind it would not fit. */
const quoted = (text: string) => (text.length > 20 ? `${text.slice(0, 19)}…` : text);

function roomNameOf(text: string): { name: string } | string {
  if (text === '' || text === '#') return 'which room? such as #ops';
  const name = text.replace(/^#/, '').normalize('NFKC').toLowerCase();
  // A second room of one name is shown, after a merge, with a suffix behind a tilde.
  const parsed = RoomName.safeParse(name.replace(/~[a-z0-9_-]{4}$/, ''));
  return parsed.success
    ? { name: name.includes('~') ? text.replace(/^#/, '') : name }
    : `${quoted(text)} is no room name: ${nameRule(ROOM_NAME_CHARS_MAX)}`;
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
  if (rest === '') return 'which name? /nick NAME';
  const parsed = UserName.safeParse(rest);
  return parsed.success
    ? { type: 'nick', name: parsed.data }
    : `${quoted(rest)} is no name: ${nameRule(USER_NAME_CHARS_MAX)}`;
}

function msg(rest: string): Command | string {
  const [, given = '', text = ''] = /^@?(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
  const name = given.normalize('NFKC');
  if (name === '') return 'to whom? /msg NAME TEXT';
  return ShownUserName.safeParse(name).success
    ? { type: 'msg', name, text }
    : `${quoted(name)} is no name: ${nameRule(USER_NAME_CHARS_MAX)}`;
}

const server =
  (verb: LocalVerb) =>
  (rest: string): Command | string =>
    rest === ''
      ? `which server? /${verb} server1, server2 or server3`
      : { type: 'server', verb, id: rest };
const bare = (command: Command) => (rest: string, name: string) =>
  rest === '' ? command : `/${name} takes nothing behind it`;

/** A command about the open room, or another that is named. */
const aboutRoom = (type: 'leave' | 'who') => (rest: string) => {
  const room = rest === '' ? { name: '' } : roomNameOf(rest);
  return typeof room === 'string' ? room : { type, name: room.name };
};

export const COMMANDS: Readonly<Record<string, Row>> = {
  create: { usage: '/create ROOM [TOPIC]', about: 'a new room, and go there', parse: create },
  join: { usage: '/join ROOM', about: 'join a room and go there', completes: 'rooms', parse: join },
  leave: {
    usage: '/leave [ROOM]',
    about: 'leave this room, or another',
    completes: 'rooms',
    parse: aboutRoom('leave'),
  },
  topic: {
    usage: '/topic TEXT',
    about: 'what this room is about',
    parse: (rest) => (rest === '' ? 'give the topic: /topic TEXT' : { type: 'topic', topic: rest }),
  },
  msg: {
    usage: '/msg NAME [TEXT]',
    about: 'write to one person alone',
    completes: 'people',
    parse: msg,
  },
  dm: { usage: '/dm NAME [TEXT]', about: 'the same', completes: 'people', parse: msg },
  me: {
    usage: '/me TEXT',
    about: 'what you do, told as * alice waves',
    parse: (rest) => (rest === '' ? 'what do you do? /me waves' : { type: 'me', text: rest }),
  },
  reply: {
    usage: '/reply [TEXT]',
    about: 'answer the newest message of another',
    parse: (rest) => ({ type: 'reply', text: rest }),
  },
  edit: {
    usage: '/edit [TEXT]',
    about: 'another text for your newest message',
    parse: (rest) => ({ type: 'edit', text: rest }),
  },
  delete: {
    usage: '/delete',
    about: 'take your newest message back; asks first',
    parse: bare({ type: 'delete' }),
  },
  react: {
    usage: '/react EMOJI',
    about: '👍 or :tada: under the newest message',
    parse: (rest) =>
      rest === '' ? 'which emoji? /react 👍 or :tada:' : { type: 'react', emoji: rest },
  },
  search: {
    usage: '/search WORDS',
    about: 'from:NAME in:#ROOM after:2026-11-23 before:…',
    parse: (rest) => ({ type: 'search', query: rest }),
  },
  rooms: { usage: '/rooms', about: 'every room there is', parse: bare({ type: 'rooms' }) },
  who: {
    usage: '/who [ROOM]',
    about: 'who is in this room, or another',
    completes: 'rooms',
    parse: aboutRoom('who'),
  },
  nick: { usage: '/nick NAME', about: 'another name: an account of its own', parse: nick },
  retry: { usage: '/retry', about: 'try to connect now', parse: bare({ type: 'retry' }) },
  outbox: {
    usage: '/outbox',
    about: 'what is queued',
    parse: bare({ type: 'outbox' }),
  },
  copy: { usage: '/copy', about: 'this room as plain text', parse: bare({ type: 'copy' }) },
  mouse: {
    usage: '/mouse',
    about: 'use the mouse here, or leave it to the terminal',
    parse: bare({ type: 'mouse' }),
  },
  help: { usage: '/help', about: 'keys and commands', parse: bare({ type: 'help' }) },
  quit: { usage: '/quit', about: 'leave; what is queued is kept', parse: bare({ type: 'quit' }) },
  kill: {
    usage: '/kill SERVER',
    about: 'end a server at once, as a crash would',
    completes: 'servers',
    localOnly: true,
    parse: server('kill'),
  },
  stop: {
    usage: '/stop SERVER',
    about: 'have a server hand over and end',
    completes: 'servers',
    localOnly: true,
    parse: server('stop'),
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

/** What people of other programs type. */
const ALIASES: Readonly<Record<string, string>> = {
  ...{ part: 'leave', query: 'msg', names: 'who', exit: 'quit', j: 'join' },
};

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
  const typed = name.toLowerCase();
  const lower = Object.hasOwn(ALIASES, typed) ? (ALIASES[typed] ?? typed) : typed;
  const row = Object.hasOwn(COMMANDS, lower) ? COMMANDS[lower] : undefined;
  if (!row) return { type: 'wrong', reason: unknownCommand(lower, local) };
  if (row.localOnly && !local) {
    return {
      type: 'wrong',
      reason: `/${lower} works in the screen that started the servers (--local)`,
    };
  }
  const command = row.parse(rest.trim(), typed);
  return typeof command === 'string'
    ? { type: 'wrong', reason: command }
    : { type: 'command', command };
}

function unknownCommand(name: string, local: boolean): string {
  const near = nearest(name, commandNames(local));
  const advice = near ? `did you mean /${near}?` : '/help lists them';
  return `no command /${name}: ${advice} (// posts a slash)`;
}
