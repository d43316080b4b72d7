// One person's way through the screen in a real terminal, at one size, with a server in this process and the others
// in the room played by the story. Everything is new for each flow: homes, key, history.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { directRoomIdOf } from '../../lib/ids.ts';
import type { ClientMessage } from '../../lib/protocol/requests.ts';
import type { Person, RequestWithoutNumber } from './chat-stage.ts';
import { TUI_MAIN } from './daemons.ts';
import { knownIdentity, knownPerson } from './known-people.ts';
import { type Reshape, StageServer } from './stage-server.ts';
import { Storyboard } from './storyboard.ts';
import { KEYS, Terminal } from './terminal.ts';

/** A leader is silent for 400 ms before it is left: three seconds for a test's process that waits for a processor. */
const PACE = 1 / 8;
const SHELL_PROMPT = 'shell> ';
const FIXED_CLOCK = new URL('fixed-clock.ts', import.meta.url).href;

export const SIZES = { '40x12': [40, 12], '80x24': [80, 24], '120x40': [120, 40] } as const;
export type SizeName = keyof typeof SIZES;
const ALL_SIZES = Object.keys(SIZES) as SizeName[];

export type FlowOptions = Readonly<{
  size: SizeName;
  /** Name of the storyboard, where one is told. */
  golden?: string;
  /** config.toml. */
  settings?: string;
  environment?: Readonly<Record<string, string>>;
  /** How fast the program's durations pass; nearer to 1 where the story waits for what it does by itself. */
  pace?: number;
  /** Modules that are loaded before the program. */
  preloads?: readonly string[];
  /** What the server makes of its lines on their way to the program. */
  reshape?: Reshape;
}>;

/** How a program is started that ended before: at first as alice, and waited for until she is signed in. */
type Again = Readonly<{ name?: string; connected?: boolean }>;

export class Flow {
  readonly folder: string;
  /** The one that leads, and that the others are signed in to. */
  server: StageServer;
  readonly size: SizeName;
  terminal: Terminal;
  readonly board: Storyboard;
  private readonly options: FlowOptions;
  private readonly closers: (() => void)[] = [];
  private arrivals = 0;
  private readonly people = new Map<string, { who: Person; connection: number }>();

  private constructor(parts: { folder: string; server: StageServer; options: FlowOptions }) {
    this.folder = parts.folder;
    this.server = parts.server;
    this.options = parts.options;
    this.size = parts.options.size;
    this.terminal = this.start(this.words());
    this.board = new Storyboard(
      `${parts.options.golden ?? 'none'}-${this.size}`,
      () => this.terminal,
    );
  }

  /** Signed in, #general on the screen. */
  static async open(options: FlowOptions): Promise<Flow> {
    const folder = await mkdtemp(join(tmpdir(), 'syncnet-flow-'));
    const settings = join(folder, 'config', 'syncnet');
    await mkdir(settings, { recursive: true });
    await writeFile(join(settings, 'identity.json'), knownIdentity('alice'), { mode: 0o600 });
    if (options.settings !== undefined)
      await writeFile(join(settings, 'config.toml'), options.settings);
    const { reshape } = options;
    const server = await StageServer.open(reshape === undefined ? {} : { reshape });
    server.lead();
    const flow = new Flow({ folder, server, options });
    await flow.isThere();
    return flow;
  }

  get dimensions(): readonly [columns: number, rows: number] {
    return SIZES[this.size];
  }

  /** The words that start the program. */
  words(name = 'alice'): string[] {
    const { preloads = [] } = this.options;
    const imports = [FIXED_CLOCK, ...preloads].flatMap((module) => ['--import', module]);
    const who = ['--servers', this.server.address, '--name', name];
    return [process.execPath, ...imports, TUI_MAIN, ...who];
  }

  private start(words: readonly string[]): Terminal {
    const [columns, rows] = this.dimensions;
    const [file = '', ...args] = words;
    return new Terminal({
      file,
      args,
      columns,
      rows,
      environment: {
        TZ: 'UTC',
        PS1: SHELL_PROMPT,
        CLOCK_PACE: String(this.options.pace ?? PACE),
        XDG_CONFIG_HOME: join(this.folder, 'config'),
        XDG_DATA_HOME: join(this.folder, 'data'),
        ...this.options.environment,
      },
    });
  }

  async again({ name = 'alice', connected = true }: Again = {}): Promise<void> {
    this.terminal = this.start(this.words(name));
    if (connected) await this.isThere();
  }

  /** Starts the program anew from a shell, as people do. */
  async againInShell(): Promise<void> {
    // Without its line editor, which sets modes of the terminal itself.
    this.terminal = this.start(['bash', '--norc', '--noprofile', '--noediting', '-i']);
    await this.terminal.waitForText(SHELL_PROMPT.trim());
    this.types(this.words().join(' '));
    await this.isThere();
  }

