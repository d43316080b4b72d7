// SyncNet: signs in with the server's nonce, makes or joins its room, posts, and counts the answers.
#include "generator.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IS(line, length, type) begins(line, length, "{\"type\":\"" type "\"")

/** Who a client is, as fields of JSON: all but the nonce is made from its number. */
static void proof(conn *c, const char *server, const char *nonce, char fields[PROOF_SIZE]) {
  const int who = person(c);
  char key[44], signature[87], name[64], session[16], text[512];
  snprintf(name, sizeof name, "%s%d", settings.prefix, who);
  snprintf(session, sizeof session, "s%011d", who);
  snprintf(text, sizeof text, "syncnet sign-in v1\n%s\n%s\n%s\n%s", server, nonce, name, session);
  sign_in_key(who, key);
  sign_text(who, text, signature);
  snprintf(fields, PROOF_SIZE, "\"key\":\"%s\",\"name\":\"%s\",\"session\":\"%s\",\"signature\":\"%s\"", key, name, session,
           signature);
}

static void sign_in(conn *c, const char *server, const char *nonce) {
  char made[PROOF_SIZE], resume[512] = "";
  const char *fields = made;
  if (c->memory && c->memory->proof[0]) fields = c->memory->proof;
  else proof(c, server, nonce, made);
  if (c->memory && c->memory->was_in) {
    const struct memory *m = c->memory;
    int length = snprintf(resume, sizeof resume, ",\"cursor\":\"%s\",\"at\":%lu", m->cursor, (unsigned long)m->at);
    if (m->stamp[0]) snprintf(resume + length, sizeof resume - (size_t)length, ",\"stamp\":\"%s\"", m->stamp);
  }
  say_text(c, "{\"type\":\"signIn\",\"protocol\":1,%s%s}\n", fields, resume);
  c->state = GREETING;
  if (!c->memory) return;
  c->memory->asked = true;
  c->memory->proof[0] = 0;
}

void sign_in_again(conn *c) { sign_in(c, c->memory->server_id, c->memory->nonce); }

/** Of a connection that stands by: it says who it is, and hears nothing more that matters until it is needed. */
static void take_standing_by(conn *c, char *line, size_t length) {
  struct memory *m = c->memory;
  if (c->state == READY) return;
  if (!IS(line, length, "welcome") || !field(line, length, "server", m->server_id, sizeof m->server_id) ||
      !field(line, length, "nonce", m->nonce, sizeof m->nonce)) {
    fail("client %d, standing by: %.*s", person(c), (int)length, line);
  }
  proof(c, m->server_id, m->nonce, m->proof);
  say_text(c, "{\"type\":\"prove\",%s}\n", m->proof);
  c->state = READY;
}

/** The number behind "at":; 0 when it is not there. */
static uint64_t at_of(const char *line, size_t length) {
  const char *at = memmem(line, length, "\"at\":", 5);
  return at ? strtoull(at + 5, NULL, 10) : 0;
}

static void take_welcome(conn *c, const char *line, size_t length) {
  char server[64], nonce[128], state[32] = "";
  if (!field(line, length, "server", server, sizeof server) ||
      !field(line, length, "nonce", nonce, sizeof nonce)) {
    fail("a welcome without server or nonce: %.*s", (int)length, line);
  }
  field(line, length, "state", state, sizeof state);
  if (c->memory) {
    snprintf(c->memory->server_id, sizeof c->memory->server_id, "%s", server);
    snprintf(c->memory->nonce, sizeof c->memory->nonce, "%s", nonce);
    // Whoever waits at the next leader hears from it when it leads.
    if (c->memory->was_in && strcmp(state, "leading") != 0) return;
  }
  sign_in(c, server, nonce);
}

static void enter_room(conn *c) {
  c->state = JOINING;
  c->sent = 1;
  say_text(c, "{\"type\":\"%s\",\"number\":1,\"lowest\":1,\"name\":\"%s\"}\n",
           c->creates ? "createRoom" : "joinRoom", rooms[c->room].name);
}

static void take_room(conn *c, const char *line, size_t length) {
  const char *summary = memmem(line, length, "\"room\":{", 8);
  size_t rest = summary ? length - (size_t)(summary - line) : 0;
  room *r = &rooms[c->room];
  if (!summary || !field(summary, rest, "id", r->id, sizeof r->id)) {
    fail("a room without an id: %.*s", (int)length, line);
  }
  c->answered = 1;
  ready(c);
}

static bool is_refusal(const char *line, size_t length) {
  return IS(line, length, "refused") || IS(line, length, "closing") || IS(line, length, "redirect");
}

static void take_greeting(conn *c, char *line, size_t length) {
  if (IS(line, length, "welcome")) take_welcome(c, line, length);
  else if (IS(line, length, "signedIn")) enter_room(c);
  else if (IS(line, length, "stored")) take_room(c, line, length);
  else if (is_refusal(line, length)) fail("client %d: %.*s", c->index, (int)length, line);
}

static void take_answer(conn *c, char *line, size_t length) {
  if (IS(line, length, "stored")) answered(c);
  else if (is_refusal(line, length)) fail("client %d: %.*s", c->index, (int)length, line);
}

static void take_post(conn *c, char *line, size_t length) {
  char id[64];
  if (!field(line, length, "id", id, sizeof id)) fail("a post without an id: %.*s", (int)length, line);
  // What came late has no place after the cursor: 0.
  const uint64_t at = at_of(line, length);
  if (at > c->memory->at) c->memory->at = at;
  seen(c, strtoull(strrchr(id, '/') + 1, NULL, 10));
}

/** Of one who may have to go on at another server. */
static void take_remembering(conn *c, char *line, size_t length) {
  struct memory *m = c->memory;
  if (c->index >= conns_count) take_standing_by(c, line, length);
  else if (IS(line, length, "post")) take_post(c, line, length);
  else if (IS(line, length, "view")) {
    if (field(line, length, "cursor", m->cursor, sizeof m->cursor)) m->at = at_of(line, length);
  } else if (IS(line, length, "leading")) {
    if (!m->asked) sign_in_again(c);
  } else if (IS(line, length, "redirect") && m->was_in) m->asked = false; // it hears when somebody leads
  else if (IS(line, length, "closing") && m->was_in) return;  // and goes on elsewhere
  else if (IS(line, length, "signedIn") && m->was_in) {
    m->asked = false;
    ready(c);
  }
  else if (c->state == READY) {
    field(line, length, "stamp", m->stamp, sizeof m->stamp);
    take_answer(c, line, length);
  } else take_greeting(c, line, length);
}

static void opened(conn *c) { (void)c; }

static size_t greet(conn *c, char *bytes, size_t length) {
  return lines(c, bytes, length, c->memory ? take_remembering : take_greeting);
}

static size_t hear(conn *c, char *bytes, size_t length) { return lines(c, bytes, length, take_answer); }

static size_t message(conn *c, char *to, uint64_t at_ns) {
  char *end = to + sprintf(to, "{\"type\":\"post\",\"number\":%lu,\"lowest\":%lu,\"room\":\"%s\",\"text\":\"",
                           (unsigned long)c->sent + 1, (unsigned long)c->answered + 1, rooms[c->room].id);
  end += payload(end, at_ns);
  memcpy(end, "\"}\n", 3);
  return (size_t)(end + 3 - to);
}

const protocol syncnet = {"syncnet", opened, greet, message, hear};
