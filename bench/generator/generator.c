// A load generator that is cheaper than any server it drives: one thread, one epoll, and of what it receives it
// counts one marker byte per message. It opens connections, sets them up as the protocol wants it, drives them for
// one window of time, and prints what happened as lines of JSON. See bench/generator.ts for who starts it, and
// docs/adr for why it is in C.
#include "generator.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES (1 << 18)
#define EVENTS 512
#define NS_PER_MS 1000000ull
#define ROOMS_MAX 4096
/** Answers may come in another order: times are kept for so many times the unanswered. */
#define TIMES (16 * UNANSWERED_MAX)
/** Set-up is over when nothing was heard for so long, or after the second time in any case. */
#define QUIET_NS (100 * NS_PER_MS)
#define QUIET_NS_MAX (20000 * NS_PER_MS)
/** Nothing comes any more: whoever is measured has stalled. */
#define STALL_NS (5000 * NS_PER_MS)
#define SERVERS_MAX 64

struct settings settings = {"c", "bench", 1, 100, 4, 120, false};
room *rooms;
uint64_t now_ns;

/** What one run is to do; all times in milliseconds. */
static struct {
  const char *work;
  int ports[SERVERS_MAX], ports_count;
  int pids[SERVERS_MAX], pids_count;
  int window, under_way_max, warm_ms, window_ms, setup_ms_max;
  /** Messages a second, instead of a window of outstanding ones; 0 for none. */
  int rate;
} run = {.window = 64, .under_way_max = 200, .warm_ms = 500, .window_ms = 3000, .setup_ms_max = 120000};

static const protocol *wire;
static conn *conns;
static int conns_count, ready_count, opened_count, under_way;
static int poller;
static char buffer[READ_BYTES];
static histogram latencies, latenesses, setups;
static uint64_t deliveries, bytes_heard, last_heard_ns;
static bool measuring, running;
static int *touched, touched_count;

void fail(const char *format, ...) {
  va_list words;
  va_start(words, format);
  fputs("generator: ", stderr);
  vfprintf(stderr, format, words);
  fputc('\n', stderr);
  va_end(words);
  exit(1);
}

static uint64_t clock_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

bool begins(const char *line, size_t length, const char *with) {
  size_t wanted = strlen(with);
  return length >= wanted && memcmp(line, with, wanted) == 0;
}

bool field(const char *line, size_t length, const char *name, char *to, size_t to_max) {
  char wanted[64];
  int wanted_length = snprintf(wanted, sizeof wanted, "\"%s\":\"", name);
  const char *at = memmem(line, length, wanted, (size_t)wanted_length);
  if (!at) return false;
  at += wanted_length;
  const char *end = memchr(at, '"', length - (size_t)(at - line));
  if (!end || (size_t)(end - at) >= to_max) return false;
  memcpy(to, at, (size_t)(end - at));
  to[end - at] = 0;
  return true;
}

size_t lines(conn *c, char *bytes, size_t length, void (*take)(conn *, char *, size_t)) {
  size_t from = 0;
  for (char *end; (end = memchr(bytes + from, '\n', length - from)); from = (size_t)(end - bytes) + 1) {
    size_t line = (size_t)(end - bytes) - from;
    if (line > 0 && bytes[from + line - 1] == '\r') line--;
    take(c, bytes + from, line);
  }
  return from;
}

size_t payload(char *to, uint64_t at_ns) {
  static const char words[] = " somebody says something of the usual length in a room where others read it, "
                              "and the others read it on their screens";
  static const char digits[] = "0123456789abcdef";
  to[0] = MARKER;
  for (int digit = 0; digit < STAMP_CHARS; digit++) to[STAMP_CHARS - digit] = digits[at_ns >> (4 * digit) & 15];
  for (int at = 1 + STAMP_CHARS, word = 0; at < settings.payload; at++, word++) {
    to[at] = words[word % (int)(sizeof words - 1)];
  }
  return (size_t)settings.payload;
}

// --- one connection ---

static void watch(conn *c, int operation) {
  struct epoll_event event = {.events = EPOLLIN | (c->watches_out ? EPOLLOUT : 0), .data.u32 = (uint32_t)c->index};
  if (epoll_ctl(poller, operation, c->fd, &event) < 0) fail("epoll: %s", strerror(errno));
}