  private async isThere(): Promise<void> {
    await this.terminal.waitForText(/#\S+ [❯>]/u, 20_000);
    await this.terminal.waitForText(/alice [●*] server3/u);
  }

  /** Presses keys, or types. */
  keys(...keys: readonly string[]): void {
    this.terminal.keys(...keys);
  }

  /** Types a line and presses Enter. */
  types(text: string): void {
    this.terminal.keys(text, KEYS.enter);
  }

  /** The next screen of the storyboard. */
  shows(caption: string, pattern: RegExp): Promise<void> {
    return this.board.shows(caption, pattern);
  }

  /** A minute or more goes by for the server. */
  later(minutes = 1): void {
    this.server.stage.wallMs += minutes * 60_000;
  }

  /** Somebody else, signed in and in these rooms. */
  comes(name: string, ...rooms: readonly string[]): void {
    const who = this.people.get(name)?.who ?? knownPerson(name);
    this.arrivals += 1;
    // Another session each time: its requests are counted from one again.
    const session = `s${this.arrivals}x${name}`.padEnd(12, '0').slice(0, 12);
    const connection = this.server.stage.join(who, { session });
    this.people.set(name, { who, connection });
    for (const room of rooms) this.asks(name, { type: 'joinRoom', name: room });
  }

  /** Waits until so many are in the list of people, where the screen has room for it. */
  async seesPeople(count: number): Promise<void> {
    if (this.size === '120x40') await this.terminal.waitForText(`PEOPLE ${count}`);
  }

  /** Somebody else leaves the keyboard and the server. */
  goes(name: string): void {
    this.server.stage.disconnect(this.connection(name));
  }

  private connection(name: string): number {
    const found = this.people.get(name);
    if (!found) throw new Error(`${name} is not there`);
    return found.connection;
  }

  asks(name: string, request: RequestWithoutNumber): void {
    this.server.stage.request(this.connection(name), request);
  }

  /** Somebody else tells what is not answered: that they write, or sit there no longer. */
  signals(name: string, signal: Extract<ClientMessage, { type: 'typing' | 'presence' }>): void {
    this.server.stage.say(this.connection(name), signal);
  }

  /** Somebody else creates a room. @returns its id */
  creates(name: string, room: string): string {
    return this.server.stage.createRoom(this.connection(name), room);
  }

  /** Somebody else posts. @returns the id of the post */
  says(name: string, text: string, room = 'general'): string {
    const connection = this.connection(name);
    this.server.stage.post(connection, text, room);
    const stored = this.server.stage.take(connection, 'stored').at(-1);
    if (!stored) throw new Error(`not stored: ${text}`);
    return stored.id;
  }

  /** How somebody else was told of alice since they were asked last: here, idle or gone. */
  statesOfAlice(name: string): string[] {
    const { account } = knownPerson('alice');
    const heard = this.server.stage.take(this.connection(name), 'presence');
    return heard.flatMap((presence) => (presence.account === account ? [presence.state] : []));
  }

  /** What a room holds, as somebody else is told it. */
  texts(name: string, room = 'general'): string[] {
    const connection = this.connection(name);
    this.server.stage.say(connection, { type: 'history', query: 1, room, limit: 100 });
    const page = this.server.stage.take(connection, 'page').at(-1);
    return (page?.posts ?? []).map(({ text }) => text);
  }

  /** Presses Ctrl+C twice. @returns the exit code */
  async quits(): Promise<number> {
    this.keys(KEYS.ctrlC);
    await this.terminal.waitForText(/Ctrl\+C again quits/);
    this.keys(KEYS.ctrlC);
    return this.terminal.exited();
  }

  /** Another server leads from here on: it is what the story goes on with. */
  movesTo(server: StageServer): void {
    this.whenClosed(() => server.close());
    this.server.dies();
    this.whenClosed(this.server.close.bind(this.server));
    this.server = server;
  }

  whenClosed(closer: () => void): void {
    this.closers.push(closer);
  }

  /** @returns the id of the conversation of alice and somebody else, which exists already */
  directRoom(name: string): string {
    const { who } = this.people.get(name) ?? {};
    if (!who) throw new Error(`${name} is not there`);
    return directRoomIdOf(knownPerson('alice').account, who.account);
  }

  async close(): Promise<void> {
    await this.terminal.close();
    for (const closer of this.closers) closer();
    this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

type Story = (flow: Flow, t: TestContext) => Promise<void>;

/**
 * A test for each size, beside each other, for a story waits most of the time: it is gone through, and the storyboard is
 * that of the golden.
 * @param title a rule; the sizes stand below it
 */
export function testFlow(
  title: string,
  { sizes = ALL_SIZES, ...options }: Omit<FlowOptions, 'size'> & { sizes?: readonly SizeName[] },
  story: Story,
): void {
  describe(title, { concurrency: true }, () => {
    for (const size of sizes) {
      test(`at ${size}`, async (t) => {
        const flow = await Flow.open({ ...options, size });
        t.after(() => flow.close());
        await story(flow, t);
        if (options.golden !== undefined) flow.board.end();
      });
    }
  });
}
