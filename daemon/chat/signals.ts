// What is told without a number: that somebody writes, that nobody sits there, how far somebody has read.
import type { Signal } from '../../lib/protocol/requests.ts';
import type { Connection } from './connections.ts';
import { onRead } from './reading.ts';
import { type ChatState, noteIdle, sendAll } from './state.ts';

/** What a connection says more often is left out. */
const TYPING_MS_MIN = 1_000;

export function onSignal(chat: ChatState, connection: Connection, signal: Signal): void {
  if (signal.type === 'read') return onRead(chat, connection, signal);
  if (signal.type === 'typing') return onTyping(chat, connection, signal.room);
  connection.isIdle = signal.state === 'idle';
  noteIdle(chat, connection.account);
}

function onTyping(chat: ChatState, connection: Connection, room: string): void {
  const { account } = connection;
  if (chat.nowMs - connection.typedMs < TYPING_MS_MIN || !chat.fold.isMember(room, account)) return;
  connection.typedMs = chat.nowMs;
  const own = new Set(chat.connections.idsOfAccount(account));
  const others = chat.connections.inRoom(room).filter((id) => !own.has(id));
  sendAll(chat, others, { type: 'typing', room, account, name: chat.fold.nameOf(account) });
}