static void flush(conn *c) {
  while (c->out_from < c->out_to) {
    ssize_t taken = write(c->fd, c->out + c->out_from, c->out_to - c->out_from);
    if (taken < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (taken < 0) fail("client %d: write: %s", c->index, strerror(errno));
    c->out_from += (size_t)taken;
  }
  if (c->out_from == c->out_to) c->out_from = c->out_to = 0;
  bool wants = c->out_to > 0;
  if (wants == c->watches_out) return;
  c->watches_out = wants;
  watch(c, EPOLL_CTL_MOD);
}

/** Room behind what waits to be sent. */
static char *reserve(conn *c, size_t length) {
  if (c->out_to + length > c->out_max) {
    c->out_max = 2 * (c->out_to + length);
    c->out = realloc(c->out, c->out_max);
    if (!c->out) fail("no memory");
  }
  return c->out + c->out_to;
}

void say(conn *c, const char *bytes, size_t length) {
  memcpy(reserve(c, length), bytes, length);
  c->out_to += length;
  flush(c);
}

void say_text(conn *c, const char *format, ...) {
  char text[1024];
  va_list words;
  va_start(words, format);
  int length = vsnprintf(text, sizeof text, format, words);
  va_end(words);
  say(c, text, (size_t)length);
}

void ready(conn *c) {
  if (c->state == READY) return;
  c->state = READY;
  ready_count++;
  under_way--;
  if (c->creates) rooms[c->room].exists = true;
  histogram_add(&setups, clock_ns() - c->opened_ns);
}

static void answered_at(conn *c, uint64_t number) {
  uint64_t since = c->sent_ns[number % TIMES];
  c->answered++;
  if (settings.acknowledged) {
    deliveries++;
    room *r = &rooms[c->room];
    r->done++;
    if (!r->touched) {
      r->touched = true;
      touched[touched_count++] = c->room;
    }
    if (measuring && since) histogram_add(&latencies, now_ns - since);
  }
}

void answered(conn *c) { answered_at(c, c->answered); }

void answered_number(conn *c, uint64_t number) { answered_at(c, number); }

static void open_conn(conn *c) {
  struct sockaddr_in to = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)run.ports[c->index % run.ports_count]),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int yes = 1;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) fail("socket: %s", strerror(errno));
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) {
    fail("connect: %s", strerror(errno));
  }
  c->state = CONNECTING;
  c->opened_ns = clock_ns();
  c->watches_out = true;
  under_way++;
  watch(c, EPOLL_CTL_ADD);
}

/** Whoever makes a room comes first; the others of a room wait for it. */
static void open_more(void) {
  while (opened_count < conns_count && under_way < run.under_way_max) {
    conn *c = &conns[opened_count];
    if (!c->creates && !rooms[c->room].exists) return;
    opened_count++;
    open_conn(c);
  }
}

static void touch(conn *c, uint64_t count) {
  room *r = &rooms[c->room];
  deliveries += count;
  r->counts[c->slot] += count;
  if (r->touched) return;
  r->touched = true;
  touched[touched_count++] = c->room;
}

/** One byte compared with one byte, and added up: the compiler makes vector instructions of it. */
static uint64_t count_markers(const char *bytes, size_t length) {
  uint64_t count = 0;
  while (length > 0) {
    size_t some = length < 128 ? length : 128;
    uint8_t few = 0;
    for (size_t at = 0; at < some; at++) few = (uint8_t)(few + (bytes[at] == MARKER));
    count += few;
    bytes += some;
    length -= some;
  }
  return count;
}

static int hex(char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; }

/** At a given rate messages come one by one, and each says when it was sent. */
static void time_messages(const char *bytes, size_t length) {
  const char *end = bytes + length;
  uint64_t heard_ns = clock_ns();
  for (const char *at = bytes; (at = memchr(at, MARKER, (size_t)(end - at))) && end - at > STAMP_CHARS; at++) {
    uint64_t sent_ns = 0;
    for (int digit = 1; digit <= STAMP_CHARS; digit++) sent_ns = sent_ns << 4 | (uint64_t)hex(at[digit]);
    if (measuring && sent_ns < heard_ns) histogram_add(&latencies, heard_ns - sent_ns);
  }
}

