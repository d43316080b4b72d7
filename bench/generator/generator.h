// What the parts of the load generator share: connections, rooms, the protocols' table, and a histogram.
#ifndef GENERATOR_H
#define GENERATOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Stands once in every message and nowhere else on any of the wires: whoever counts it counts deliveries. */
#define MARKER '^'
/** Hexadecimal digits behind the marker: when the message was sent, in nanoseconds. */
#define STAMP_CHARS 16
/** Longest message with its frame, in bytes. */
#define MESSAGE_BYTES_MAX 2048
/** Requests of one connection that may wait for an answer; SyncNet's limit, and a power of two. */
#define UNANSWERED_MAX 256

enum state { CLOSED, CONNECTING, GREETING, JOINING, READY };

typedef struct conn conn;
struct conn {
  int fd;
  int index;
  int room;
  /** Its place among the counts of the room; -1 for one that only sends. */
  int slot;
  bool sends, creates;
  enum state state;
  /** What the socket has not taken yet. */
  char *out;
  size_t out_from, out_to, out_max;
  bool watches_out;
  /** Bytes that are no whole line or frame yet; used by those whose words are read. */
  char *in;
  size_t in_length, in_max;
  /** Requests so far, and how many of them were answered, in their order. */
  uint64_t sent, answered;
  /** When each unanswered request was sent. */
  uint64_t *sent_ns;
  /** When it was opened last. */
  uint64_t opened_ns;
};

typedef struct {
  char name[32];
  /** How the server calls it. */
  char id[32];
  bool exists;
  int senders_from, senders_count, next_sender;
  int receivers_count;
  /** Deliveries to each receiver. */
  uint64_t *counts;
  uint64_t sent, done;
  bool touched;
} room;

typedef struct {
  const char *name;
  /** The connection stands: says the first words. */
  void (*opened)(conn *);
  /** Takes what came before the run. @returns how many bytes were taken; the rest comes again with more */
  size_t (*greet)(conn *, char *bytes, size_t length);
  /** Writes one message of this connection's room. @returns its length */
  size_t (*message)(conn *, char *to, uint64_t now_ns);
  /** Takes what a sender hears during the run; NULL where that does not matter. Same as `greet` otherwise. */
  size_t (*hear)(conn *, char *bytes, size_t length);
} protocol;

extern const protocol irc, nats, redis, mqtt, syncnet, bare, jetstream, etcd;

/** As given on the command line. */
extern struct settings {
  const char *prefix, *subject;
  int rooms, receivers, senders, payload;
  bool acknowledged;
} settings;
extern room *rooms;
extern uint64_t now_ns;

/** Words for the server, sent at once or when the socket takes them. */
void say(conn *, const char *bytes, size_t length);
void say_text(conn *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** The connection is set up. */
void ready(conn *);
/** A request of this connection was answered: the oldest one, or the one with this number. */
void answered(conn *);
void answered_number(conn *, uint64_t number);
/** Ends the program with a reason on standard error. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/** The payload: marker, stamp and words. @returns its length */
size_t payload(char *to, uint64_t at_ns);
/** @returns the value of "name":"…" in a line of JSON, cut to fit; false when it is not there */
bool field(const char *line, size_t length, const char *name, char *to, size_t to_max);
/** Calls `take` for each whole line. @returns the bytes of whole lines */
size_t lines(conn *, char *bytes, size_t length, void (*take)(conn *, char *line, size_t length));
bool begins(const char *line, size_t length, const char *with);

/** Ed25519 through libcrypto. The key of a client is made from its index. */
void sign_in_key(int index, char key_base64url[44]);
void sign_text(int index, const char *text, char signature_base64url[87]);

typedef struct {
  uint64_t counts[64 * 128];
  uint64_t total, max_ns;
} histogram;
void histogram_add(histogram *, uint64_t ns);
/** @returns nanoseconds, within one percent */
uint64_t histogram_at(const histogram *, double share);
#endif
