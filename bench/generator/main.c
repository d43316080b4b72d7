// A load generator that is cheaper than any server it drives: one thread, one epoll, and of what it receives it
// counts one marker byte per message. It opens connections, sets them up as the protocol wants it, drives them for
// one window of time, and prints what happened as lines of JSON. See bench/generator.ts for who starts it, and
// docs/adr for why it is in C.
#include "generator.h"
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define ROOMS_MAX 4096
/** Set-up is over when nothing was heard for so long, or after the second time in any case. */
#define QUIET_NS (100 * NS_PER_MS)
#define QUIET_NS_MAX (20000 * NS_PER_MS)
/** Nothing comes any more: whoever is measured has stalled. */
#define STALL_NS (5000 * NS_PER_MS)

struct settings settings = {"c", "bench", 1, 100, 4, 120, false};
struct run run = {.window = 64, .under_way_max = 200, .warm_ms = 500, .window_ms = 3000, .setup_ms_max = 120000};
room *rooms;

void fail(const char *format, ...) {
  va_list words;
  va_start(words, format);
  fputs("generator: ", stderr);
  vfprintf(stderr, format, words);
  fputc('\n', stderr);
  va_end(words);
  exit(1);
}

uint64_t clock_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

/** Sets up the first so many connections, while those that are there already talk if they are to. */
static void set_up_first(int count) {
  const uint64_t until_ns = clock_ns() + (uint64_t)run.setup_ms_max * NS_PER_MS;
  while (ready_count < count) {
    uint64_t wait_ns = 10 * NS_PER_MS;
    open_more(count);
    if (tally.running && run.rate > 0) {
      uint64_t due = send_due();
      if (due < wait_ns) wait_ns = due;
    }
    turn(wait_ns);
    if (now_ns > until_ns) fail("only %d of %d connections are set up after %d ms", ready_count, count, run.setup_ms_max);
  }
}

static void wait_for_quiet(void) {
  const uint64_t from_ns = now_ns;
  while (now_ns - tally.last_heard_ns < QUIET_NS && now_ns - from_ns < QUIET_NS_MAX) turn(10 * NS_PER_MS);
}

static void set_up(void) {
  const uint64_t from_ns = now_ns = clock_ns();
  set_up_first(conns_count);
  print_begin("ready", (double)(now_ns - from_ns) / 1e6);
  print_histogram("setup", &tally.setup);
  print_end();
  wait_for_quiet();
}

/** Whether standard input has ended: whoever started this wants it to come to an end. */
static bool is_released(void) {
  char nothing[16];
  return read(0, nothing, sizeof nothing) == 0;
}

/** Drives the load for so long, or until standard input ends. @returns false when it stalled */
bool drive(int ms) {
  const uint64_t until_ns = clock_ns() + (uint64_t)ms * NS_PER_MS;
  uint64_t asked_ns = tally.last_heard_ns = now_ns = clock_ns();
  while (now_ns < until_ns) {
    uint64_t wait_ns = 5 * NS_PER_MS;
    if (run.rate > 0) {
      uint64_t due = send_due();
      if (due < wait_ns) wait_ns = due;
    }
    turn(wait_ns);
    if (now_ns - tally.last_heard_ns > STALL_NS) return false;
    if (tally.measuring && now_ns - asked_ns > 100 * NS_PER_MS) {
      asked_ns = now_ns;
      if (is_released()) return true;
    }
  }
  return true;
}

static void load(void) {
  tally.running = true;
  now_ns = clock_ns();
  start_clock();
  if (run.rate == 0) {
    for (int at = 0; at < settings.rooms; at++) pump(&rooms[at]);
  }
  bool flows = drive(run.warm_ms);
  const uint64_t from_ns = clock_ns(), deliveries_before = tally.deliveries, bytes_before = tally.bytes;
  const uint64_t messages_before = messages_sent();
  tally.measuring = true;
  print_begin("begin", 0);
  print_end();
  flows = flows && drive(run.window_ms);
  tally.measuring = false;
  const double ms = (double)(clock_ns() - from_ns) / 1e6;
  print_begin("end", ms);
  printf(",\"deliveries\":%lu,\"messages\":%lu,\"bytes\":%lu,\"stalled\":%s",
         (unsigned long)(tally.deliveries - deliveries_before), (unsigned long)(messages_sent() - messages_before),
         (unsigned long)(tally.bytes - bytes_before), flows ? "false" : "true");
  print_histogram("latency", &tally.latency);
  print_histogram("lateness", &tally.lateness);
  print_end();
}

