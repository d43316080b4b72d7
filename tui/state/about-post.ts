// What one does with a post that is there: answer it, edit it, take it back, react to it, copy it, go to what it
// answers. By keys on a post that was chosen, and by commands on the newest that fits.
import { Emoji } from '../../lib/protocol/fields.ts';
import { editorOf } from '../editor.ts';
import { emojiFor } from '../emoji.ts';
import { keysFor } from '../key-names.ts';
import { keptWhole } from '../kill-ring.ts';
import { piecesOf } from '../markdown.ts';
import { anchorShowing } from '../timeline.ts';
import { NOTHING_TO_UNDO } from '../undo.ts';
import { asideOf, type Model, ownOf, type PostLine, putBack } from './model.ts';
import { readAt } from './rooms.ts';
import { linesOf, sceneOf } from './selectors.ts';
import { ask, hint, openRoomOf, type Step, stay, then, withRoom } from './step.ts';

/** Stored and still there: what the server can be asked about. */
const isThere = (line: PostLine) =>
  !line.deleted && line.mark !== 'queued' && line.mark !== 'sent' && line.mark !== 'refused';

function postsOf(model: Model): PostLine[] {
  const view = openRoomOf(model);
  if (!view) return [];
  return linesOf(model, view).filter((line) => line.kind === 'post');
}

const postBy = (model: Model, key: string | null) =>
  postsOf(model).find((line) => line.key === key);

// --- choosing ---

/** Chooses the newest post, or with `step` the next above (-1) or below (+1). */
export function choose(model: Model, step: -1 | 0 | 1): Step {
  const posts = postsOf(model);
  const at = posts.findIndex((line) => line.key === model.selected);
  const target = posts[at === -1 ? posts.length - 1 : at + step];
  if (!target) return stay(posts.length === 0 ? hint(model, 'nothing was said here yet') : model);
  return showPost({ ...model, selected: target.key }, target.key);
}

/** Scrolls as little as it takes for a post of the open room to be seen. */
export function showPost(model: Model, key: string): Step {
  const view = openRoomOf(model);
  const scene = sceneOf(model);
  const index = scene?.lines.findIndex((line) => line.key === key) ?? -1;
  if (!view || !scene || index === -1) return stay(model);
  return readAt(model, anchorShowing(scene, view.anchor, index));
}

/** What each key does while a post is chosen; the hint row names them. */
const CHOSEN: Readonly<Record<string, (model: Model, post: PostLine) => Step>> = {
  r: answer,
  e: (model, post) => editPost(model, post),
  d: takeBack,
  '+': (model, { key }) =>
    stay({ ...model, overlay: { type: 'react', post: key, query: '', selected: 0 } }),
  g: goToQuoted,
  y: copy,
  o: showAddresses,
  k: (model) => choose(model, -1),
  j: (model) => choose(model, 1),
};

/** A key while a post is chosen. @returns null for one that means nothing then: it ends the choice */
export function onChosenKey(model: Model, key: string): Step | null {
  if (key === 'up' || key === 'ctrl+p') return choose(model, -1);
  if (key === 'down' || key === 'ctrl+n') return choose(model, 1);
  if (key === 'enter') return onChosenLetter(model, 'r');
  return null;
}

export function onChosenLetter(model: Model, letter: string): Step {
  const post = postBy(model, model.selected);
  const action = Object.hasOwn(CHOSEN, letter) ? CHOSEN[letter] : undefined;
  if (!post) return stay({ ...model, selected: null });
  return action
    ? action(model, post)
    : stay(hint(model, `${letter} does nothing here: Esc goes back to writing`));
}

// --- answering ---

const NOBODY_ELSE = 'nobody else said anything here yet';

function answer(model: Model, post: PostLine): Step {
  if (!isThere(post)) return stay(hint(model, 'not stored yet: it can be answered when it is'));
  const writing = { type: 'reply', post: post.key, name: post.name } as const;
  return stay(
    withRoom({ ...model, selected: null }, model.openRoom, (view) => ({ ...view, writing })),
  );
}

/** To what the newest post of another says. */
export function answerNewest(model: Model): Step {
  const post = postsOf(model).findLast((line) => !line.own && isThere(line));
  return post ? answer(model, post) : stay(hint(model, NOBODY_ELSE));
}

// --- editing ---

export const isEditable = (line: PostLine) => line.own && isThere(line);

export function editPost(model: Model, post: PostLine): Step {
  if (!post.own) return stay(hint(model, 'only your own messages: r answers this one'));
  if (!isThere(post)) return stay(hint(model, 'this one cannot be edited'));
  const kept = keepEdit({ ...model, selected: null });
  const edited = withRoom(kept, model.openRoom, (view) => ({
    ...view,
    writing: { type: 'edit', post: post.key, aside: asideOf(view) },
    draft: editorOf(post.text),
    recall: null,
    undo: NOTHING_TO_UNDO,
  }));
  return stay(hint(edited, 'editing · Enter stores · Esc leaves it', 'good'));
}

/** An edit that is left: what was made of it can be put in again, as what is cut can. */
function keepEdit(model: Model): Model {
  const view = openRoomOf(model);
  if (view?.writing?.type !== 'edit') return model;
  const { text } = ownOf(view);
  const isLost = text !== '' && text !== postBy(model, view.writing.post)?.text;
  return isLost ? { ...model, kills: keptWhole(model.kills, text) } : model;
}

/**
 * Edits the newest of one's own messages, or from there the next above (-1) or below (+1).
 * @returns null when there is none
 */
export function editNeighbour(model: Model, step: -1 | 1): Step | null {
  const own = postsOf(model).filter(isEditable);
  const { writing } = openRoomOf(model) ?? {};
  const at =
    writing?.type === 'edit' ? own.findIndex((line) => line.key === writing.post) : own.length;
  const target = own[at + step];
  if (target) return editPost(model, target);
  return writing?.type === 'edit' && step === 1 ? stay(endWriting(model)) : null;
}

