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
  /** When it was opened last, and to which of the servers. */
  uint64_t opened_ns;
  int server;
  /** What it needs to know to go on at another server; NULL where none is killed. */
  struct memory *memory;
};

/** Key, name, session and signature, as fields of JSON. */
#define PROOF_SIZE 512

/** What a client keeps through a failover, and what it saw of it. */
struct memory {
  /** What it stands by with, and signs in with there; empty where it has to sign anew. */
  char proof[PROOF_SIZE];
  char cursor[204], stamp[124], nonce[128], server_id[64];
  uint64_t at;
  bool was_in, is_back;
  /** A sign-in is not answered yet. */
  bool asked;
  /** When it stands by once more; 0 when it does, or need not. */
  uint64_t stands_by_ns;
  /** The connection to the server that would lead next; NULL for that connection itself. */
  conn *spare;
  /** Of the deliveries since the kill. */
  uint64_t last_ns, gap_ns;
  /** By the number of the post: how often it came. */
  uint8_t *seen;
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

/** As given on the command line: what is talked about, */
extern struct settings {
  const char *prefix, *subject;
  int rooms, receivers, senders, payload;
  bool acknowledged;
} settings;

#define SERVERS_MAX 64
#define NS_PER_MS 1000000ull

/** and how. Times in milliseconds. */
extern struct run {
  const char *work;
  const protocol *wire;
  int ports[SERVERS_MAX], ports_count;
  int pids[SERVERS_MAX], pids_count;
  int window, under_way_max, warm_ms, window_ms, setup_ms_max;
  /** Messages a second, instead of a window of outstanding ones; 0 for none. */
  int rate;
  /** Rooms that are talked into at that rate: the first so many. */
  int talking_rooms;
  /** Who comes in a storm, all rooms together; 0 for none. */
  int crowd;
  /** Of the server that is killed; 0 for none. */
  int victim;
} run;

typedef struct {
  uint64_t counts[64 * 128];
  uint64_t total, max_ns;
} histogram;

/** What was heard and done so far, and, while `measuring`, how long it took. */
extern struct tally {
  bool measuring, running;
  uint64_t deliveries, bytes, last_heard_ns;
  histogram latency, lateness, setup;
} tally;

extern room *rooms;
extern conn *conns;
extern int conns_count, ready_count;
/** When the present turn of the loop began. */
extern uint64_t now_ns;

uint64_t clock_ns(void);

// connections.c

void open_poller(void);
/** Opens those of the first so many that may come now. */
void open_more(int until);
/** Opens one that is none of `conns`. */
void open_conn(conn *);
/** Closes it and opens it again, to another one of the servers. */
void reopen(conn *, int server);
/** Closes it, and goes on with the socket of another one. */
void adopt(conn *, conn *from);
/** Waits at most so long, and takes what came. */
void turn(uint64_t wait_ns);
/** Room behind what waits to be sent; `flush` sends it. */
char *reserve(conn *, size_t length);
void flush(conn *);

// load.c

/** A message reached these; the room may have more to send. */
void delivered(conn *, uint64_t count);
/** Sends what touched rooms may send. */
void pump_touched(void);
void pump(room *);
/** Sends what is due at the given rate. @returns nanoseconds until the next */
uint64_t send_due(void);
/** The clock starts now for what is due. */
void start_clock(void);
/** Sends an unanswered message once more, as it was. */
void send_again(conn *, uint64_t number);
uint64_t messages_sent(void);

// failover.c

/** Makes every client remember what it needs to go on. */
void prepare_failover(void);
/** A connection ended: its client goes to the next server. */
void lost(conn *);
/** A client is signed in again. */
void back(conn *);
/** A client is in: it stands by at the next server. */
void stand_by(conn *);
/** The same for those who were to wait for a while. */
void stand_by_due(void);
/** A post with this number came to a client. */
void seen(conn *, uint64_t number);
/** Kills the server, drives on, and prints how long who was without. */
void failover(void);

// output.c

/** Begins a line of JSON with what /proc says; more fields may follow before `print_end`. */
void print_begin(const char *event, double ms);
void print_histogram(const char *name, const histogram *);
void print_end(void);

// main.c

/** Drives the load for so long. @returns false when nothing came any more */
bool drive(int ms);

// for the protocols

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
/** Whose client it is, from 0. */
int person(const conn *);
/** Signs in once more, as one who was in. */
void sign_in_again(conn *);
/** The payload: marker, stamp and words. @returns its length */
size_t payload(char *to, uint64_t at_ns);
/** @returns the stamp behind a marker */
uint64_t stamp_of(const char *marker);
/** @returns the value of "name":"…" in a line of JSON, cut to fit; false when it is not there */
bool field(const char *line, size_t length, const char *name, char *to, size_t to_max);
/** Calls `take` for each whole line. @returns the bytes of whole lines */
size_t lines(conn *, char *bytes, size_t length, void (*take)(conn *, char *line, size_t length));
bool begins(const char *line, size_t length, const char *with);

/** Ed25519 through libcrypto. The key of a client is made from its index. */
void sign_in_key(int index, char key_base64url[44]);
void sign_text(int index, const char *text, char signature_base64url[87]);

void histogram_add(histogram *, uint64_t ns);
/** @returns nanoseconds, within one percent */
uint64_t histogram_at(const histogram *, double share);
#endif