/**
 * The first room talks; its people and the makers of all other rooms are set up first. Then comes a crowd, and what is
 * measured is until the last of it is in, and how long messages of the first room take meanwhile.
 */
static void storm(void) {
  set_up_first(conns_count - run.crowd);
  wait_for_quiet();
  tally.running = true;
  start_clock();
  drive(run.warm_ms);
  memset(&tally.setup, 0, sizeof tally.setup);
  tally.measuring = true;
  print_begin("begin", 0);
  print_end();
  const uint64_t from_ns = clock_ns();
  set_up_first(conns_count);
  tally.measuring = false;
  print_begin("ready", (double)(clock_ns() - from_ns) / 1e6);
  print_histogram("setup", &tally.setup);
  print_histogram("latency", &tally.latency);
  print_histogram("lateness", &tally.lateness);
  print_end();
  tally.running = false;
}

/** Keeps the connections until standard input ends. */
static void hold(void) {
  do turn(10 * NS_PER_MS);
  while (!is_released());
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
      {"crowd", &run.crowd}, {"victim", &run.victim}, {"warmMs", &run.warm_ms}, {"windowMs", &run.window_ms}, {"rate", &run.rate}, {"setupMsMax", &run.setup_ms_max}};
  char *value = strchr(word, '=');
  if (!value) fail("expected name=value, got %s", word);
  *value++ = 0;
  if (!strcmp(word, "protocol")) {
    for (size_t at = 0; at < sizeof wires / sizeof *wires; at++) if (!strcmp(wires[at]->name, value)) run.wire = wires[at];
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
}

/**
 * Who makes a room comes before all others; its senders come one after the other, as `senders_from` says. A crowd comes
 * last, into all rooms but the first.
 */
static void plan(void) {
  const int per_room = settings.receivers + settings.senders;
  conns = calloc((size_t)(settings.rooms * per_room + run.crowd), sizeof *conns);
  rooms = calloc((size_t)settings.rooms, sizeof *rooms);
  for (int at = 0; at < settings.rooms; at++) {
    room *r = &rooms[at];
    snprintf(r->name, sizeof r->name, "%sr%d", settings.prefix, at);
    snprintf(r->id, sizeof r->id, "%s", r->name);
    r->counts = calloc((size_t)(settings.receivers + run.crowd) + 1, sizeof *r->counts);
    r->receivers_count = settings.receivers;
    r->senders_from = conns_count;
    r->senders_count = settings.senders;
    for (int sender = 0; sender < settings.senders; sender++) add_conn(at, -1, true, sender == 0);
  }
  const int watched_rooms = run.crowd > 0 ? 1 : settings.rooms;
  for (int at = 0; at < watched_rooms; at++) {
    for (int slot = 0; slot < settings.receivers; slot++) add_conn(at, slot, false, settings.senders == 0 && slot == 0);
  }
  for (int at = 0; at < run.crowd; at++) {
    add_conn(1 + at % (settings.rooms - 1), settings.receivers + at, false, false);
  }
}

int main(int count, char **words) {
  struct rlimit files;
  for (int at = 1; at < count; at++) read_setting(words[at]);
  if (!run.wire || !run.work || run.ports_count == 0 || settings.rooms > ROOMS_MAX || settings.payload < 1 + STAMP_CHARS) {
    fail("expected work=load|storm|failover protocol=… ports=…, at most %d rooms, a payload of at least %d", ROOMS_MAX, 1 + STAMP_CHARS);
  }
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  open_poller();
  fcntl(0, F_SETFL, O_NONBLOCK);
  settings.acknowledged = settings.receivers == 0;
  plan();
  run.talking_rooms = run.crowd > 0 ? 1 : settings.rooms;
  if (!strcmp(run.work, "storm")) {
    storm();
    hold();
  } else if (!strcmp(run.work, "failover")) {
    signal(SIGPIPE, SIG_IGN);
    prepare_failover();
    set_up();
    failover();
  } else {
    set_up();
    load();
  }
  return 0;
}
