// What the status row says of the connection: one line for every state, in words and a glyph, never by
// colour alone.
import type { ConnectionState } from '../lib/client/api.ts';
import type { Row } from './line-rows.ts';
import { recoveryText, tookText } from './state/from-client.ts';
import type { Model } from './state/model.ts';
import { isLossQuiet, startingServers } from './state/selectors.ts';
import { typingText } from './state/typing.ts';
import { cellWidth, wholeParts } from './text.ts';
import type { LookName } from './theme.ts';

const seconds = (ms: number) => `${(Math.max(0, ms) / 1000).toFixed(1)}s`;

function queued(model: Model): string {
  const count = model.outbox.length;
  return count > 0 ? ` · ${count} queued` : '';
}

/** `short`: what matters of it, where the row has no room for all. */
type Said = Readonly<{ text: string; short?: string; look: LookName }>;
type StateOf<T extends ConnectionState['type']> = Extract<ConnectionState, { type: T }>;

function onLeaderLost(model: Model, state: StateOf<'leaderLost'>): Said {
  const waiting = model.outbox.length > 0 ? queued(model) : ' · what you type is queued';
  const server = state.server ?? 'the leader';
  const silent = seconds(model.nowMs - state.lostMs);
  return {
    text: `◌ LEADER LOST ${server} silent ${silent}${waiting}`,
    short: `◌ LEADER LOST ${server} ${queued(model) ? '' : 'silent '}${silent}${queued(model)}`,
    look: 'bad',
  };
}

function onElecting(model: Model, state: StateOf<'electing'>): Said {
  const since = seconds(model.nowMs - state.lostMs);
  return { text: `⚡ ELECTING term ${state.term} · ${since}${queued(model)}`, look: 'warning' };
}

function onReconnecting(model: Model, state: StateOf<'reconnecting'>): Said {
  const next = seconds(state.nextAttemptMs - model.nowMs);
  const lostFor = Math.round((model.nowMs - state.lostMs) / 1000);
  const lost = state.server === null ? '' : ` · leader ${state.server} lost ${lostFor}s ago`;
  const what = queued(model) || ' · /retry';
  return {
    text: `↻ RECONNECTING try ${state.attempt} · next in ${next}${lost}${what}`,
    short: `↻ RECONNECTING try ${state.attempt} · ${next}${what}`,
    look: 'warning',
  };
}

function onNoServer(model: Model, state: StateOf<'noServer'>): Said {
  const next = seconds(state.nextAttemptMs - model.nowMs);
  const text = `✗ NO SERVER ANSWERS try ${state.attempt} · next in ${next}${queued(model)} · /retry`;
  return { text, short: `✗ NO SERVER · ${next}${queued(model)} · /retry`, look: 'bad' };
}

/** What a connection that stands still has to say: fewer copies than there are servers. */
function onConnected(model: Model): Said | null {
  const { cluster } = model;
  if (model.behind) {
    const { server } = model.behind;
    const text = `◍ ${server} LACKS NEWER MESSAGES · they return with a server that has them`;
    return { text, short: `◍ ${server} LACKS NEWER MESSAGES`, look: 'warning' };
  }
  if (model.recovered) {
    const { tookMs, leader } = model.recovered;
    const short = `✓ RECOVERED in ${tookText(tookMs)} · ${leader}`;
    return { text: `✓ ${recoveryText(model.recovered)}`, short, look: 'good' };
  }
  if (!cluster || cluster.copies >= cluster.servers.length) return null;
  const { copies, copiesMin, servers } = cluster;
  const kept = `${copies} ${copies === 1 ? 'copy' : 'copies'}`;
  const consequence =
    copies < copiesMin
      ? `too few to store messages, which takes ${copiesMin}`
      : `messages have ${kept}`;
  const here = `◍ ${copies} of ${servers.length} servers`;
  const short = copies < copiesMin ? 'nothing is stored' : kept;
  return { text: `${here} · ${consequence}`, short: `${here} · ${short}`, look: 'warning' };
}

/** null where there is nothing to say: all is well, or it is not worth a word yet. */
export function said(model: Model): Said | null {
  const state = model.connection;
  const starting = startingServers(model);
  // Until they are in sync, what else there is to say of them would only alarm.
  if (starting.length > 0 && state.type !== 'refused')
    return { text: `◌ STARTING ${starting.join(', ')}${queued(model)}`, look: 'warning' };
  switch (state.type) {
    case 'connecting':
      return { text: '◌ CONNECTING', look: 'warning' };
    case 'connected':
      return onConnected(model);
    case 'leaderLost':
      return isLossQuiet(model) ? null : onLeaderLost(model, state);
    case 'electing':
      return isLossQuiet(model) ? null : onElecting(model, state);
    case 'reconnecting':
      return isLossQuiet(model) ? null : onReconnecting(model, state);
    case 'noServer':
      return onNoServer(model, state);
    case 'resending':
      return isLossQuiet(model)
        ? null
        : { text: `⇡ RESENDING ${state.done} of ${state.total}, in order`, look: 'warning' };
    case 'refused':
      return { text: `✗ REFUSED ${state.reason} · /nick NAME`, look: 'bad' };
    case 'closed':
      return { text: '◌ CLOSED', look: 'warning' };
  }
}

/** The row, empty where all is well. */
export function statusRow(model: Model): Row {
  const words = said(model);
  if (!isStatusTaken(model) && model.hint) return hintSaid(model.hint, model.size.columns);
  if (words) return [{ text: ` ${fitting(words, model.size.columns - 1)}`, look: words.look }];
  const typing = typingText(model.rooms.find((view) => view.room.id === model.openRoom));
  return typing === '' ? [] : [{ text: ` ${typing}…`, look: 'faint' }];
}

/** A hint as a row: on a narrow screen its first parts, rather than half of one. */
export function hintSaid({ text, tone }: NonNullable<Model['hint']>, columns: number): Row {
  return [{ text: ` ${wholeParts(text, columns - 1)}`, look: tone }];
}

function fitting({ text, short = text }: Said, columns: number): string {
  return cellWidth(text) <= columns ? text : short;
}

/** Whether the connection is what matters now, so that a hint needs another place. */
export function isStatusTaken(model: Model): boolean {
  return model.connection.type !== 'connected' && said(model) !== null;
}
