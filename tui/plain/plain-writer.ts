// The conversation as lines of text, each whole when it is written and never changed afterwards: for pipes, screen
// readers and terminals that can do nothing else. Compares the model with what was written of it and says what is new.
//
//   #ops 10:01 bob: text     a post; further lines of it are indented, so that none passes for a post
//   - text                   what SyncNet says
//   ! text                   where the connection stands
import { COMMANDS, commandNames } from '../commands.ts';
import { clockTime, dayLabel, isSameDay, membersText } from '../line-rows.ts';
import { SEARCH_HELP } from '../overlays.ts';
import { reactionText } from '../reaction-text.ts';
import { roomLabel } from '../room-label.ts';
import type {
  FoundLine,
  Line,
  MembersLine,
  Model,
  Overlay,
  PostLine,
  RoomView,
} from '../state/model.ts';
import { requestText } from '../state/outbox-pane.ts';
import { parsedSearch } from '../state/searching.ts';
import { openRoomOf } from '../state/step.ts';
import { said } from '../status-row.ts';

/** Posts that a room begins with: what one has just heard when one comes in. */
const BACKLOG_LINES = 10;
/** What came while one was away is written whole up to this. */
const UNREAD_LINES_MAX = 200;
/** Lines that are remembered, to tell what changes in them. */
const KNOWN_LINES_MAX = 2_000;
/** Under it the further lines of a post stand. */
const INDENT = '\n      ';
const QUOTED_CHARS_MAX = 40;

/** What was written of a room. */
type Written = {
  /** What each line was, by its key; a line with a lower place than `floor` is nobody's news. */
  readonly known: Map<string, Line>;
  floor: string;
  highest: string;
  lines: readonly Line[];
  time: number | null;
};

const short = (text: string) => {
  const line = text.replace(/\s+/g, ' ');
  return line.length > QUOTED_CHARS_MAX
    ? `${line.slice(0, QUOTED_CHARS_MAX).toWellFormed()}…`
    : line;
};

/** Words without the glyph before them, and without the dots between: a screen reader would read them out. */
const spoken = (text: string) => text.replace(/^[^\p{L}\p{N}]+/u, '').replaceAll(' · ', ', ');

const told = (text: string) => text.split('\n').map((line) => `- ${line}`);

function postText(line: PostLine): string {
  if (line.deleted) return `${line.name}: (deleted)`;
  const who = line.action ? `* ${line.name}` : `${line.name}:`;
  const answers = line.reply ? ` (to ${line.reply.name}: "${short(line.reply.text)}")` : '';
  const text = line.text.replaceAll('\n', INDENT);
  const copies =
    line.copies === undefined ? '' : ` (${line.copies} ${line.copies === 1 ? 'copy' : 'copies'})`;
  const reactions = line.reactions?.length ? ` (${reactionText(line.reactions)})` : '';
  return `${who}${answers} ${text}${line.edited ? ' (edited)' : ''}${copies}${reactions}`;
}

type Of<T extends Overlay['type']> = Extract<Overlay, { type: T }>;

export class PlainWriter {
  private readonly rooms = new Map<string, Written>();
  private connection = '';
  private hint: Model['hint'] = null;
  private overlay: Model['overlay'] = null;
  /** Of the search that was entered last. */
  private saidReading = false;
  private open: string | null = null;
  private readonly called = new Map<string, Pick<RoomView, 'unread' | 'mentions'>>();
  private listed = false;

  /** What is new since the last time, a line each, without line feeds at their ends. */
  next(model: Model): string[] {
    const lines = [
      ...this.connectionLines(model),
      ...this.roomListLines(model),
      ...this.openRoomLines(model),
      ...this.otherRoomLines(model),
      ...this.overlayLines(model),
    ];
    // On the screen a refusal stands in two places.
    return [...lines, ...this.hintLines(model).filter((hint) => !isSaidIn(lines, hint))];
  }

  /** Each state once; what counts by itself is not written again and again. */
  private connectionLines(model: Model): string[] {
    const { connection: state } = model;
    const words = said(model)?.text ?? null;
    const isUp = state.type === 'connected';
    // Not worth a word yet.
    if (words === null && !isUp) return [];
    const key = isUp ? `up ${words ?? ''}` : state.type;
    if (key === this.connection) return [];
    const wasUp = this.connection.startsWith('up ');
    this.connection = key;
    if (model.recovered && isUp) this.remember(model.recovered.room, model.recovered.line);
    if (words !== null) return [`! ${spoken(words)}`, ...triedLines(model)];
    const { cluster, name } = model;
    const leader = cluster?.leader ? `, leader ${cluster.leader.id}` : '';
    const copies = cluster ? `, ${cluster.copies} of ${cluster.servers.length} servers` : '';
    return wasUp
      ? [`! all is well${leader}${copies}`]
      : [`! CONNECTED as ${name}${leader}${copies}`];
  }