/** Hands words to whoever takes them, keeping what is not whole yet. */
static void hand(conn *c, size_t (*take)(conn *, char *, size_t), char *bytes, size_t length) {
  if (c->in_length > 0) {
    if (c->in_length + length > c->in_max) {
      c->in_max = 2 * (c->in_length + length);
      c->in = realloc(c->in, c->in_max);
      if (!c->in) fail("no memory");
    }
    memcpy(c->in + c->in_length, bytes, length);
    bytes = c->in;
    length += c->in_length;
  }
  size_t taken = 0;
  for (size_t more = 1; more > 0 && taken < length; taken += more) more = take(c, bytes + taken, length - taken);
  size_t rest = length - taken;
  if (rest > c->in_max) {
    // Only now: `bytes` may be what is in there.
    c->in_max = 2 * rest;
    c->in = realloc(c->in, c->in_max);
    if (!c->in) fail("no memory");
  }
  if (rest > 0) memmove(c->in, bytes + taken, rest);
  c->in_length = rest;
}

static void hear(conn *c) {
  ssize_t length = read(c->fd, buffer, sizeof buffer);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) fail("client %d: %s", c->index, length == 0 ? "the server closed the connection" : strerror(errno));
  size_t heard = (size_t)length;
  bytes_heard += heard;
  last_heard_ns = now_ns;
  if (c->state != READY) return hand(c, wire->greet, buffer, heard);
  if (c->slot >= 0) {
    uint64_t count = count_markers(buffer, heard);
    if (count > 0) touch(c, count);
    if (run.rate > 0) time_messages(buffer, heard);
  }
  if (c->sends && wire->hear) hand(c, wire->hear, buffer, heard);
}

static void on_event(const struct epoll_event *event) {
  conn *c = &conns[event->data.u32];
  if (c->state == CONNECTING) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error) fail("client %d: connect: %s", c->index, strerror(error));
    c->watches_out = false;
    watch(c, EPOLL_CTL_MOD);
    c->state = GREETING;
    wire->opened(c);
    return;
  }
  if (event->events & EPOLLOUT) flush(c);
  if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) hear(c);
}

// --- the load ---

/** A sender of this room that may send now; NULL when none may. */
static conn *next_sender(room *r) {
  for (int tries = 0; tries < r->senders_count; tries++) {
    conn *c = &conns[r->senders_from + r->next_sender];
    r->next_sender = (r->next_sender + 1) % r->senders_count;
    if (c->watches_out) continue;
    if (wire->hear && c->sent - c->answered >= UNANSWERED_MAX) continue;
    return c;
  }
  return NULL;
}

static void write_message(room *r, conn *c, uint64_t at_ns) {
  char *to = reserve(c, MESSAGE_BYTES_MAX);
  size_t length = wire->message(c, to, at_ns);
  c->sent_ns[c->sent % TIMES] = at_ns;
  c->sent++;
  r->sent++;
  c->out_to += length;
}

/** What everyone in the room has by now. */
static uint64_t done(const room *r) {
  if (settings.acknowledged) return r->done;
  uint64_t least = UINT64_MAX;
  for (int slot = 0; slot < r->receivers_count; slot++) {
    if (r->counts[slot] < least) least = r->counts[slot];
  }
  return least;
}

static void flush_senders(room *r) {
  for (int sender = 0; sender < r->senders_count; sender++) {
    conn *c = &conns[r->senders_from + sender];
    if (c->out_to > 0 && !c->watches_out) flush(c);
  }
}

/** Keeps as many messages of the room outstanding as are to be. */
static void pump(room *r) {
  r->done = done(r);
  for (int more = run.window - (int)(r->sent - r->done); more > 0; more--) {
    conn *c = next_sender(r);
    if (!c) break;
    write_message(r, c, now_ns);
  }
  flush_senders(r);
}

static void pump_touched(void) {
  for (int at = 0; at < touched_count; at++) {
    room *r = &rooms[touched[at]];
    r->touched = false;
    if (running && run.rate == 0) pump(r);
  }
  touched_count = 0;
}

static uint64_t due_ns;

/** Sends what is due at the given rate. @returns nanoseconds until the next */
static uint64_t send_due(void) {
  const uint64_t every_ns = 1000000000ull / (uint64_t)run.rate;
  for (uint64_t at = clock_ns(); due_ns <= at; due_ns += every_ns, at = clock_ns()) {
    static int turn;
    room *r = &rooms[turn++ % settings.rooms];
    conn *c = next_sender(r);
    if (!c) continue;
    if (measuring) histogram_add(&latenesses, at - due_ns);
    write_message(r, c, at);
    flush(c);
  }
  uint64_t at = clock_ns();
  return due_ns > at ? due_ns - at : 0;
}

