// Everything on the screen, as one value. Changed by update.ts alone; drawn by the components alone.
import type { Cluster, ConnectionState, OutboxItem, Room } from '../../lib/client/api.ts';
import type { Person, Quote, Reaction } from '../../lib/protocol/events.ts';
import { type Editor, EMPTY_EDITOR, editorOf } from '../editor.ts';
import type { Yank } from '../kill-ring.ts';
import type { Size } from '../layout.ts';
import type { Settings } from '../settings/settings.ts';
import { NOTHING_TO_UNDO, type Undo } from '../undo.ts';

/** Where a post of one's own is. */
export type Mark = 'queued' | 'sent' | 'stored' | 'refused';

// A line never changes in place: a changed one is a new object, which is what tells the cache of wrapped rows.
type LineFields = Readonly<{
  /** Unique in its room, and the same for as long as the line lives. */
  key: string;
  /** Place in the one order; local notices take the place of what was newest when they came. */
  order: string;
  /** Wall clock, milliseconds since 1970. */
  time: number;
}>;

export type PostLine = LineFields &
  Readonly<{
    kind: 'post';
    account: string;
    name: string;
    text: string;
    own: boolean;
    mark: Mark | null;
    /** Of a stored post that has fewer copies than there are servers. */
    copies?: number;
    /** Shown below a refused post. */
    reason?: string;
    /** What somebody does: `/me`. */
    action?: boolean;
    /** The post that is answered. */
    reply?: Quote;
    edited?: boolean;
    /** Taken back: there is no text any longer. */
    deleted?: boolean;
    reactions?: readonly Reaction[];
    /** It came below what was shown already: the two sides of a split have met. */
    merged?: true;
  }>;
export type NoticeLine = LineFields &
  Readonly<{
    kind: 'notice';
    text: string;
    /** How many merged posts it tells of. */
    mergedCount?: number;
  }>;
export type MembersLine = LineFields &
  Readonly<{
    kind: 'members';
    changes: readonly Readonly<{ name: string; change: 'joined' | 'left' }>[];
  }>;
export type Line = PostLine | NoticeLine | MembersLine;

/**
 * The lowest visible row: `hidden` rows of the line `key` are below it. Named by a line and not by a count
 * of rows, so that it stays put while posts come, history is loaded and the terminal is resized.
 */
export type Anchor = Readonly<{ key: string; hidden: number }>;

/**
 * Going through what was sent before: its place in `sentTexts` (past them where the room has come anew), its text,
 * and what was being written; null when not.
 */
export type Recall = Readonly<{ index: number; text: string; unsent: Editor }> | null;

/** What is put aside while a post is edited: what was being written, what it stood in place of, and its past. */
export type Aside = Readonly<{ draft: Editor; recall: Recall; undo: Undo }>;

/** What Enter makes of a draft, where it is no new post: another text of a post, or an answer to one. */
export type Writing =
  | Readonly<{ type: 'edit'; post: string; aside: Aside }>
  | Readonly<{ type: 'reply'; post: string; name: string }>;

export type RoomView = Readonly<{
  room: Room;
  /** In the one order. */
  lines: readonly Line[];
  /** Whether the newest page was asked for and came. */
  loaded: boolean;
  loading: boolean;
  /** Whether the server has posts above the oldest line here. */
  moreAbove: boolean;
  /** Posts below the newest line here that were let go, or not taken in; null when the newest is here. */
  below: number | null;
  /** What is here may lack posts between others: after a reset, while the newest is not here. */
  isGapped: boolean;
  /** A post came below while the page there was on its way. */
  cameBelow: boolean;
  /** After a reset: pages are asked for until one reaches down to this place. */
  holeBelow: string | null;
  /** Posts of others that came after what was read; counted up to what is loaded. */
  unread: number;
  mentions: number;
  /** People came or went while another room was open. */
  isStirred: boolean;
  /** Order of the newest post that was read; null when nothing was. */
  read: string | null;
  /** Where the unread line stands: above the first post after this place. */
  unreadAfter: string | null;
  /** null follows the end. */
  anchor: Anchor | null;
  draft: Editor;
  recall: Recall;
  writing: Writing | null;
  undo: Undo;
  /** Many lines were pasted into the draft: Enter asks before it sends them. */
  pasted: boolean;
  people: readonly Person[] | null;
  /** Who writes there, until when that is believed. */
  typing: readonly Readonly<{ account: string; name: string; untilMs: number }>[];
}>;

/** A post that waits for its answer. */
export type PendingPost = Readonly<{ room: string; line: PostLine }>;

export type FoundLine = Readonly<{ room: string; line: PostLine }>;

export type Overlay =
  | Readonly<{
      type: 'search';
      query: string;
      selected: number;
      /** null before the first answer. `query`: what it was found for, perhaps less than what stands in the pane. */
      found: Readonly<{
        query: string;
        lines: readonly FoundLine[];
        more: boolean;
        complete: boolean;
      }> | null;
      /** Why the server did not look for it, in words. */
      problem: string | null;
    }>
  /** `asked`: the sign that opened it, which may begin a message yet; empty once one moved in it. */
  | Readonly<{ type: 'help'; offset: number; asked: string }>
  | Readonly<{ type: 'outbox'; selected: number }>
  | Readonly<{ type: 'switcher'; query: string; selected: number }>
  | Readonly<{ type: 'react'; post: string; query: string; selected: number }>;