  private roomListLines(model: Model): string[] {
    if (this.listed || model.account === null || model.rooms.some((view) => !view.loaded))
      return [];
    this.listed = true;
    const rooms = model.rooms.map(({ room, unread }, index) => {
      return `${index + 1} ${roomLabel(room)}${unread > 0 ? ` (${unread} new)` : ''}`;
    });
    return [`- rooms: ${rooms.join(', ') || 'none yet, /join ROOM'}`];
  }

  private remember(room: string | null, line: Line): void {
    const written = room === null ? undefined : this.rooms.get(room);
    written?.known.set(line.key, line);
  }

  private openRoomLines(model: Model): string[] {
    const view = openRoomOf(model);
    if (!view?.loaded) return [];
    const { id, topic } = view.room;
    const isNew = this.open !== id;
    this.open = id;
    const written = this.rooms.get(id) ?? this.begin(view);
    const header = isNew
      ? [`- now in ${roomLabel(view.room)}${topic === '' ? '' : `: ${topic}`}`]
      : [];
    if (view.lines === written.lines) return header;
    written.lines = view.lines;
    const lines = view.lines.flatMap((line) => this.lineOf(view, written, line));
    this.forgetOldest(written);
    return [...header, ...lines];
  }

  /** What stands there already when a room is first written: the newest, or what is unread. */
  private begin(view: RoomView): Written {
    const after = view.unreadAfter;
    const unread = after === null ? -1 : view.lines.findIndex(({ order }) => order > after);
    const { length } = view.lines;
    const shown = unread === -1 ? BACKLOG_LINES : Math.max(BACKLOG_LINES, length - unread);
    const from = Math.max(0, length - Math.min(shown, UNREAD_LINES_MAX));
    const floor = view.lines[from]?.order ?? '';
    const written: Written = { known: new Map(), floor, highest: '', lines: [], time: null };
    for (const line of view.lines.slice(0, from)) written.known.set(line.key, line);
    this.rooms.set(view.room.id, written);
    return written;
  }

  private lineOf(view: RoomView, written: Written, line: Line): string[] {
    const before = written.known.get(line.key);
    if (before === line) return [];
    if (before) {
      written.known.set(line.key, line);
      return changeOf(view, before, line);
    }
    // Older history, which nobody asked to read.
    if (line.order < written.floor) return [];
    written.known.set(line.key, line);
    const isLate = line.order < written.highest;
    if (!isLate) written.highest = line.order;
    const day =
      written.time === null || isSameDay(written.time, line.time) || isLate
        ? []
        : [`- ${dayLabel(line.time, line.time)}`];
    if (!isLate) written.time = line.time;
    const texts = newLine(view, line);
    return [...day, ...(isLate ? texts.map((text) => `${text} (late)`) : texts)];
  }

  /** What is too far up to be told about. */
  private forgetOldest(written: Written): void {
    for (const [key, line] of written.known) {
      if (written.known.size <= KNOWN_LINES_MAX) return;
      written.known.delete(key);
      if (line.order > written.floor) written.floor = line.order;
    }
  }

  /** News elsewhere: whoever calls in full, everything else once for a room. */
  private otherRoomLines(model: Model): string[] {
    return model.rooms.flatMap((view, index) => {
      const { room, unread, mentions } = view;
      const before = this.called.get(room.id) ?? { unread: 0, mentions: 0 };
      this.called.set(room.id, { unread, mentions });
      if (room.id === model.openRoom || !this.listed) return [];
      const last = view.lines.findLast((line) => line.kind === 'post' && !line.own);
      if (mentions > before.mentions && last) return newLine(view, last);
      return unread > 0 && before.unread === 0
        ? [`- news in ${roomLabel(room)} (/${index + 1})`]
        : [];
    });
  }

  private hintLines(model: Model): string[] {
    if (model.hint === this.hint) return [];
    this.hint = model.hint;
    return model.hint ? [`- ${model.hint.text}`] : [];
  }

