// What a quick reader is held to its schema with: something sound, with each field replaced, left out, or one too many.

/** Texts at the bounds of any field, and some of other types. */
export const ODD_VALUES: readonly unknown[] = [
  ...['', ' ', '\n', 'a\nb', 'a\tb', '\u0000', '\u007f', '\u202e', '\ufeff', '\ud800', '\u2028'],
  ...['\u00a0\u3000', '日本 👩‍👩‍👧', 'x'.repeat(4_000), 'x'.repeat(4_001)],
  ...['general', 'general\n', 'General', 'post'],
  ...[0, -0, 1.5, 1e300, 2 ** 53, null, true, [], {}, ['general']],
];

/** @param fields to leave out or replace; those that `whole` lacks are added */
export function* variantsOf(
  whole: Readonly<Record<string, unknown>>,
  fields: readonly string[],
  values: readonly unknown[],
): Iterable<Record<string, unknown>> {
  for (const field of fields) {
    const { [field]: _gone, ...without } = whole;
    yield without;
    for (const value of values) {
      yield { ...whole, [field]: value };
      yield { ...without, more: value };
    }
  }
}
