// What each planned event does to the cluster it meets.
import type { Cluster } from './cluster.ts';
import { type FaultName, type PlannedEvent, pauseMsOf } from './plan.ts';
import type { SimulatedServer } from './server.ts';

type Struck = Readonly<{
  cluster: Cluster;
  server: SimulatedServer;
  /** Another server; the same one in a cluster of one. */
  other: SimulatedServer;
  event: PlannedEvent;
}>;

/** Carries out a planned event. @returns its name when something was done, for the tally */
export function carryOut(cluster: Cluster, event: PlannedEvent): FaultName | null {
  if (event.what === 'post') post(cluster, event);
  else if (event.what === 'room') changeRooms(cluster, event);
  else if (event.what === 'note') changePost(cluster, event);
  else {
    const servers = cluster.all();
    const server = at(servers, event.who);
    const others = servers.filter((each) => each !== server);
    FAULTS[event.what]({ cluster, server, other: at(others, event.other) ?? server, event });
    return event.what;
  }
  return null;
}

function at<T>(list: readonly T[], share: number): T {
  return list[Math.floor(share * list.length)] as T;
}

const FAULTS: Readonly<Record<FaultName, (struck: Struck) => void>> = {
  crash: ({ server }) => server.crash(),
  'crash in mid-turn': ({ server, event }) => {
    if (server.running) server.crashInTurn = event.size < 0.5 ? 'to peers' : 'to clients';
  },
  drain: ({ server }) => server.drain(),
  start: ({ server }) => server.start(),
  pause: ({ cluster, server, event }) => {
    server.pause();
    cluster.scheduler.after(pauseMsOf(event.size), () => server.resume());
  },
  resume: ({ server }) => server.resume(),
  wipe: ({ cluster, server }) => {
    if (hasCopy(cluster, server)) server.wipe();
  },
  'break a link': ({ cluster, server, other }) => cluster.network.break(server.id, other.id),
  'break client links': ({ cluster, server }) =>
    cluster.wires.breakSome(server.id, () => cluster.random() < 0.5),
  'cut one way': ({ cluster, server, other }) => {
    if (other !== server) cluster.cut(server.id, other.id);
  },
  'cut both ways': ({ cluster, server, other }) => {
    if (other !== server) cluster.cutBoth(server.id, other.id);
  },
  'cut off a client': ({ cluster, server, event }) => {
    const client = at(cluster.clients, event.other);
    cluster.cutBoth(client.id, server.id);
  },
  /** It hears none of the clients, who hear it. */
  deafen: ({ cluster, server }) => {
    for (const { id } of cluster.clients) cluster.cut(id, server.id);
  },
  isolate: ({ cluster, server }) => {
    for (const each of cluster.ids()) if (each !== server.id) cluster.cutBoth(server.id, each);
  },
  split: ({ cluster, event }) => split(cluster, event),
  flap: ({ cluster, server, other, event }) => flap(cluster, { server, other, event }),
  heal: ({ cluster }) => cluster.healNetwork(),
  'jump the clock': ({ cluster, server, event }) => {
    server.wallSkewMs += (event.size - 0.5) * 20_000;
    cluster.say(`${server.id}'s clock jumps by ${Math.round((event.size - 0.5) * 20)} s`);
  },
  'slow disk': ({ cluster, server, event }) => {
    server.slowDiskMs = 50 + event.size * 1_500;
    cluster.say(`${server.id}'s disk becomes slow`);
  },
  'fast disk': ({ server }) => {
    server.slowDiskMs = 0;
  },
  'full disk': ({ cluster, server }) => {
    server.disk.refuses = 'full';
    cluster.say(`${server.id}'s disk is full`);
  },
  'failing disk': ({ cluster, server }) => {
    server.disk.refuses = 'failed';
    cluster.say(`${server.id}'s disk fails`);
  },
  'free the disk': ({ server }) => {
    server.disk.refuses = null;
  },
  'damage entries': (struck) => damageEntries(struck),
  'restart a client': ({ cluster, event }) => at(cluster.clients, event.other).restart(),
  'rolling restart': ({ cluster }) => rollingRestart(cluster),
  'change min-copies': ({ cluster, event }) => {
    // For each server from its next start on, as the flag is.
    const majority = Math.floor(cluster.all().length / 2) + 1;
    const copies = 1 + Math.floor(event.size * majority);
    for (const server of cluster.all()) server.copiesMin = copies;
  },
};

/** Whether the others' disks have all that this one's has, each entry somewhere, and intact: its directory may go. */
function hasCopy(cluster: Cluster, server: SimulatedServer): boolean {
  const others = cluster.all().filter((other) => other !== server);
  const isElsewhere = (stream: string, sequence: number) =>
    others.some(({ disk }) => disk.hasIntact(stream, sequence));
  return [...server.disk.durable].every(([stream, last]) => {
    const rotten = others.flatMap(({ disk }) => disk.rottenIn(stream));
    return [last, ...rotten].every((each) => each > last || isElsewhere(stream, each));
  });
}

