// A script for a simulated cluster: what happens to it, and what people and operators see of it, as text that
// a person can read. Time, network and disks are as exact as a script: nothing is drawn that shows.
import assert from 'node:assert/strict';
import { bodyOf } from '../../daemon/chat/bodies.ts';
import type { ClientEvent } from '../../lib/client/api.ts';
import type { SimulatedClient } from '../simulator/client.ts';
import type { Cluster } from '../simulator/cluster.ts';
import { DAEMONS_LIMITS, NEVER_MS, type Plan } from '../simulator/plan.ts';
import type { SimulatedServer } from '../simulator/server.ts';
import { openStage, type Stage } from '../simulator/simulate.ts';

/** Long enough for any change of view, short enough that nothing stable takes the lead back. */
const MOMENT_MS = 600;
/** All that waits for stability has happened by then. */
const WHILE_MS = 12_000;

const PLAN: Omit<Plan, 'servers' | 'clients' | 'names' | 'copiesMin'> = {
  seed: 7,
  retention: { retentionMs: null, forgetAfterMs: NEVER_MS },
  network: { latencyMsMin: 1, latencyMsMax: 1, loss: 0, duplication: 0, retransmitMsMax: 0 },
  limits: DAEMONS_LIMITS,
  diskMs: 1,
  durationMs: NEVER_MS,
  events: [],
};

type People = Readonly<Record<string, string>>;

export class Scenario {
  private readonly lines: string[] = [];
  private readonly stage: Stage;
  private readonly people: ReadonlyMap<string, SimulatedClient>;
  /** What each person was told since the last look. */
  private readonly told = new Map<string, string[]>();

  /** @param names of the people, who are all at any server that leads; two may want one name */
  constructor(
    fields: Partial<Pick<Plan, 'servers' | 'copiesMin' | 'retention'>> & {
      people?: People;
      retransmitMsMax?: number;
      limits?: Partial<Plan['limits']>;
    } = {},
  ) {
    const { servers = 3, people = { ada: 'ada' }, copiesMin = 1 } = fields;
    const { retention = PLAN.retention, retransmitMsMax = 0 } = fields;
    const ids = Object.keys(people);
    const names = Object.values(people);
    const network = { ...PLAN.network, retransmitMsMax };
    const clients = ids.length;
    const limits = { ...PLAN.limits, ...fields.limits };
    const plan: Plan = { ...PLAN, servers, clients, names, copiesMin, retention, network, limits };
    this.stage = openStage(plan, (client, event) => this.onEvent(client, event));
    const told = this.cluster.clients;
    this.people = new Map(ids.map((id, index) => [id, told[index] as SimulatedClient]));
    for (const server of this.cluster.all()) server.wallSkewMs = 0;
  }

  get cluster(): Cluster {
    return this.stage.cluster;
  }

  server(number: number): SimulatedServer {
    return this.cluster.server(`server${number}`);
  }

  private person(who: string): SimulatedClient {
    const person = this.people.get(who);
    if (!person) throw new Error(`there is no ${who}`);
    return person;
  }

  // --- the script ---

  /** A step in words, and what is done. */
  step(words: string, act: () => void = () => {}): this {
    if (words !== '') this.lines.push(`> ${words}`);
    act();
    return this;
  }

  /** Everything is started, and the highest leads. */
  start(...numbers: readonly number[]): this {
    const all = this.cluster.all();
    const started = numbers.length === 0 ? all : numbers.map((number) => this.server(number));
    for (const server of started) server.start();
    for (const client of this.cluster.clients) client.start();
    this.cluster.run(WHILE_MS);
    return this;
  }

  moment(): this {
    this.cluster.run(MOMENT_MS);
    return this;
  }

  while(): this {
    this.cluster.run(WHILE_MS);
    return this;
  }

  wait(ms: number): this {
    this.cluster.run(ms);
    return this;
  }

  say(who: string, text: string): this {
    return this.step(`${who} says "${text}"`, () =>
      this.person(who).request({ type: 'post', room: 'general', text }),
    ).wait(50);
  }

