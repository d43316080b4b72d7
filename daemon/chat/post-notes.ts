// What became of posts: their newest text, whether they were taken back, and the reactions under them. Kept by the
// post's id and apart from the post, because in a merge either may come first. The outcome is the same in whatever
// order the entries come.
import type { Reaction } from '../../lib/protocol/events.ts';
import { REACTION_ACCOUNTS_MAX } from '../../lib/protocol/limits.ts';
import type { NoteBody } from './bodies.ts';
import { Register } from './register.ts';

/** Most have only one of these: there are very many of them. */
type Note = {
  text: Register<string> | null;
  isDeleted: boolean;
  /** By emoji, and then by account. */
  reactions: Map<string, Map<string, Register<boolean>>> | null;
};

export class PostNotes {
  private readonly byPost = new Map<string, Note>();

  /** @param place of the entry in the one order */
  apply(body: NoteBody, place: string): void {
    const note = this.note(body.p);
    switch (body.t) {
      case 'edit':
        note.text ??= new Register();
        return note.text.write(body.q, { place, value: body.x });
      case 'delete':
        note.isDeleted = true;
        return;
      case 'react': {
        note.reactions ??= new Map();
        const accounts = note.reactions.get(body.e) ?? new Map<string, Register<boolean>>();
        note.reactions.set(body.e, accounts);
        const register = accounts.get(body.u) ?? new Register<boolean>();
        accounts.set(body.u, register);
        register.write(body.q, { place, value: body.o });
      }
    }
  }

  private note(post: string): Note {
    const known = this.byPost.get(post);
    if (known) return known;
    const note: Note = { text: null, isDeleted: false, reactions: null };
    this.byPost.set(post, note);
    return note;
  }

  /** Whether anything became of it. */
  has(post: string): boolean {
    return this.byPost.has(post);
  }

  isDeleted(post: string): boolean {
    return this.byPost.get(post)?.isDeleted ?? false;
  }

  /** The text of the newest edit; null when it was not edited. */
  textOf(post: string): string | null {
    return this.byPost.get(post)?.text?.value ?? null;
  }

  /** The commonest first. */
  reactionsOf(post: string): Reaction[] {
    const note = this.byPost.get(post);
    if (!note?.reactions) return [];
    const reactions = [...note.reactions].flatMap(([emoji, accounts]): Reaction[] => {
      const by = [...accounts].flatMap(([account, { value }]) => (value ? [account] : [])).sort();
      return by.length > 0
        ? [{ emoji, count: by.length, by: by.slice(0, REACTION_ACCOUNTS_MAX) }]
        : [];
    });
    return reactions.sort(
      (one, other) => other.count - one.count || (one.emoji < other.emoji ? -1 : 1),
    );
  }

  /** Everything that is shown, as one value that is equal wherever the same entries were folded. */
  summary(): unknown {
    return [...this.byPost.keys()]
      .sort()
      .map((post) => [
        post,
        this.isDeleted(post),
        this.textOf(post),
        this.reactionsOf(post).map(({ emoji, count }) => [emoji, count]),
      ]);
  }
}
