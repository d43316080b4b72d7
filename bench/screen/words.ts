// What people write in the bench: short and long, with Markdown, links, wide characters and emoji in it, as rooms
// have them. Drawn by a number, so that every run has the same.

const SENTENCES = [
  'ack',
  'deploying v2.4 now, watch the lag graph',
  'looks fine from here, queue depth is back to normal and the error budget is not touched',
  'that is `connection reset by peer` again, on the second replica, just after the checkpoint',
  '日本語も大丈夫です、順番もそのまま',
  '👍 nice',
  'see https://example.org/incidents/2026/11/lag-after-deploy for the whole story',
  'can somebody **please** look at the disk of the third one? It has been slow since yesterday evening, ' +
    'and whatever I try the checkpoints take three times as long as on the other two of them',
  'on it',
  "I'd rather wait until the rollout is through, then drain it and look in peace",
  'naïve question: why do we not fail over by hand? 🤷🏽‍♀️',
  'because *nothing* is lost when it does it by itself',
] as const;

/** The nth thing that somebody says. */
export function saidText(count: number): string {
  return `${SENTENCES[count % SENTENCES.length]} (${count})`;
}

const STAMP = /~([0-9a-z]{8,})/;

/** The same with the time at which it was said. @param wallMs milliseconds since 1970 */
export function stampedText(count: number, wallMs: number): string {
  return `~${wallMs.toString(36)} ${saidText(count)}`;
}

/** When a text was said; null where it does not tell. */
export function stampOf(text: string): number | null {
  const found = STAMP.exec(text)?.[1];
  return found === undefined ? null : Number.parseInt(found, 36);
}
