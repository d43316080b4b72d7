// What somebody, or a room, is called where several want one name: after a merge there may be any number of them.

/** Characters of an id that tell two of one name apart after a merge. */
const SUFFIX_CHARS = 4;

type Named = { readonly id: string; place: string };

/** Who of those that want one name has it: the first; the others get a suffix. */
export function shownName(name: string, self: Named, others: Iterable<Named>): string {
  for (const other of others) {
    const earlier = other.place < self.place || (other.place === self.place && other.id < self.id);
    if (other.id !== self.id && earlier) return `${name}~${self.id.slice(0, SUFFIX_CHARS)}`;
  }
  return name;
}
