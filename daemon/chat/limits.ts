// Sizes of the chat that it is given, so that a simulated one meets them within seconds.

export type ChatLimits = Readonly<{
  /** A resumption sends at most so many entries; whoever missed more asks for pages. */
  resumeEntriesMax: number;
  /** A change of view takes some milliseconds; beyond so many held requests, the next ones are refused. */
  heldCountMax: number;
}>;

export const CHAT_LIMITS: ChatLimits = { resumeEntriesMax: 5_000, heldCountMax: 20_000 };
