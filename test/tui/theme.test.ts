// Every look in every theme: readable where the theme fixes colours, and without them where it says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOOK_NAMES, lookOf, nameLook, type ThemeName } from '../../tui/theme.ts';

/** WCAG 2.2, contrast (minimum), for text of usual size. */
const CONTRAST_MIN = 4.5;

/** WCAG 2.2, relative luminance, of a colour in sRGB written as #rrggbb: from 0 to 1. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [lower = 0, higher = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (higher + 0.05) / (lower + 0.05);
}

test('the measure of contrast is that of the standard', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21);
  assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48');
});

const FIXED: readonly (readonly [ThemeName, string])[] = [
  ['dark', '#000000'],
  ['light', '#ffffff'],
];
for (const [theme, background] of FIXED) {
  test(`${theme}: whatever has a hue is readable on ${background}`, () => {
    const hued = LOOK_NAMES.filter((name) => lookOf(name, 'terminal').color !== undefined);
    assert.ok(hued.length > 15);
    for (const name of hued) {
      const { color = '' } = lookOf(name, theme);
      assert.match(String(color), /^#[0-9a-f]{6}$/, `${name} is left to the terminal's palette`);
      const ratio = contrast(String(color), background);
      assert.ok(ratio >= CONTRAST_MIN, `${name}: ${ratio.toFixed(2)}`);
    }
    for (const name of LOOK_NAMES) {
      const { color } = lookOf(name, theme);
      if (color === undefined) continue;
      assert.ok(contrast(String(color), background) >= CONTRAST_MIN, name);
    }
  });
}

test("the terminal's own palette: names of it, and nothing fixed", () => {
  for (const name of LOOK_NAMES) {
    const { color } = lookOf(name, 'terminal');
    if (color !== undefined) assert.match(String(color), /^[a-z]+(Bright)?$/, name);
  }
});

test('high contrast has no hue, nothing dim, and what calls stands out from text', () => {
  for (const name of LOOK_NAMES) {
    const look = lookOf(name, 'high-contrast');
    assert.equal(look.color, undefined, name);
    assert.notEqual(look.dimColor, true, name);
  }
  for (const name of ['mention', 'bad', 'warning', 'unreadRule', 'roomUnread', 'down'] as const)
    assert.notDeepEqual(lookOf(name, 'high-contrast'), lookOf('text', 'high-contrast'), name);
});

test('without colours weight and inversion are left', () => {
  for (const name of LOOK_NAMES) assert.equal(lookOf(name, 'none').color, undefined, name);
  assert.deepEqual(lookOf('mention', 'none'), { bold: true });
  assert.deepEqual(lookOf('roomOpen', 'none'), { bold: true, inverse: true });
  assert.deepEqual(lookOf('down', 'none'), { dimColor: true, strikethrough: true });
});

test('a name has the same colour always, and names have several', () => {
  const accounts = Array.from({ length: 50 }, (_, index) => `account${index}`);
  assert.deepEqual(accounts.map(nameLook), accounts.map(nameLook));
  assert.equal(new Set(accounts.map(nameLook)).size, 6);
});
