// The last write counts, in whatever order writes and their copies arrive.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Register } from '../../../daemon/chat/register.ts';

type Written = readonly [request: string, place: string, value: string];

/** What the register must hold: of each request the lowest copy, of those the highest. */
function expected(written: readonly Written[]): string | undefined {
  const lowest = new Map<string, Written>();
  for (const each of written) {
    const known = lowest.get(each[0]);
    if (!known || each[1] < known[1]) lowest.set(each[0], each);
  }
  return [...lowest.values()].sort(([, one], [, other]) => (one < other ? -1 : 1)).at(-1)?.[2];
}

function* orders<T>(items: readonly T[]): Generator<T[]> {
  if (items.length < 2) yield [...items];
  for (const [index, item] of items.entries()) {
    if (items.length < 2) return;
    for (const rest of orders(items.toSpliced(index, 1))) yield [item, ...rest];
  }
}

const SETS: Readonly<Record<string, readonly Written[]>> = {
  'writes of several requests': [
    ['a', '1', 'first'],
    ['b', '3', 'third'],
    ['c', '2', 'second'],
  ],
  'a copy that takes the last write below another one': [
    ['a', '4', 'of a'],
    ['b', '5', 'of b'],
    ['b', '2', 'of b'],
    ['a', '6', 'of a'],
  ],
  'copies that take all of them down': [
    ['a', '7', 'of a'],
    ['a', '1', 'of a'],
    ['b', '8', 'of b'],
    ['b', '3', 'of b'],
    ['c', '2', 'of c'],
  ],
};
for (const [what, written] of Object.entries(SETS)) {
  test(`${what}: in every order of arrival, and after every arrival, the last one counts`, () => {
    for (const order of orders(written)) {
      const register = new Register<string>();
      for (const [index, [request, place, value]] of order.entries()) {
        register.write(request, { place, value });
        assert.equal(register.value, expected(order.slice(0, index + 1)), JSON.stringify(order));
      }
    }
  });
}

test('a register that was never written has no value', () => {
  assert.equal(new Register<string>().value, undefined);
});
