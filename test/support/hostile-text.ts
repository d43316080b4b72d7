// Texts that have done harm in terminals somewhere, and random ones of every kind of letter: what each would be for a
// terminal, or a screen, that takes it as it comes.

const ESC = '\u001b';
const BELL = '\u0007';
const ST = `${ESC}\\`;

/** By what it does to a terminal that obeys it. */
// Numbers with a zero before them mean the same, and tell these sequences from the screen's own.
export const HOSTILE: Readonly<Record<string, string>> = {
  'CSI: clears the screen, writes elsewhere': `${ESC}[02J${ESC}[77;7H`,
  'CSI: reports back as if typed': `${ESC}[6n${ESC}[0c${ESC}[>q`,
  'CSI: leaves the alternate screen': `${ESC}[?01049l`,
  'CSI: prints on paper': `${ESC}[5i`,
  'C1: the same in one character': '\u009b2J\u009d52;c;aGk=\u009c\u009b77;7H',
  'C1: strings without an end': '\u0090q\u0098x\u009ey\u009fz',
  'OSC: sets the title': `${ESC}]0;pwned${BELL}${ESC}]2;pwned${ST}`,
  'OSC 8: an address behind another': `${ESC}]8;;https://evil.example${BELL}https://bank.example${ESC}]8;;${BELL}`,
  'OSC 52: writes the clipboard, asks for it': `${ESC}]52;c;cm0gLXJmIH4=${BELL}${ESC}]52;c;?${ST}`,
  'OSC 4, 10, 11: colours of the terminal': `${ESC}]4;1;#000000${ST}${ESC}]11;?${BELL}`,
  'OSC 9, 99, 777: notifies': `${ESC}]9;hi${BELL}${ESC}]99;;hi${ST}${ESC}]777;notify;a;b${BELL}`,
  'OSC 1337: writes a file': `${ESC}]1337;File=inline=1:AAAA${BELL}`,
  'DCS: asks for settings': `${ESC}P+q544e${ST}${ESC}P$qm${ST}`,
  'APC: draws a picture': `${ESC}_Ga=T,f=24,s=1,v=1;AAAA${ST}`,
  'SOS and PM: strings for nobody': `${ESC}Xhello${ST}${ESC}^world${ST}`,
  'tmux: passes through': `${ESC}Ptmux;${ESC}${ESC}]52;c;aGk=${BELL}${ST}`,
  'ESC: resets the terminal': `${ESC}c`,
  'ESC: saves, restores, changes sets': `${ESC}7${ESC}8${ESC}(0${ESC}#8`,
  'character sets': '\u000e\u000f',
  'an ESC at the very end': `harmless${ESC}`,
  'backspaces and returns': 'rm -rf\b\b\b\b\b\bls\r',
  'a return over what stands there': 'all is well\rrm -rf ~',
  'tabs and vertical tabs': 'a\tb\u000bc\u000cd',
  'NUL, DEL and the rest': '\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0010\u001c\u001f\u007f',
  'bidi overrides and isolates': '\u202Efdp.exe\u202C \u2066x\u2069 \u202a\u202b\u202d\u2067\u2068',
  'line and paragraph separators': 'a\u2028b\u2029c\u0085d',
  'zero width': 'pay\u200bpal\u200c\u200d\u2060\u00ad\u180e\u034f',
  'a flood of combining marks': `z${'\u0300\u0301\u0316\u0489'.repeat(60)}algo`,
  'a flood of variation selectors': `a${'\ufe0f\ufe0e\u{e0100}'.repeat(40)}b`,
  'a chain of joiners': `👨${'\u200d👨'.repeat(60)}`,
  'halves of characters': 'a\ud800b\udc00c',
  'what is no character': '\ufffe\uffff\u{1fffe}\ufff9\ufffb',
  tags: `x${String.fromCodePoint(0xe0001, 0xe0041, 0xe007f)}y`,
  'a link that leaves its parentheses': `[x](https://a.example/${ESC}]8;;https://evil.example${BELL})`,
  'a script for a link': '[click](javascript:alert(1)) [file](file:///etc/passwd)',
};

/** ESC, and C1: where sequences begin. */
const BEGINS = (text: string) => /^[\u0080-\u009f]/.test(text) || text.startsWith(ESC);
/** What the screen itself ends links with, and what ends a string, say nothing of whose they are. */
const OWN: readonly string[] = [`${ESC}]8;;`, `${ESC}]8;;${BELL}`, ST];

/** What of these texts would be found in the output of a screen that let them through: each sequence by itself. */
export const HOSTILE_SEQUENCES: readonly string[] = Object.values(HOSTILE)
  .flatMap((text) => text.split(new RegExp(`(?=[${ESC}\u0080-\u009f])`)))
  .filter((piece) => BEGINS(piece) && piece.length > 1)
  .map((piece) =>
    piece.includes(BELL) ? piece.slice(0, piece.indexOf(BELL) + 1) : piece.slice(0, 30),
  )
  .filter((piece) => !OWN.includes(piece));

/** Letters of every kind, for random texts. */
const ALPHABETS = [
  'abc def @alice #ops :tada: /join /me ```x``` **b** [l](http://e.example) ',
  '日本語雑談中文한국어 ｗｉｄｅ',
  'e\u0301a\u0308o\u0302 \u0301\u0308\u200d\ufe0f\u200b\u00ad',
  '👨‍👩‍👧‍👦👍🏽🇯🇵🏴󠁧󠁢󠁳󠁣󠁴󠁿❤️☎️✂️#️⃣',
  'مرحبا بالعالم שלום עולם',
  'नमस्ते ไทย မြန်မာ བོད་ཡིག',
  '\u0000\u0007\u001b[2J\u009b1m\r\n\t\b\u202e\u2066\ufeff\u2028',
  '\ud800\udc00\ud83d\udfff',
];

/** @param length of the text in UTF-16 units, about; letters may be cut in two */
export function randomText(random: () => number, length: number): string {
  let text = '';
  while (text.length < length) {
    const alphabet = ALPHABETS[Math.floor(random() * ALPHABETS.length)] ?? '';
    const from = Math.floor(random() * alphabet.length);
    text += alphabet.slice(from, from + 1 + Math.floor(random() * 6));
  }
  return text;
}
