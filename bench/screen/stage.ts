// What a bench of the screen plays on: real daemons with a long history, traffic on request, and screens of one user
// who is in every room of it. Everything that it starts it ends.
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { createChatClient } from '../../lib/client/client.ts';
import { loadIdentity } from '../../lib/client/identity.ts';
import { seededRandom } from '../../lib/random.ts';
import { Daemons } from '../../test/support/daemons.ts';
import { fillStores } from '../../test/support/filled-store.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { joinedRoom, signedIn } from '../../tui/headless/reach.ts';
import { WatchedScreen } from './watched-screen.ts';
import { saidText } from './words.ts';

export const OPEN_ROOM = 'general';
const OTHER_ROOMS = ['deploys', 'alerts', 'builds', 'bots'] as const;
const OPEN_PER_SECOND = 500;
const OTHERS_PER_SECOND = 2_000;
const SIGN_IN_MS_MAX = 30_000;
/** The search index reads the whole history once. */
const INDEXED_MS_MAX = 120_000;
const NAME = 'alice';

export type Traffic = Readonly<{
  /** Posts that the servers have stored so far: of the open room, and of the others. */
  stored(): Readonly<{ open: number; others: number }>;
  stop(): Promise<void>;
}>;

export class Stage {
  readonly postsCount: number;
  private readonly daemons: Daemons;
  private readonly ids: readonly string[];
  private readonly screens: WatchedScreen[] = [];
  private readonly random = seededRandom(1);
  private traffic: ResultPromise | null = null;

  private constructor(daemons: Daemons, ids: readonly string[], postsCount: number) {
    this.daemons = daemons;
    this.ids = ids;
    this.postsCount = postsCount;
  }

  /** @param serversCount 1 to 3 that run; with fewer than three the machine has more left for what is measured */
  static async set(fields: { postsCount: number; serversCount: number }): Promise<Stage> {
    const daemons = await Daemons.prepare();
    const ids = daemons.ids().slice(-fields.serversCount);
    const stage = new Stage(daemons, ids, fields.postsCount);
    try {
      fillStores(daemons, { ids, count: fields.postsCount, textOf: saidText });
      await Promise.all(ids.map((id) => daemons.run(id)));
      await daemons.settled(ids);
      await mkdir(stage.folder, { recursive: true });
      await stage.enterRooms();
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  private get folder(): string {
    return join(this.daemons.directory, 'user');
  }

  private get identityPath(): string {
    return join(this.folder, 'identity.json');
  }

  private get addresses(): string[] {
    return this.ids.map((id) => this.daemons.address(id));
  }

  /** The user is in every room, and the servers have read what they are going to search. */
  private async enterRooms(): Promise<void> {
    const identity = await loadIdentity(this.identityPath);
    const options = { servers: this.addresses, identity, name: NAME, folder: null };
    const client = await createChatClient(options);
    try {
      const rooms = await signedIn(client, SIGN_IN_MS_MAX);
      for (const name of OTHER_ROOMS) await joinedRoom(client, rooms, { name, create: true });
      const isIndexed = async () => (await client.search({ text: 'lag', limit: 1 })).complete;
      await waitFor('the servers to read their history', isIndexed, INDEXED_MS_MAX);
    } finally {
      await client.close();
    }
  }

  /** Starts one more screen. @param nodeFlags for a profile, say */
  openScreen(nodeFlags: readonly string[] = []): WatchedScreen {
    const args = ['--servers', this.addresses.join(','), '--name', NAME];
    const folders = ['--data', join(this.folder, 'data'), '--identity', this.identityPath];
    const screen = new WatchedScreen({
      args: [...args, ...folders],
      // No settings of whoever runs this.
      environment: { XDG_CONFIG_HOME: this.folder },
      random: this.random,
      nodeFlags,
    });
    this.screens.push(screen);
    return screen;
  }

  async startTraffic(): Promise<Traffic> {
    const others = OTHER_ROOMS.map((room) => `${room}:${OTHERS_PER_SECOND / OTHER_ROOMS.length}`);
    const rooms = [`${OPEN_ROOM}:${OPEN_PER_SECOND}`, ...others].join(',');
    const script = new URL('./traffic.ts', import.meta.url).pathname;
    const words = ['--server', this.addresses.at(-1) as string, '--rooms', rooms];
    const child = execa(process.execPath, [script, ...words], {
      buffer: false,
      reject: false,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.traffic = child;
    let counts: readonly number[] = [];
    child.stdout.on('data', (bytes: Buffer) => {
      const line = bytes.toString().trimEnd().split('\n').at(-1) ?? '[]';
      counts = JSON.parse(line);
    });
    await once(child.stdout, 'data');
    return {
      stored: () => ({
        open: counts[0] ?? 0,
        others: counts.slice(1).reduce((sum, count) => sum + count, 0),
      }),
      stop: () => this.stopTraffic(),
    };
  }

  private async stopTraffic(): Promise<void> {
    this.traffic?.stdin?.end();
    await this.traffic;
    this.traffic = null;
  }

  async close(): Promise<void> {
    for (const screen of this.screens.splice(0)) await screen.close();
    await this.stopTraffic();
    await this.daemons.close();
  }
}