static void turn(uint64_t wait_ns) {
  struct epoll_event events[EVENTS];
  struct timespec wait = {.tv_sec = (time_t)(wait_ns / 1000000000ull), .tv_nsec = (long)(wait_ns % 1000000000ull)};
  int count = epoll_pwait2(poller, events, EVENTS, &wait, NULL);
  if (count < 0 && errno != EINTR) fail("epoll: %s", strerror(errno));
  now_ns = clock_ns();
  for (int at = 0; at < count; at++) on_event(&events[at]);
  pump_touched();
}

// --- what is printed ---

/** The first line of a file of /proc, as a JSON string; empty when it is not there. */
static void print_first_line(const char *path) {
  char text[1024];
  int file = open(path, O_RDONLY);
  ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  text[length > 0 ? length : 0] = 0;
  printf("\"%.*s\"", (int)strcspn(text, "\n"), text);
}

/** What /proc says of each process that is watched, this one last, and of the whole machine. */
static void print_stats(void) {
  printf("\"stats\":[");
  for (int at = 0; at < run.pids_count; at++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", run.pids[at]);
    print_first_line(path);
    printf(",");
  }
  print_first_line("/proc/self/stat");
  printf("],\"machine\":");
  print_first_line("/proc/stat");
}

static void print_latencies(const char *name, const histogram *all) {
  printf(",\"%s\":{\"count\":%lu,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}", name,
         (unsigned long)all->total, (double)histogram_at(all, 0.5) / 1e3, (double)histogram_at(all, 0.99) / 1e3,
         (double)histogram_at(all, 0.999) / 1e3, (double)all->max_ns / 1e3);
}

static void print_begin(const char *event, double ms) {
  printf("{\"event\":\"%s\",\"ms\":%.3f,", event, ms);
  print_stats();
}

static void print_end(void) {
  puts("}");
  fflush(stdout);
}

// --- the run ---

static uint64_t messages_sent(void) {
  uint64_t sum = 0;
  for (int at = 0; at < settings.rooms; at++) sum += rooms[at].sent;
  return sum;
}

static void set_up(void) {
  const uint64_t from_ns = now_ns = clock_ns();
  const uint64_t until_ns = from_ns + (uint64_t)run.setup_ms_max * NS_PER_MS;
  while (ready_count < conns_count) {
    open_more();
    turn(10 * NS_PER_MS);
    if (now_ns > until_ns) fail("only %d of %d connections are set up after %d ms", ready_count, conns_count, run.setup_ms_max);
  }
  const uint64_t ready_ns = now_ns;
  print_begin("ready", (double)(ready_ns - from_ns) / 1e6);
  print_latencies("setup", &setups);
  print_end();
  while (now_ns - last_heard_ns < QUIET_NS && now_ns - ready_ns < QUIET_NS_MAX) turn(10 * NS_PER_MS);
}

/** Drives the load for so long. @returns false when it stalled */
static bool drive(int ms) {
  const uint64_t until_ns = clock_ns() + (uint64_t)ms * NS_PER_MS;
  last_heard_ns = now_ns = clock_ns();
  while (now_ns < until_ns) {
    uint64_t wait_ns = 5 * NS_PER_MS;
    if (run.rate > 0) {
      uint64_t due = send_due();
      if (due < wait_ns) wait_ns = due;
    }
    turn(wait_ns);
    if (now_ns - last_heard_ns > STALL_NS) return false;
  }
  return true;
}

static void load(void) {
  running = true;
  due_ns = now_ns = clock_ns();
  if (run.rate == 0) {
    for (int at = 0; at < settings.rooms; at++) pump(&rooms[at]);
  }
  bool flows = drive(run.warm_ms);
  const uint64_t from_ns = clock_ns(), deliveries_before = deliveries, bytes_before = bytes_heard;
  const uint64_t messages_before = messages_sent();
  measuring = true;
  print_begin("begin", 0);
  print_end();
  flows = flows && drive(run.window_ms);
  measuring = false;
  const double ms = (double)(clock_ns() - from_ns) / 1e6;
  print_begin("end", ms);
  printf(",\"deliveries\":%lu,\"messages\":%lu,\"bytes\":%lu,\"stalled\":%s",
         (unsigned long)(deliveries - deliveries_before), (unsigned long)(messages_sent() - messages_before),
         (unsigned long)(bytes_heard - bytes_before), flows ? "false" : "true");
  print_latencies("latency", &latencies);
  print_latencies("lateness", &latenesses);
  print_end();
}