  private overlayLines(model: Model): string[] {
    const { overlay } = model;
    if (overlay === this.overlay) return [];
    this.overlay = overlay;
    switch (overlay?.type) {
      case 'help':
        return helpLines(model);
      case 'outbox':
        return told(
          [
            `${model.outbox.length} not stored yet`,
            ...model.outbox.map((item) => `${item.state}: ${requestText(model, item)}`),
          ].join('\n'),
        );
      case 'search':
        return this.searchLines(model, overlay);
      default:
        return [];
    }
  }

  /** Written when all of it is there: a server that still reads its history is asked again until then. */
  private searchLines(model: Model, { query, found }: Of<'search'>): string[] {
    const parsed = parsedSearch(model, query);
    if (parsed.type === 'wrong') return told(parsed.reason);
    if (parsed.type === 'nothing') return told(SEARCH_HELP.join('\n'));
    if (!found) {
      this.saidReading = false;
      return [];
    }
    if (found.complete) return foundLines(model, found.lines);
    if (this.saidReading) return [];
    this.saidReading = true;
    return told('the server still reads its history: what is found follows');
  }

  /** What there is of a search that is not waited for any longer. */
  foundSoFar(model: Model): string[] {
    const { overlay } = model;
    if (overlay?.type !== 'search' || !overlay.found) return [];
    const lines = foundLines(model, overlay.found.lines);
    return [
      ...lines,
      ...told('that is not all: search again when the server has read its history'),
    ];
  }
}

const isSaidIn = (lines: readonly string[], hint: string) =>
  lines.some((line) => line.endsWith(hint.slice('- '.length)));

function newLine(view: RoomView, line: Line): string[] {
  switch (line.kind) {
    case 'post':
      if (line.mark === 'refused') return told(`${line.reason ?? 'refused'}: ${line.text}`);
      return [`${roomLabel(view.room)} ${clockTime(line.time)} ${postText(line)}`];
    case 'notice':
      return told(spoken(line.text));
    case 'members':
      return [`- ${roomLabel(view.room)}: ${membersText(line.changes)}`];
  }
}

/** What became of a line that was written already. */
function changeOf(view: RoomView, before: Line, after: Line): string[] {
  if (after.kind === 'members' && before.kind === 'members') return memberNews(view, before, after);
  if (after.kind !== 'post' || before.kind !== 'post') return [];
  const isSame = before.text === after.text && before.deleted === after.deleted;
  if (!isSame) return newLine(view, after);
  const reactions = reactionText(after.reactions);
  if (reactions === reactionText(before.reactions)) return [];
  const words = reactions === '' ? 'no reaction' : reactions;
  return [`- ${roomLabel(view.room)}: ${words} on ${after.name}: "${short(after.text)}"`];
}

function memberNews(view: RoomView, before: MembersLine, after: MembersLine): string[] {
  const news = after.changes.filter(
    ({ name, change }) =>
      !before.changes.some((each) => each.name === name && each.change === change),
  );
  return news.length === 0 ? [] : [`- ${roomLabel(view.room)}: ${membersText(news)}`];
}

function helpLines(model: Model): string[] {
  const commands = commandNames(model.local !== null).flatMap((name) => {
    const row = COMMANDS[name];
    return row && name !== 'mouse' ? [`${row.usage}: ${row.about}`] : [];
  });
  return told(
    [
      'every line is a post in the room you are in, or a command:',
      ...commands,
      '/1, /2, …: the room of that number',
      '//text: posts /text',
    ].join('\n'),
  );
}

function foundLines(model: Model, found: readonly FoundLine[]): string[] {
  if (found.length === 0) return told('nothing found');
  return found.toReversed().flatMap(({ room, line }) => {
    const view = model.rooms.find((each) => each.room.id === room);
    const where = view ? roomLabel(view.room) : '#?';
    const day = dayLabel(line.time, line.time);
    return told(`found: ${where} ${day} ${clockTime(line.time)} ${postText(line)}`);
  });
}

/** Where nobody answers: what was tried, and what there is to do. */
function triedLines({ connection }: Model): string[] {
  if (connection.type !== 'noServer') return [];
  return told(
    [
      ...connection.tried.map(({ address, result }) => `tried ${address}: ${result}`),
      'start some: syncnet-tui --local, or docker compose up -d; or name one: --servers host:port',
    ].join('\n'),
  );
}
