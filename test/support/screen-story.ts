// A screen without a terminal and without a server: actions in, the model and the effects out, and the
// frame as a person would see it.
import { stripVTControlCharacters } from 'node:util';
import type { ClientEvent, HistoryPage, OutboxItem, Room } from '../../lib/client/api.ts';
import { frameOf } from '../../tui/frame.ts';
import { rowText } from '../../tui/paint.ts';
import { defaultSettings } from '../../tui/settings/settings.ts';
import type { Action, Effect } from '../../tui/state/action.ts';
import { initialModel, type Model, NOTHING_SAVED, type Saved } from '../../tui/state/model.ts';
import { update } from '../../tui/state/update.ts';

/** 10:00 on Monday, 23 November 2026, in the time zone of whoever runs the tests. */
export const MORNING = new Date(2026, 10, 23, 10, 0).getTime();
const MINUTE = 60_000;

export const SELF = 'account-of-alice';

/** A room of this account, as the protocol sends it. */
export function room(name: string, topic = ''): Room {
  return { id: name, name, topic, members: 3, joined: true, latest: null };
}

/** The conversation with a person. */
export function direct(name: string, state: 'here' | 'idle' | 'gone' = 'here'): Room {
  const account = `account-of-${name}`;
  return { ...room(name), id: `with-${name}`, members: 2, direct: { account, state } };
}

/** A place in the one order: the nth. */
export const orderOf = (place: number) => String(place).padStart(12, '0');

export type Said = Readonly<{ name: string; text: string; minute?: number; place: number }>;

/** A post of a person, at so many minutes past ten. */
export function post(roomName: string, { name, text, minute = 0, place }: Said) {
  return {
    type: 'post' as const,
    id: `${name}/${place}`,
    room: roomName,
    account: `account-of-${name}`,
    name,
    text,
    time: MORNING + minute * MINUTE,
    order: orderOf(place),
    at: place,
  };
}

export class ScreenStory {
  model: Model;
  /** What the core asked for since this was taken last. */
  effects: Effect[] = [];
  nowMs = 1_000;

  constructor(
    fields: {
      columns?: number;
      rows?: number;
      saved?: Saved;
      isLocal?: boolean;
      name?: string;
    } = {},
  ) {
    const { columns = 80, rows = 24, saved = NOTHING_SAVED } = fields;
    const running = { server1: 'running', server2: 'running', server3: 'running' } as const;
    this.model = initialModel({
      settings: defaultSettings({ NO_COLOR: '1' }),
      name: fields.name ?? 'alice',
      size: { columns, rows },
      nowMs: this.nowMs,
      saved,
      local: fields.isLocal ? running : null,
    });
  }

  do(...actions: readonly Action[]): this {
    for (const action of actions) {
      const stamp = { nowMs: this.nowMs, wallMs: MORNING + 9 * MINUTE };
      const step = update(this.model, action, stamp);
      this.model = step.model;
      this.effects.push(...step.effects);
    }
    return this;
  }

  hear(...events: readonly ClientEvent[]): this {
    return this.do(...events.map((event): Action => ({ type: 'client', event })));
  }

  /** Presses keys by their names in keys.ts. */
  keys(...keys: readonly string[]): this {
    return this.do(...keys.map((key): Action => ({ type: 'key', key })));
  }

  type(text: string): this {
    return this.do({ type: 'typed', text });
  }

  /** Types a line and sends it. */
  say(text: string): this {
    return this.type(text).keys('enter');
  }

  pass(ms: number): this {
    this.nowMs += ms;
    return this.do({ type: 'tick' });
  }

  take<T extends Effect['type']>(type: T): Extract<Effect, { type: T }>[] {
    const taken = this.effects.filter((effect) => effect.type === type);
    this.effects = this.effects.filter((effect) => effect.type !== type);
    return taken as Extract<Effect, { type: T }>[];
  }

  /** A server takes the sign-in: the rooms, and no more yet. */
  hearRooms(rooms: readonly Room[], self: { account?: string; name?: string } = {}): this {
    const { account = SELF, name = this.model.name } = self;
    const about = { server: 'server3', rooms, prunedBelow: 0, lacks: false, reads: [] };
    return this.hear({ type: 'signedIn', account, name, ...about });
  }

  /** Signed in to rooms whose histories came, all of it read. */
  signedIn(rooms: readonly Room[], pages: Readonly<Record<string, HistoryPage>> = {}): this {
    this.hear({ type: 'connection', state: { type: 'connected', roundTripMs: 12 } });
    this.hearRooms(rooms);
    this.hear({ type: 'cluster', cluster: cluster(['server1', 'server2', 'server3']) });
    for (const { id } of rooms) {
      const page = pages[id] ?? { posts: [], more: false };
      this.do({ type: 'historyCame', room: id, before: null, page });
    }
    this.effects = [];
    return this;
  }

  /** The rows of the frame, as they are written to a terminal. */
  drawn(): string {
    return frameOf(this.model)
      .rows.map((row) => rowText(row, this.model.settings))
      .join('\n');
  }

  /** The frame, colours left out. */
  frame(): string {
    return stripVTControlCharacters(this.drawn())
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n');
  }
}

/** A cluster of three, of which these are in sync and the last leads. */
export function cluster(inSync: readonly string[], copiesMin = 1) {
  const leader = inSync.at(-1) ?? 'server3';
  const servers = ['server1', 'server2', 'server3'].map((id, index) => ({
    id,
    ringPosition: index + 1,
    address: `localhost:${8000 + index}`,
    state:
      id === leader
        ? ('leading' as const)
        : inSync.includes(id)
          ? ('active' as const)
          : ('down' as const),
    inSync: inSync.includes(id),
  }));
  const address = servers.find(({ id }) => id === leader)?.address ?? '';
  return { term: 7, leader: { id: leader, address }, servers, copies: inSync.length, copiesMin };
}

/** A post that waits in the outbox. */
export function waiting(
  number: number,
  text: string,
  fields: { room?: string; state?: OutboxItem['state'] } = {},
): OutboxItem {
  return {
    number,
    id: `alice/${number}`,
    state: fields.state ?? 'queued',
    request: { type: 'post', room: fields.room ?? 'ops', text },
  };
}
