// What can happen to the screen, and what it can ask of the world. Actions come in through the shell,
// stamped with both clocks; effects are carried out by it.
import type {
  ClientEvent,
  Found,
  HistoryPage,
  OutboxItem,
  Room,
  SearchRequest,
} from '../../lib/client/api.ts';
import type { Person } from '../../lib/protocol/events.ts';
import type { Size } from '../layout.ts';
import type { Settings } from '../settings/settings.ts';
import type { Report } from '../terminal/reports.ts';
import type { LocalServers, Saved } from './model.ts';

/** `nowMs` is the client's clock, `wallMs` milliseconds since 1970. */
export type Stamp = Readonly<{ nowMs: number; wallMs: number }>;

export type Action =
  /** A key by its name in keys.ts, or typed text. */
  | Readonly<{ type: 'key'; key: string }>
  | Readonly<{ type: 'typed'; text: string }>
  | Readonly<{ type: 'pasted'; text: string }>
  /** A whole line, from where there is no editor. */
  | Readonly<{ type: 'entered'; text: string }>
  | Report
  | Readonly<{ type: 'resized'; size: Size }>
  | Readonly<{ type: 'tick' }>
  | Readonly<{ type: 'client'; event: ClientEvent }>
  | Readonly<{
      type: 'historyCame';
      room: string;
      before: string | null;
      after?: string;
      page: HistoryPage;
    }>
  | Readonly<{ type: 'historyFailed'; room: string }>
  /** `isMore`: older ones, behind those that are there. */
  | Readonly<{ type: 'found'; query: string; found: Found; isMore: boolean }>
  | Readonly<{ type: 'searchFailed'; query: string; reason: string }>
  /** `shown`: as a notice in the room too, for /who. */
  | Readonly<{ type: 'peopleCame'; room: string; people: readonly Person[]; shown: boolean }>
  /** `shown`: as a notice, for /rooms. */
  | Readonly<{ type: 'roomsCame'; rooms: readonly Room[]; shown: boolean }>
  | Readonly<{ type: 'requested'; item: OutboxItem; open: boolean }>
  | Readonly<{ type: 'localChanged'; local: LocalServers }>
  /** What an earlier screen left behind under the name that is signed in as now. */
  | Readonly<{ type: 'nameChosen'; saved: Saved }>
  /** The settings file was saved; `problem` says in words what in it does not count. */
  | Readonly<{ type: 'settings'; settings: Settings; problem: string | null }>
  /** What waited was taken back before it was sent; `edit`: to be written anew. */
  | Readonly<{ type: 'cancelled'; item: OutboxItem; edit: boolean }>
  /** A draft came back from $EDITOR. */
  | Readonly<{ type: 'composed'; room: string; text: string }>
  /** Something to tell the person: in the status row, or in the timeline to stay. */
  | Readonly<{ type: 'hint'; text: string; tone: 'good' | 'warning' }>
  | Readonly<{ type: 'notice'; text: string }>;

export type LocalVerb = 'kill' | 'stop' | 'pause' | 'start';

export type Effect =
  /** `open`: the room that the answer names is opened. */
  | Readonly<{ type: 'request'; request: OutboxItem['request']; open: boolean }>
  /** `limit`: posts in the page, where it is not to be the usual number. */
  | Readonly<{
      type: 'history';
      room: string;
      before: string | null;
      after?: string;
      limit?: number;
    }>
  | Readonly<{
      type: 'search';
      /** As it was typed: what the answer is for. */
      query: string;
      request: Omit<SearchRequest, 'limit'>;
      isMore: boolean;
      /** After a while, unless the pane shows something else by then: the server was not ready. */
      isAgain?: boolean;
    }>
  | Readonly<{ type: 'people'; room: string; shown: boolean }>
  | Readonly<{ type: 'typing'; room: string }>
  | Readonly<{ type: 'listRooms'; shown: boolean }>
  | Readonly<{ type: 'retry' }>
  /** Takes back what waits, unless it was sent meanwhile. */
  | Readonly<{ type: 'cancel'; item: OutboxItem; edit: boolean }>
  | Readonly<{ type: 'signInAs'; name: string }>
  | Readonly<{ type: 'startLocal' }>
  | Readonly<{ type: 'server'; verb: LocalVerb; id: string }>
  /** Someone calls while another window has the keyboard. */
  | Readonly<{ type: 'alert'; title: string; text: string }>
  /** Into the terminal's clipboard. */
  | Readonly<{ type: 'copy'; text: string }>
  /** Text for the terminal's own selection, until a key is pressed. */
  | Readonly<{ type: 'plainView'; text: string }>
  /** The terminal is to tell of the mouse, or to keep it to itself. */
  | Readonly<{ type: 'mouse'; on: boolean }>
  | Readonly<{ type: 'suspend' }>
  /** Something else wrote over the screen: all of it is drawn anew. */
  | Readonly<{ type: 'redraw' }>
  /** The draft of a room is written on in $EDITOR. */
  | Readonly<{ type: 'compose'; room: string; text: string }>
  | Readonly<{ type: 'quit' }>;
