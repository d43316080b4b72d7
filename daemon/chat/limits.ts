// Sizes of the chat that it is given, so that a simulated one meets them within seconds.

export type ChatLimits = Readonly<{
  /** A resumption sends at most so many entries; whoever missed more asks for pages. */
  resumeEntriesMax: number;
  /** A change of view takes some milliseconds; beyond so many held requests, the next ones are refused. */
  heldCountMax: number;
  /**
   * What goes on of held requests in one turn, in units of some ten microseconds: heartbeats do not wait for a crowd that
   * signs in at a server which has just begun to lead.
   */
  releasedCostMax: number;
}>;

export const CHAT_LIMITS: ChatLimits = {
  resumeEntriesMax: 5_000,
  heldCountMax: 20_000,
  releasedCostMax: 1_024,
};
