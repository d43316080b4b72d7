// Arguments of the headless commands, checked, with a help text for each.
import meow from 'meow';
import { RoomName, ShownRoomName, ShownUserName } from '../../lib/protocol/fields.ts';
import {
  accountName,
  checkOptions,
  givenName,
  SLOGAN,
  serversOf,
  TIMEOUT_MS,
  timeoutMsOf,
  UsageError,
  withHelpAlone,
} from '../arguments.ts';

export type Reach = Readonly<{
  /** `host:port`, in the order they are tried; null where none were named. */
  servers: readonly string[] | null;
  /** Path of the key file; null for the usual one. */
  identity: string | null;
  /** How long reaching a server may take. */
  timeoutMs: number;
}>;
/** Where posts go to, or come from: a room, or the conversation with one person. */
export type Place = Readonly<{ type: 'room'; name: string } | { type: 'person'; name: string }>;
export type SendOptions = Reach &
  Readonly<{ place: Place; name: string; create: boolean; json: boolean; text: string | null }>;
export type TailOptions = Reach &
  Readonly<{
    place: Place;
    name: string;
    /** How many posts from before the start; Infinity for all. */
    last: number;
    follow: boolean;
    json: boolean;
  }>;
export type StatusOptions = Reach & Readonly<{ json: boolean }>;

export type HeadlessCommand =
  | Readonly<{ command: 'send'; options: SendOptions }>
  | Readonly<{ command: 'tail'; options: TailOptions }>
  | Readonly<{ command: 'status'; options: StatusOptions }>;

const SHARED_HELP = `
    --servers H:P,…     servers to try; by default those that --local runs here, and
                        localhost:8000, 8001 and 8002
    --port-base PORT    first of the three ports of servers here; 8000 by default
    --host HOST         name one server: localhost by default
    --port PORT         and its port; 8000 by default
    --timeout SECONDS   how long reaching a server may take; 10 by default
    -h, --help          this text

  Exit codes: 0 done, 1 refused or failed, 2 wrong arguments, 3 no server reached.`;

const WHO_HELP = `
    --name NAME         your name; by default SYNCNET_NAME, then your account's name
    --identity FILE     your key; ~/.config/syncnet/identity.json by default`;

export const HELP = {
  send: `
  Usage
    $ syncnet-tui send --room ROOM | --to PERSON [--name NAME] [TEXT]

  Posts TEXT, or every line of standard input as it comes; ends when all are answered.

    --room ROOM         where to; joined on the way
    --to PERSON         to one person alone
    --create            create the room where there is none
    --json              tell the answer to each, a line each${WHO_HELP}${SHARED_HELP}
`,
  tail: `
  Usage
    $ syncnet-tui tail --room ROOM | --to PERSON [--name NAME]

  Prints a room's posts, or those of a conversation of two, in order: the last ones, and then
  each as it comes, once. A post that is edited or taken back is printed again; its reactions
  are those that it has when it is printed.

    --room ROOM         which room; joined on the way
    --to PERSON         what you and that person write to each other
    --last N|all        how many from before; 10 by default
    --no-follow         end after those
    --json              a JSON object a line${WHO_HELP}${SHARED_HELP}
`,
  status: `
  Usage
    $ syncnet-tui status

  Says which servers there are, who leads and who is in sync.

    --json              as one JSON object
    --identity FILE     not needed, and taken, so that scripts can give it to every command${SHARED_HELP}
`,
} as const;

export const HEADLESS_COMMANDS = Object.keys(HELP) as readonly (keyof typeof HELP)[];

const text = { type: 'string' } as const;
const reachFlags = { servers: text, portBase: text, host: text, port: text, timeout: text };
const whoFlags = { name: text, identity: text, room: text, to: text };
const json = { type: 'boolean', default: false } as const;

const FLAGS = {
  send: { ...reachFlags, ...whoFlags, json, create: { type: 'boolean', default: false } },
  tail: {
    ...reachFlags,
    ...whoFlags,
    json,
    last: text,
    follow: { type: 'boolean', default: true },
  },
  status: { ...reachFlags, identity: text, json },
} as const;

/** What is on by itself is typed to turn it off. */
const asGiven = ([name, flag]: [string, { type: string; default?: boolean }]) =>
  flag.default === true ? `no${name.slice(0, 1).toUpperCase()}${name.slice(1)}` : name;