/** Damages some of what a disk has, at rest or in use, as long as another disk has it intact. */
function damageEntries({ cluster, server, event }: Struck): void {
  const streams = [...server.disk.durable];
  const count = Math.ceil(event.size ** 2 * 8);
  for (let turn = 0; turn < count; turn += 1) {
    const [stream, last] = at(streams, cluster.random()) ?? [];
    if (stream === undefined || last === undefined) return;
    // Mostly among the newest: those are read.
    const sequence = last - Math.floor(cluster.random() ** 3 * last);
    const hasOther = cluster
      .all()
      .some((other) => other !== server && other.disk.hasIntact(stream, sequence));
    if (!hasOther || !server.disk.hasIntact(stream, sequence)) continue;
    server.disk.rot(stream, sequence, cluster.random());
    cluster.say(`${server.id}'s disk damages ${stream}/${sequence}`);
  }
}

/** Two sides, clients among them, that do not hear each other. */
function split(cluster: Cluster, event: PlannedEvent): void {
  const everyone = [...cluster.ids(), ...cluster.clients.map(({ id }) => id)];
  const share = 0.2 + event.size * 0.6;
  const left = everyone.filter(() => cluster.random() < share);
  const right = everyone.filter((id) => !left.includes(id));
  for (const one of left) for (const other of right) cluster.cutBoth(one, other);
}

function flap(cluster: Cluster, { server, other, event }: Omit<Struck, 'cluster'>): void {
  if (server === other) return;
  const periodMs = 100 + event.size * 1_500;
  for (let turn = 0; turn < 6; turn += 1) {
    cluster.later(turn * periodMs, () => {
      if (turn % 2 === 0) cluster.cutBoth(server.id, other.id);
      else {
        cluster.network.heal(server.id, other.id);
        cluster.network.heal(other.id, server.id);
      }
    });
  }
}

function rollingRestart(cluster: Cluster): void {
  let atMs = 0;
  for (const server of cluster.all()) {
    cluster.later(atMs, () => server.drain());
    cluster.later(atMs + 2_200, () => server.start());
    atMs += 3_000;
  }
}

function post(cluster: Cluster, event: PlannedEvent): void {
  const client = at(cluster.clients, event.who);
  const room = event.other < 0.7 ? 'general' : at([...client.rooms], event.size);
  const text = `text ${event.atMs.toFixed(3)} of ${client.id}`;
  const answered = event.other % 0.1 < 0.02 ? client.seenPost(event.size) : null;
  const reply = answered?.room === room ? { reply: answered.id } : {};
  client.request({ type: 'post', room, text, ...reply });
}

const EMOJI = ['👍', '🎉', '👀'];

/** What becomes of posts: mostly of new ones, sometimes of old ones, now and then of what is not one's own. */
function changePost(cluster: Cluster, event: PlannedEvent): void {
  const client = at(cluster.clients, event.who);
  const about = client.seenPost(event.size);
  if (!about) return;
  const { id: post, room } = about;
  if (event.other < 0.6) {
    const emoji = at(EMOJI, cluster.random());
    client.request({ type: 'react', room, post, emoji, on: event.other < 0.45 });
    return;
  }
  const own = client.ownPost(event.size);
  const mine = own && event.other < 0.97 ? own : about;
  if (event.other < 0.85) {
    const text = `edited ${event.atMs.toFixed(3)} by ${client.id}`;
    client.request({ type: 'editPost', room: mine.room, post: mine.id, text });
  } else client.request({ type: 'deletePost', room: mine.room, post: mine.id });
}

const ROOM_NAMES = ['ops', 'dev', 'cats', 'food'];

function changeRooms(cluster: Cluster, event: PlannedEvent): void {
  const client = at(cluster.clients, event.who);
  const name = at(ROOM_NAMES, event.size);
  const rooms = [...client.rooms].filter((room) => room !== 'general');
  const room = at(rooms, event.size);
  if (event.other < 0.35) client.request({ type: 'createRoom', name });
  else if (event.other < 0.65) client.request({ type: 'joinRoom', name });
  else if (event.other < 0.75) {
    const { name: other } = at(cluster.clients, event.size).session.self;
    client.request({ type: 'openDirect', name: other });
  } else if (room !== undefined && event.other < 0.85) client.request({ type: 'leaveRoom', room });
  else if (room !== undefined)
    client.request({ type: 'setTopic', room, topic: `topic ${event.atMs.toFixed(3)}` });
}
