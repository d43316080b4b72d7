// What the brokers speak: NATS, Redis (RESP), MQTT 3.1.1 with QoS 0, and a bare server that copies lines. Who
// receives subscribes to the room's name; who sends does not, and so gets nothing back.
#include "generator.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void opened_nats(conn *c) {
  const char *subject = rooms[c->room].name;
  c->state = JOINING;
  say_text(c, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n");
  if (c->slot >= 0) say_text(c, "SUB %s 1\r\n", subject);
  if (settings.acknowledged) say_text(c, "SUB _INBOX.%s%d.* 1\r\n", settings.prefix, c->index);
  say_text(c, "PING\r\n");
}

static void take_nats(conn *c, char *line, size_t length) {
  if (begins(line, length, "PONG") && c->state != READY) ready(c);
  else if (begins(line, length, "PING")) say_text(c, "PONG\r\n");
  else if (begins(line, length, "-ERR")) fail("client %d: %.*s", c->index, (int)length, line);
}

static size_t greet_nats(conn *c, char *bytes, size_t length) { return lines(c, bytes, length, take_nats); }

static size_t message_nats(conn *c, char *to, uint64_t at_ns) {
  char *end = to + sprintf(to, "PUB %s %d\r\n", rooms[c->room].name, settings.payload);
  end += payload(end, at_ns);
  memcpy(end, "\r\n", 2);
  return (size_t)(end + 2 - to);
}

/** The answer of JetStream names, in its subject, which message it is for; its own line follows. */
static void take_ack(conn *c, char *line, size_t length) {
  if (begins(line, length, "MSG _INBOX.")) {
    const char *dot = memrchr(line, '.', length);
    answered_number(c, strtoull(dot + 1, NULL, 10));
  } else if (length > 0 && line[0] == '{' && !memmem(line, length, "\"seq\"", 5)) {
    fail("client %d: %.*s", c->index, (int)length, line);
  } else take_nats(c, line, length);
}

static size_t hear_jetstream(conn *c, char *bytes, size_t length) { return lines(c, bytes, length, take_ack); }

static size_t message_jetstream(conn *c, char *to, uint64_t at_ns) {
  char *end = to + sprintf(to, "PUB %s _INBOX.%s%d.%lu %d\r\n", settings.subject, settings.prefix, c->index,
                           (unsigned long)c->sent, settings.payload);
  end += payload(end, at_ns);
  memcpy(end, "\r\n", 2);
  return (size_t)(end + 2 - to);
}

const protocol nats = {"nats", opened_nats, greet_nats, message_nats, NULL};
const protocol jetstream = {"jetstream", opened_nats, greet_nats, message_jetstream, hear_jetstream};

static void opened_redis(conn *c) {
  const char *name = rooms[c->room].name;
  c->state = JOINING;
  if (c->slot < 0) return ready(c);
  say_text(c, "*2\r\n$9\r\nSUBSCRIBE\r\n$%zu\r\n%s\r\n", strlen(name), name);
}

static void take_redis(conn *c, char *line, size_t length) {
  if (begins(line, length, "-")) fail("client %d: %.*s", c->index, (int)length, line);
  if (c->state != READY && begins(line, length, ":1")) ready(c);
}

static size_t greet_redis(conn *c, char *bytes, size_t length) { return lines(c, bytes, length, take_redis); }

static size_t message_redis(conn *c, char *to, uint64_t at_ns) {
  const char *name = rooms[c->room].name;
  char *end = to + sprintf(to, "*3\r\n$7\r\nPUBLISH\r\n$%zu\r\n%s\r\n$%d\r\n", strlen(name), name, settings.payload);
  end += payload(end, at_ns);
  memcpy(end, "\r\n", 2);
  return (size_t)(end + 2 - to);
}

const protocol redis = {"redis", opened_redis, greet_redis, message_redis, NULL};

static char *mqtt_text(char *to, const char *text) {
  size_t length = strlen(text);
  *to++ = (char)(length >> 8);
  *to++ = (char)length;
  memcpy(to, text, length);
  return to + length;
}

static char *mqtt_length(char *to, size_t length) {
  for (; length > 127; length >>= 7) *to++ = (char)((length & 127) | 128);
  *to++ = (char)length;
  return to;
}

static void opened_mqtt(conn *c) {
  char id[64], packet[256], *body = packet + 2;
  snprintf(id, sizeof id, "%s%d", settings.prefix, c->index);
  body = mqtt_text(body, "MQTT");
  memcpy(body, "\x04\x02\x00\x00", 4); // level 4, a clean session, no keep-alive
  body = mqtt_text(body + 4, id);
  packet[0] = 0x10;
  packet[1] = (char)(body - packet - 2);
  c->state = GREETING;
  say(c, packet, (size_t)(body - packet));
}

static size_t greet_mqtt(conn *c, char *bytes, size_t length) {
  const unsigned char *seen = (unsigned char *)bytes;
  if (c->state == GREETING) {
    if (length < 4) return 0;
    if (seen[0] != 0x20 || seen[3] != 0) fail("client %d: MQTT refuses the connection", c->index);
    if (c->slot < 0) ready(c);
    else {
      char packet[256], *end = packet + 4;
      memcpy(packet + 2, "\x00\x01", 2);
      end = mqtt_text(end, rooms[c->room].name);
      *end++ = 0;
      packet[0] = (char)0x82;
      packet[1] = (char)(end - packet - 2);
      c->state = JOINING;
      say(c, packet, (size_t)(end - packet));
    }
    return 4;
  }
  if (length < 5) return 0;
  if (seen[0] != 0x90 || seen[4] != 0) fail("client %d: MQTT refuses the subscription", c->index);
  ready(c);
  return 5;
}

static size_t message_mqtt(conn *c, char *to, uint64_t at_ns) {
  const char *name = rooms[c->room].name;
  char *end = to;
  *end++ = 0x30;
  end = mqtt_length(end, 2 + strlen(name) + (size_t)settings.payload);
  end = mqtt_text(end, name);
  end += payload(end, at_ns);
  return (size_t)(end - to);
}

const protocol mqtt = {"mqtt", opened_mqtt, greet_mqtt, message_mqtt, NULL};

static void opened_bare(conn *c) {
  c->state = JOINING;
  say_text(c, "sign in\n");
}

/** Two questions and two answers, as a sign-in and a join are. */
static void take_bare(conn *c, char *line, size_t length) {
  if (begins(line, length, "welcome")) say_text(c, "%s %s\n", c->slot >= 0 ? "join" : "send", rooms[c->room].name);
  else if (begins(line, length, "joined")) ready(c);
}

static size_t greet_bare(conn *c, char *bytes, size_t length) { return lines(c, bytes, length, take_bare); }

static size_t message_bare(conn *c, char *to, uint64_t at_ns) {
  (void)c;
  size_t length = payload(to, at_ns);
  to[length] = '\n';
  return length + 1;
}

const protocol bare = {"bare", opened_bare, greet_bare, message_bare, NULL};