/** Whether nothing was changed in an edit yet. */
export function isUntouched(model: Model): boolean {
  const view = openRoomOf(model);
  if (view?.writing?.type !== 'edit' || view.recall !== null) return false;
  return postBy(model, view.writing.post)?.text === view.draft.text;
}

/** Back to writing a new message: what was begun before an edit is there again. */
export function endWriting(model: Model): Model {
  return withRoom(model, model.openRoom, (view) => {
    if (view.writing?.type !== 'edit') return view.writing ? { ...view, writing: null } : view;
    return putBack(view, view.writing.aside);
  });
}

/** Esc: an edit is left without being stored. */
export function leaveWriting(model: Model): Model {
  if (!openRoomOf(model)?.writing) return model;
  const kept = keepEdit(model);
  const left = endWriting(kept);
  const [key] = keysFor(model.settings.bindings, 'yank');
  const how = key === undefined ? '' : ` · ${key} puts its text in`;
  return kept === model ? left : hint(left, `edit left${how}`, 'good');
}

/** Enter in an edit. */
export function submitEdit(model: Model, text: string): Step {
  const room = model.openRoom;
  const { writing } = openRoomOf(model) ?? {};
  if (room === null || writing?.type !== 'edit') return stay(model);
  if (text.trim() === '')
    return stay(hint(model, 'nothing is left: Esc, then /delete takes it back'));
  const { post } = writing;
  if (postBy(model, post)?.text === text) return stay(endWriting(keepEdit(model)));
  const request = { type: 'editPost', room, post, text: text.trimEnd() } as const;
  return ask(endWriting(model), { type: 'request', request, open: false });
}

/** `/edit TEXT`: another text for one's newest message; without one it is written in the composer. */
export function editNewest(model: Model, text: string): Step {
  const post = postsOf(model).findLast(isEditable);
  if (!post) return stay(hint(model, 'nothing of yours here to edit'));
  if (text === '') return editPost(model, post);
  const request = { type: 'editPost', room: model.openRoom ?? '', post: post.key, text } as const;
  return ask(model, { type: 'request', request, open: false });
}

// --- taking back ---

function takeBack(model: Model, post: PostLine): Step {
  if (!post.own || !isThere(post)) return stay(hint(model, 'only your own messages'));
  if (model.deleteAsked === post.key) return requestDelete({ ...model, selected: null }, post);
  const question = 'd again deletes it for everyone';
  return stay({ ...hint(model, question), deleteAsked: post.key });
}

function requestDelete(model: Model, post: PostLine): Step {
  const request = { type: 'deletePost', room: model.openRoom ?? '', post: post.key } as const;
  return ask({ ...model, deleteAsked: null }, { type: 'request', request, open: false });
}

/** `/delete`: the newest of one's own; asked about by showing which. */
export function deleteNewest(model: Model): Step {
  const post = postsOf(model).findLast(isEditable);
  if (!post) return stay(hint(model, 'nothing of yours here to delete'));
  return then(showPost({ ...model, selected: post.key }, post.key), (shown) =>
    takeBack(shown, post),
  );
}

// --- reacting ---

/** What a person reaches for most; everything else by a few letters of its name. */
const USUAL = ['👍', '❤️', '😂', '🎉', '😮', '😢', '👀', '✅'];

export function emojiChoices(query: string): readonly string[] {
  // `:tada:` is what one types elsewhere.
  const letters = query.replaceAll(':', '');
  return letters === '' ? USUAL : emojiFor(letters).filter((each) => Emoji.safeParse(each).success);
}

/** Puts an emoji under a post, or takes one's own away. */
export function react(model: Model, key: string, emoji: string): Step {
  const post = postBy(model, key);
  if (!post || !isThere(post)) return stay(hint(model, 'that message is not there to react to'));
  const same = post.reactions?.find((each) => each.emoji === emoji);
  const on = model.account === null || !same?.by.includes(model.account);
  const request = { type: 'react', room: model.openRoom ?? '', post: key, emoji, on } as const;
  return ask({ ...model, selected: null }, { type: 'request', request, open: false });
}

/** `/react EMOJI`, or a name such as `:tada:`, to the newest post of another. */
export function reactToNewest(model: Model, word: string): Step {
  const name = /^:?([a-z0-9_+-]+):?$/i.exec(word)?.[1];
  const emoji = name === undefined ? word : emojiChoices(name)[0];
  if (emoji === undefined || !Emoji.safeParse(emoji).success) {
    return stay(hint(model, `${word} is no emoji: such as 👍 or :tada:`));
  }
  const post = postsOf(model).findLast((line) => !line.own && isThere(line));
  return post ? react(model, post.key, emoji) : stay(hint(model, NOBODY_ELSE));
}

// --- looking ---

function goToQuoted(model: Model, post: PostLine): Step {
  if (!post.reply) return stay(hint(model, 'this message answers none'));
  const target = postBy(model, post.reply.id);
  if (!target) return stay(hint(model, 'what it answers is further up: PgUp loads more'));
  return showPost({ ...model, selected: target.key }, target.key);
}

function copy(model: Model, post: PostLine): Step {
  const copied = hint({ ...model, selected: null }, 'copied', 'good');
  return ask(copied, { type: 'copy', text: post.text });
}

/** The true addresses behind the links of a post. */
function showAddresses(model: Model, post: PostLine): Step {
  const addresses = piecesOf(post.text).flatMap(({ style }) => style.link ?? []);
  const text = [...new Set(addresses)].join(' · ');
  return stay(text === '' ? hint(model, 'no link in this message') : hint(model, text, 'good'));
}