  /** Two sides, each a list of servers by number and of people, that do not hear each other. */
  split(one: readonly (number | string)[], other: readonly (number | string)[]): this {
    const idOf = (each: number | string) =>
      typeof each === 'number' ? `server${each}` : this.person(each).id;
    return this.step(`${one.join(' ')} and ${other.join(' ')} lose sight of each other`, () => {
      for (const each of one) for (const far of other) this.cluster.cutBoth(idOf(each), idOf(far));
    });
  }

  heal(): this {
    return this.step('all see each other again', () => this.cluster.healNetwork());
  }

  // --- what must be so ---

  /** Those lead, and nobody else does. */
  leads(...numbers: readonly number[]): this {
    const leaders = this.cluster.all().filter(({ running }) => running?.ring.phase === 'leading');
    assert.deepEqual(
      leaders.map(({ id }) => id),
      numbers.map((number) => `server${number}`),
    );
    return this;
  }

  // --- what is seen ---

  private onEvent(client: SimulatedClient, event: ClientEvent): void {
    const line = lineOf(event);
    if (line === null) return;
    const who = [...this.people].find(([, each]) => each === client)?.[0] ?? client.id;
    this.told.set(who, [...(this.told.get(who) ?? []), line]);
  }

  /** Each server as an operator sees it, and what people were told since the last look. */
  look(): this {
    for (const server of this.cluster.all()) this.lines.push(`    ${stateOf(server)}`);
    for (const [who, lines] of this.told) this.lines.push(`    ${who}: ${lines.join(', ')}`);
    this.told.clear();
    return this;
  }

  /** What people were told so far is not shown. */
  forget(): this {
    this.told.clear();
    return this;
  }

  /** The history of #general as each running server has it: one line where they are equal. */
  histories(): this {
    const texts = this.cluster
      .all()
      .filter(({ running }) => running)
      .map(({ id, disk }) => {
        const posts = disk.memory.readPosts({ room: 'general', before: null, limit: 1_000 });
        const said = posts.map((entry) => {
          const body = bodyOf(entry);
          return body?.t === 'post' ? body.x : '?';
        });
        return { id, text: said.join(', ') };
      });
    const isOne = new Set(texts.map(({ text }) => text)).size === 1;
    if (isOne) this.lines.push(`    everyone has: ${texts[0]?.text}`);
    else for (const { id, text } of texts) this.lines.push(`    ${id} has: ${text}`);
    return this;
  }

  /** @returns all of it, the invariants checked once more where everything is whole again */
  end(fields: { healed: boolean } = { healed: true }): string {
    if (fields.healed) {
      this.stage.checkers.checkHealed();
      this.stage.witness.checkEnd();
    }
    return this.lines.join('\n');
  }
}

function stateOf({ id, running, paused }: SimulatedServer): string {
  if (!running) return `${id} down`;
  if (paused) return `${id} stopped`;
  const { phase, view, draining } = running.ring;
  const shown = draining ? 'draining' : phase;
  if (!view) return `${id} ${shown}, in no view`;
  const others = view.inSync.map((each) => each.slice('server'.length)).join(' ');
  return view.leader === id ? `${id} ${shown} ${others}` : `${id} ${shown}, follows ${view.leader}`;
}

/** What of an event a person would notice; null for the rest. */
function lineOf(event: ClientEvent): string | null {
  switch (event.type) {
    case 'signedIn': {
      const rooms = event.rooms.flatMap(({ name }) => (name === 'general' ? [] : [`#${name}`]));
      const others = rooms.length === 0 ? '' : ` in ${rooms.join(' and ')}`;
      return `at ${event.server} as ${event.name}${others}`;
    }
    case 'answer':
      if (event.answer.type === 'stored') return `✓${event.answer.copies}`;
      return `refused ${event.answer.code}`;
    case 'post':
      return `"${event.post.text}"${event.post.late ? ' (late)' : ''}`;
    case 'renamed':
      return `${event.renamed.was} is now ${event.renamed.name}`;
    case 'reset':
      return 'has to read again';
    case 'room':
      return event.room.id === 'general' ? null : `room #${event.room.name}`;
    default:
      return null;
  }
}