/** What the daemons that this screen started are doing; null without `--local`. */
export type LocalServers = Readonly<Record<string, 'starting' | 'running' | 'paused' | 'stopped'>>;

export type Model = Readonly<{
  size: Size;
  settings: Settings;
  /** Whether this terminal has the keyboard, as far as it tells: else nothing counts as read. */
  focused: boolean;
  /** Whether the terminal tells of the mouse, and whether it was said how text is selected meanwhile. */
  mouse: boolean;
  mouseExplained: boolean;
  /** Milliseconds of the client's clock, the one that ConnectionState counts by. */
  nowMs: number;
  account: string | null;
  name: string;
  connection: ConnectionState;
  cluster: Cluster | null;
  /** What was last shown of the round trip; null before the first. */
  roundTripMs: number | null;
  /** Shown in the status row since `sinceMs`; then `line` takes its place among what the room `room` had then. */
  recovered: Readonly<{
    sinceMs: number;
    tookMs: number;
    leader: string;
    resent: number;
    room: string | null;
    line: NoticeLine;
  }> | null;
  /** Whether it was said, in this outage, that no server answers and what there is to do. */
  toldUnreached: boolean;
  /** The leader lacks posts that were seen here: which server, and how many are in sync, once it is known. */
  behind: Readonly<{ server: string; known: readonly string[] | null }> | null;
  /** Rooms of this account, in the order they were joined, then conversations of two: a list that does not reorder itself. */
  rooms: readonly RoomView[];
  openRoom: string | null;
  /** Written while no room is open: a command counts as it stands, all else goes into the first room that is opened. */
  roomless: Editor;
  outbox: readonly OutboxItem[];
  /** The posts of the outbox as lines of their rooms, in order. */
  pending: readonly PendingPost[];
  /** Room to open once it is joined; the number of the request that joins it. */
  openOnAnswer: number | null;
  /**
   * What is said once there is a conversation with `name`, if it still stands as `typed` in the room it was written in;
   * null where it never stood in a composer.
   */
  toSay: Readonly<{ name: string; text: string; typed: string | null; room: string | null }> | null;
  overlay: Overlay | null;
  /** Key of the post of the open room that keys are about at the moment; null when they write. */
  selected: string | null;
  /**
   * What is gone to, while the history down to it is loaded: a post that was found, or with null the first after a
   * place. `day` names it to the reader.
   */
  jump: Readonly<{ room: string; key: string | null; order: string; day: string }> | null;
  /** The post that `d` asked about: pressed again it takes it back. */
  deleteAsked: string | null;
  /** One line for one's own eyes in the status row, until the next key: mistyped commands and the like. */
  hint: Readonly<{ text: string; tone: 'good' | 'warning' }> | null;
  /** When the others were last told that one writes here. */
  typingToldMs: number;
  /** What was sent before, oldest first. */
  sentTexts: readonly string[];
  /** What was cut out of drafts, newest last. */
  kills: readonly string[];
  /** What the key before did, for the next one that goes on with it. */
  chain: Readonly<{ type: 'cut' } | { type: 'typing' } | { type: 'yank'; yank: Yank }> | null;
  /** The pasted draft that Enter asked about: Enter again sends it. */
  sendAsked: string | null;
  /** What Tab is going through, while it is pressed again and again. */
  completion: Readonly<{
    start: number;
    rest: string;
    choices: readonly string[];
    index: number;
    /** The draft in which Tab was pressed first. */
    draft: Editor;
  }> | null;
  /** Every room of the server, joined or not, as it was last told; empty before that. */
  roomNames: readonly string[];
  /** When Esc was pressed with nothing to close: a digit shortly after it opens that room; null when not. */
  escapedMs: number | null;
  /** The name that is typed after a sign-in was refused at the start. */
  nameDraft: string;
  /** When Ctrl+C was pressed on an empty line; pressed again within QUIT_MS_MAX it quits. */
  quitAskedMs: number | null;
  local: LocalServers | null;
  /** Read positions and drafts of the last run, taken up as rooms appear. */
  restored: SavedRooms;
  /** What the name has left behind that is signed in as now; null while none is. */
  ofChosenName: Saved | null;
  /** A post that was gone to: it stands out until the next key. */
  marked: string | null;
  /** Another name that was asked for, until somebody is signed in; whether one goes back, since it was refused. */
  nameAsked: Readonly<{ before: string; wanted: string; isBack: boolean }> | null;
}>;

/** What is kept of a room across restarts. */
export type SavedRoom = Readonly<{
  draft: string;
  /** What the draft stands in place of: begun before something sent was taken up again, and changed. */
  begun?: string | undefined;
  read: string | null;
}>;
/** By room id. */
export type SavedRooms = Readonly<Record<string, SavedRoom>>;