/** The options of each command as they are given, in camel case. */
export const HEADLESS_OPTIONS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(FLAGS).map(([command, flags]) => [command, Object.entries(flags).map(asGiven)]),
);

function reachOf(flags: {
  servers?: string | undefined;
  portBase?: string | undefined;
  host?: string | undefined;
  port?: string | undefined;
  timeout?: string | undefined;
  identity?: string | undefined;
}): Reach {
  return {
    servers: serversOf(flags),
    identity: flags.identity ?? null,
    timeoutMs: timeoutMsOf(flags.timeout) ?? TIMEOUT_MS,
  };
}

type PlaceFlags = Readonly<{ room?: string | undefined; to?: string | undefined }>;

/** @throws UsageError unless exactly one of the two was given */
function placeOf({ room, to }: PlaceFlags, isNew: boolean): Place {
  if (to === undefined) return { type: 'room', name: roomOf(room, isNew) };
  if (room !== undefined || isNew) {
    throw new UsageError(
      `--to: it stands in place of --room, not beside --${isNew ? 'create' : 'room'}`,
    );
  }
  const name = to.replace(/^@/, '').normalize('NFKC');
  if (ShownUserName.safeParse(name).success) return { type: 'person', name };
  throw new UsageError(`--to: expected the name of a person, got ${to}`);
}

/** @param isNew whether the room may have to be created, under a name that is free to choose */
function roomOf(given: string | undefined, isNew: boolean): string {
  if (given === undefined || given === '') throw new UsageError('--room: it is required, or --to');
  const name = given.replace(/^#/, '').normalize('NFKC');
  const parsed = (isNew ? RoomName : ShownRoomName).safeParse(name);
  if (parsed.success) return parsed.data;
  // Of the two schemas this one says what is allowed.
  const problem = RoomName.safeParse(name).error?.issues[0]?.message;
  throw new UsageError(`--room: ${problem}, got ${given}`);
}

function lastOf(given: string | undefined): number {
  if (given === undefined) return 10;
  if (given === 'all') return Number.POSITIVE_INFINITY;
  if (/^\d{1,9}$/.test(given)) return Number(given);
  throw new UsageError(`--last: expected a number or all, got ${given}`);
}

function noWords(words: readonly string[]): void {
  if (words[0] !== undefined) throw new UsageError(`${words[0]}: expected options only`);
}

const parsers = {
  send: (argv: readonly string[]): HeadlessCommand => {
    const cli = meow(HELP.send, {
      importMeta: import.meta,
      description: SLOGAN,
      argv: withHelpAlone(argv),
      flags: FLAGS.send,
    });
    const { flags, input } = cli;
    if (input.length > 1)
      throw new UsageError(`TEXT: expected one, in quotes; got ${input.length}`);
    const options = {
      ...reachOf(flags),
      place: placeOf(flags, flags.create),
      name: givenName(flags.name) ?? accountName(),
      create: flags.create,
      json: flags.json,
      text: input[0] ?? null,
    };
    return { command: 'send', options };
  },
  tail: (argv: readonly string[]): HeadlessCommand => {
    const cli = meow(HELP.tail, {
      importMeta: import.meta,
      description: SLOGAN,
      argv: withHelpAlone(argv),
      flags: FLAGS.tail,
    });
    const { flags } = cli;
    noWords(cli.input);
    const options = {
      ...reachOf(flags),
      place: placeOf(flags, false),
      name: givenName(flags.name) ?? accountName(),
      last: lastOf(flags.last),
      follow: flags.follow,
      json: flags.json,
    };
    return { command: 'tail', options };
  },
  status: (argv: readonly string[]): HeadlessCommand => {
    const cli = meow(HELP.status, {
      importMeta: import.meta,
      description: SLOGAN,
      argv: withHelpAlone(argv),
      flags: FLAGS.status,
    });
    noWords(cli.input);
    return { command: 'status', options: { ...reachOf(cli.flags), json: cli.flags.json } };
  },
} as const;

/**
 * Reads the arguments of a headless command; ends the process for --help.
 * @param argv the command first
 * @throws UsageError
 */
export function parseHeadless(argv: readonly string[]): HeadlessCommand {
  const [command = '', ...rest] = argv;
  const parser = parsers[command as keyof typeof parsers];
  if (!parser) {
    throw new UsageError(`${command}: no such command; there is ${HEADLESS_COMMANDS.join(', ')}`);
  }
  checkOptions(rest, Object.keys(FLAGS[command as keyof typeof FLAGS]));
  return parser(rest);
}
