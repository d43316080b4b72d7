// Keys of entries that the tables for looking up do not have yet: posts by room, entries by request. In memory, and small.

/** Which entry, and where it stands in the one order. `stream` is the number that its table has for it. */
export type Key = Readonly<{ stream: number; sequence: number; place: string }>;

/** Of ascending keys the index of the first that is not below a place. */
function firstNotBelow(keys: readonly Key[], place: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle]?.place ?? '') < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Keys by a word, ascending by place. */
export class UnfiledKeys {
  private readonly byWord = new Map<string, Key[]>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  clear(): void {
    this.byWord.clear();
    this.count = 0;
  }

  add(word: string, key: Key): void {
    const keys = this.byWord.get(word);
    this.count += 1;
    if (!keys) this.byWord.set(word, [key]);
    // Nearly always the last.
    else if ((keys.at(-1)?.place ?? '') < key.place) keys.push(key);
    else keys.splice(firstNotBelow(keys, key.place), 0, key);
  }

  has(word: string, place: string): boolean {
    const keys = this.of(word);
    return keys[firstNotBelow(keys, place)]?.place === place;
  }

  /** @returns whether it was there */
  delete(word: string, place: string): boolean {
    const keys = this.byWord.get(word);
    const index = keys ? firstNotBelow(keys, place) : 0;
    if (keys?.[index]?.place !== place) return false;
    keys.splice(index, 1);
    if (keys.length === 0) this.byWord.delete(word);
    this.count -= 1;
    return true;
  }

  of(word: string): readonly Key[] {
    return this.byWord.get(word) ?? [];
  }

  /** Those between two places, both left out: the last `limit` of them, or the first; ascending. */
  between(word: string, { above, below, limit, oldest }: Between): readonly Key[] {
    const keys = this.of(word);
    const end = firstNotBelow(keys, below);
    let start = firstNotBelow(keys, above);
    if (keys[start]?.place === above) start += 1;
    return oldest
      ? keys.slice(start, Math.min(end, start + limit))
      : keys.slice(Math.max(start, end - limit), Math.max(start, end));
  }

  /** Words of which there are keys, in their order. */
  words(): string[] {
    return [...this.byWord.keys()].sort();
  }

  /** Takes out the first keys of a word, at most so many. */
  take(word: string, limit: number): readonly Key[] {
    const keys = this.byWord.get(word) ?? [];
    const taken = keys.splice(0, limit);
    if (keys.length === 0) this.byWord.delete(word);
    this.count -= taken.length;
    return taken;
  }
}

export type Between = Readonly<{ above: string; below: string; limit: number; oldest: boolean }>;