/** Keeps the connections until standard input ends. */
static void hold(void) {
  char nothing[16];
  fcntl(0, F_SETFL, O_NONBLOCK);
  do turn(10 * NS_PER_MS);
  while (read(0, nothing, sizeof nothing) != 0);
}

static int numbers(char *text, int *to) {
  int count = 0;
  for (char *word = strtok(text, ","); word && count < SERVERS_MAX; word = strtok(NULL, ",")) to[count++] = atoi(word);
  return count;
}

static void read_setting(char *word) {
  static const protocol *const wires[] = {&irc, &nats, &redis, &mqtt, &syncnet, &bare, &jetstream, &etcd};
  const struct { const char *name; int *to; } whole[] = {
      {"rooms", &settings.rooms}, {"receivers", &settings.receivers}, {"senders", &settings.senders},
      {"payload", &settings.payload}, {"window", &run.window}, {"underWay", &run.under_way_max},
      {"warmMs", &run.warm_ms}, {"windowMs", &run.window_ms}, {"rate", &run.rate}, {"setupMsMax", &run.setup_ms_max}};
  char *value = strchr(word, '=');
  if (!value) fail("expected name=value, got %s", word);
  *value++ = 0;
  if (!strcmp(word, "protocol")) {
    for (size_t at = 0; at < sizeof wires / sizeof *wires; at++) if (!strcmp(wires[at]->name, value)) wire = wires[at];
  } else if (!strcmp(word, "work")) run.work = value;
  else if (!strcmp(word, "prefix")) settings.prefix = value;
  else if (!strcmp(word, "subject")) settings.subject = value;
  else if (!strcmp(word, "ports")) run.ports_count = numbers(value, run.ports);
  else if (!strcmp(word, "pids")) run.pids_count = numbers(value, run.pids);
  else {
    for (size_t at = 0; at < sizeof whole / sizeof *whole; at++) {
      if (strcmp(whole[at].name, word)) continue;
      *whole[at].to = atoi(value);
      return;
    }
    fail("unknown setting %s", word);
  }
}

static void add_conn(int room_index, int slot, bool sends, bool creates) {
  conn *c = &conns[conns_count];
  *c = (conn){.fd = -1, .index = conns_count++, .room = room_index, .slot = slot, .sends = sends, .creates = creates};
  if (sends) c->sent_ns = calloc(TIMES, sizeof *c->sent_ns);
}

/** Who makes a room comes before all others; its senders come one after the other, as `senders_from` says. */
static void plan(void) {
  const int per_room = settings.receivers + settings.senders;
  conns = calloc((size_t)(settings.rooms * per_room), sizeof *conns);
  rooms = calloc((size_t)settings.rooms, sizeof *rooms);
  touched = calloc((size_t)settings.rooms, sizeof *touched);
  for (int at = 0; at < settings.rooms; at++) {
    room *r = &rooms[at];
    snprintf(r->name, sizeof r->name, "%sr%d", settings.prefix, at);
    snprintf(r->id, sizeof r->id, "%s", r->name);
    r->counts = calloc((size_t)settings.receivers + 1, sizeof *r->counts);
    r->receivers_count = settings.receivers;
    r->senders_from = conns_count;
    r->senders_count = settings.senders;
    for (int sender = 0; sender < settings.senders; sender++) add_conn(at, -1, true, sender == 0);
  }
  for (int at = 0; at < settings.rooms; at++) {
    for (int slot = 0; slot < settings.receivers; slot++) add_conn(at, slot, false, settings.senders == 0 && slot == 0);
  }
}

int main(int count, char **words) {
  struct rlimit files;
  for (int at = 1; at < count; at++) read_setting(words[at]);
  if (!wire || !run.work || run.ports_count == 0 || settings.rooms > ROOMS_MAX || settings.payload < 1 + STAMP_CHARS) {
    fail("expected work=load|hold protocol=… ports=…, at most %d rooms, a payload of at least %d", ROOMS_MAX, 1 + STAMP_CHARS);
  }
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  poller = epoll_create1(EPOLL_CLOEXEC);
  settings.acknowledged = settings.receivers == 0;
  plan();
  set_up();
  if (!strcmp(run.work, "hold")) hold();
  else load();
  return 0;
}