/** @property sent what ↑ goes back through, oldest first */
export type Saved = Readonly<{
  openRoom: string | null;
  rooms: SavedRooms;
  sent: readonly string[];
}>;
export const NOTHING_SAVED: Saved = { openRoom: null, rooms: {}, sent: [] };

/** The model before anything happened. */
export function initialModel(fields: {
  name: string;
  size: Size;
  nowMs: number;
  saved: Saved;
  local: LocalServers | null;
  settings: Settings;
}): Model {
  return {
    size: fields.size,
    settings: fields.settings,
    focused: true,
    mouse: fields.settings.mouse === 'on',
    mouseExplained: false,
    nowMs: fields.nowMs,
    account: null,
    name: fields.name,
    connection: { type: 'connecting' },
    cluster: null,
    roundTripMs: null,
    recovered: null,
    behind: null,
    toldUnreached: false,
    rooms: [],
    openRoom: fields.saved.openRoom,
    roomless: EMPTY_EDITOR,
    outbox: [],
    pending: [],
    openOnAnswer: null,
    toSay: null,
    overlay: null,
    selected: null,
    jump: null,
    deleteAsked: null,
    hint: null,
    typingToldMs: Number.NEGATIVE_INFINITY,
    sentTexts: fields.saved.sent,
    kills: [],
    chain: null,
    sendAsked: null,
    completion: null,
    roomNames: [],
    escapedMs: null,
    nameDraft: '',
    quitAskedMs: null,
    local: fields.local,
    restored: fields.saved.rooms,
    ofChosenName: null,
    marked: null,
    nameAsked: null,
  };
}

/** A room that has just come into the list. */
export function roomView(room: Room, restored: SavedRooms): RoomView {
  const saved = restored[room.id];
  const { draft = '', begun = '' } = saved ?? {};
  return {
    room,
    lines: [],
    loaded: false,
    loading: false,
    moreAbove: true,
    below: null,
    isGapped: false,
    cameBelow: false,
    holeBelow: null,
    unread: 0,
    mentions: 0,
    isStirred: false,
    read: saved?.read ?? null,
    unreadAfter: null,
    anchor: null,
    draft: editorOf(draft),
    recall:
      begun === '' ? null : { index: Number.POSITIVE_INFINITY, text: '', unsent: editorOf(begun) },
    writing: null,
    undo: NOTHING_TO_UNDO,
    pasted: false,
    people: null,
    typing: [],
  };
}

/** What is written here where nothing is edited, and what was before an edit began. */
export function asideOf({ writing, draft, recall, undo }: RoomView): Aside {
  return writing?.type === 'edit' ? writing.aside : { draft, recall, undo };
}

/** What somebody has written, where something sent that was looked at again may stand in its place. */
export function ownOf({ draft, recall }: Pick<Aside, 'draft' | 'recall'>): Editor {
  const isOwn = recall === null || (draft.text !== recall.text && draft.text !== '');
  return isOwn ? draft : recall.unsent;
}

/** What was being written before an edit began, or before something sent was looked at again; what became of that is a draft. */
export function unsentOf(view: RoomView): Editor {
  return ownOf(asideOf(view));
}

/** A new message is written once more: what was put aside before. */
export function putBack(view: RoomView, aside: Aside): RoomView {
  return { ...view, ...aside, writing: null, pasted: view.pasted && aside.draft.text !== '' };
}

/** The draft is gone: what was begun before something sent was taken up again is there once more. */
export function draftGone(view: RoomView): RoomView {
  const draft = view.recall?.unsent ?? EMPTY_EDITOR;
  return putBack(view, { draft, recall: null, undo: NOTHING_TO_UNDO });
}

/**
 * For another name of the same person: drafts and read positions go along, and add to those that the name had.
 * @returns also the texts for which there is no place in a room
 */
export function carriedOver({ restored, rooms, ofChosenName }: Model): {
  rooms: SavedRooms;
  rest: readonly string[];
} {
  const here: SavedRooms = { ...restored, ...savedRooms(rooms) };
  const there = ofChosenName?.rooms ?? {};
  const ids = new Set([...Object.keys(here), ...Object.keys(there)]);
  const rest: string[] = [];
  const carried = Object.fromEntries(
    [...ids].map((id) => {
      const one = here[id];
      const other = there[id];
      const places = [one?.read, other?.read].filter((place) => place != null);
      const [read = null] = places.sort().reverse();
      // Of two drafts both are kept: one in the place of the other.
      const texts = [other?.draft, one?.draft, other?.begun, one?.begun];
      const [draft = '', begun = '', ...more] = texts.filter(
        (text) => text !== undefined && text !== '',
      );
      rest.push(...more.filter((text) => text !== undefined));
      return [id, { draft, begun, read }];
    }),
  );
  return { rooms: carried, rest };
}

/** What is kept of rooms when they leave the list, or the screen is left. */
export function savedRooms(views: readonly RoomView[]): SavedRooms {
  return Object.fromEntries(
    views.map((view) => {
      const draft = unsentOf(view).text;
      const begun = asideOf(view).recall?.unsent.text ?? '';
      return [view.room.id, { draft, begun: begun === draft ? '' : begun, read: view.read }];
    }),
  );
}
