// SyncNet: signs in with the server's nonce, makes or joins its room, posts, and counts the answers.
#include "generator.h"
#include <stdio.h>
#include <string.h>

#define IS(line, length, type) begins(line, length, "{\"type\":\"" type "\"")

static void sign_in(conn *c, const char *line, size_t length) {
  char server[64], nonce[128], key[44], signature[87], name[64], session[16], text[512];
  if (!field(line, length, "server", server, sizeof server) ||
      !field(line, length, "nonce", nonce, sizeof nonce)) {
    fail("a welcome without server or nonce: %.*s", (int)length, line);
  }
  snprintf(name, sizeof name, "%s%d", settings.prefix, c->index);
  snprintf(session, sizeof session, "s%011d", c->index);
  snprintf(text, sizeof text, "syncnet sign-in v1\n%s\n%s\n%s\n%s", server, nonce, name, session);
  sign_in_key(c->index, key);
  sign_text(c->index, text, signature);
  say_text(c,
           "{\"type\":\"signIn\",\"protocol\":1,\"key\":\"%s\",\"name\":\"%s\",\"session\":\"%s\","
           "\"signature\":\"%s\"}\n",
           key, name, session, signature);
  c->state = GREETING;
}

static void take_greeting(conn *c, char *line, size_t length) {
  if (IS(line, length, "welcome")) return sign_in(c, line, length);
  if (IS(line, length, "signedIn")) {
    c->state = JOINING;
    c->sent = 1;
    say_text(c, "{\"type\":\"%s\",\"number\":1,\"lowest\":1,\"name\":\"%s\"}\n",
             c->creates ? "createRoom" : "joinRoom", rooms[c->room].name);
  } else if (IS(line, length, "stored")) {
    const char *summary = memmem(line, length, "\"room\":{", 8);
    size_t rest = summary ? length - (size_t)(summary - line) : 0;
    room *r = &rooms[c->room];
    if (!summary || !field(summary, rest, "id", r->id, sizeof r->id)) {
      fail("a room without an id: %.*s", (int)length, line);
    }
    c->answered = 1;
    ready(c);
  } else if (IS(line, length, "refused") || IS(line, length, "redirect") || IS(line, length, "closing")) {
    fail("client %d: %.*s", c->index, (int)length, line);
  }
}

static void take_answer(conn *c, char *line, size_t length) {
  if (IS(line, length, "stored")) answered(c);
  else if (IS(line, length, "refused") || IS(line, length, "closing") || IS(line, length, "redirect")) {
    fail("client %d: %.*s", c->index, (int)length, line);
  }
}

static void opened(conn *c) { (void)c; }

static size_t greet(conn *c, char *bytes, size_t length) { return lines(c, bytes, length, take_greeting); }

static size_t hear(conn *c, char *bytes, size_t length) { return lines(c, bytes, length, take_answer); }

static size_t message(conn *c, char *to, uint64_t at_ns) {
  char *end = to + sprintf(to, "{\"type\":\"post\",\"number\":%lu,\"lowest\":%lu,\"room\":\"%s\",\"text\":\"",
                           (unsigned long)c->sent + 1, (unsigned long)c->answered + 1, rooms[c->room].id);
  end += payload(end, at_ns);
  memcpy(end, "\"}\n", 3);
  return (size_t)(end + 3 - to);
}

const protocol syncnet = {"syncnet", opened, greet, message, hear};
