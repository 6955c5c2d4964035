/* mouth.c - stream.h over function calls */
/* SPDX-License-Identifier: MIT */

#include "mouth.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "arena.h"
#include "credentials.h"
#include "detached.h"
#include "heap.h"
#include "jid.h"
#include "names.h"
#include "parser.h"
#include "session.h"
#include "shard_internal.h"

struct stream {
	struct stream *next;
	struct shard *shard;
	struct tern_host *host;
	struct login *login;
	struct tern_session *session;
	char *account, *resource, *resumes;
	uint32_t h;
	struct listening calls;
	void *listener;
	unsigned pauses;
	size_t unread, answered;
	bool wants_drained;
	bool is_silent, is_gone; /* gone: freed by its next post */
	unsigned posts;          /* on their way to the shard */
};

static struct stream *streams;

static const struct listening nobody;

static void unlist(struct stream *stream)
{
	struct stream **place = &streams;

	while (*place != stream)
		place = &(*place)->next;
	*place = stream->next;
}

static void free_when_unused(struct stream *stream)
{
	if (!stream->is_gone || stream->posts)
		return;
	free(stream->account);
	free(stream->resource);
	free(stream->resumes);
	free(stream);
}

/* The stream is over; posts that are on their way find it gone. */
static void end(struct stream *stream)
{
	if (stream->is_gone)
		return;
	stream->is_gone = true;
	unlist(stream);
	login_close(stream->login);
	stream->login = NULL;
	free_when_unused(stream);
}

/* --- acts: each runs on the shard ----------------------------------------------------------- */

struct act {
	struct post post;
	struct stream *stream;
	void (*run)(struct stream *stream, char *xml);
	char *xml;
};

static void perform(struct shard *shard, struct post *post)
{
	struct act *act = (struct act *)post;
	struct stream *stream = act->stream;

	(void)shard;
	if (!stream->is_gone)
		act->run(stream, act->xml);
	stream->posts--;
	free_when_unused(stream);
	free(act->xml);
	free(act);
}

static void post(struct stream *stream, void (*run)(struct stream *, char *), const char *xml)
{
	struct act *act = heap_zalloc(sizeof *act);

	act->post.run = perform;
	act->stream = stream;
	act->run = run;
	act->xml = xml ? strdup(xml) : NULL;
	stream->posts++;
	shard_post(stream->shard, &act->post);
}

static void go_on(struct stream *stream, struct tern_session *session)
{
	stream->session = session;
	session_resume(session, stream, stream->h);
}

static void bind(void *context, struct login *login, bool failed)
{
	struct stream *stream = context;
	struct listening calls = stream->calls;
	struct tern_session *old;
	int result;

	stream->login = login;
	old = !failed && stream->resumes ? login_find_resumable(login, stream->resumes) : NULL;
	if (old) {
		go_on(stream, old);
		return;
	}
	result = failed ? -EIO : login_bind(login, stream, stream->resource, &stream->session);
	if (calls.bound)
		calls.bound(stream->listener, result < 0 ? NULL : stream->session);
	if (result < 0)
		end(stream);
}

static void log_in(struct stream *stream, char *unused)
{
	struct arena *arena = arena_create(256);
	const struct jid *jid = jid_new(arena, stream->account);

	(void)unused;
	stream->login = login_open(stream->shard, stream->host, jid, bind, stream);
	arena_destroy(arena);
}

static void take_stanza(void *context, struct arena *arena, struct element *element)
{
	struct stream *stream = context;

	if (stream->session)
		session_receive(stream->session, arena, element);
	else
		arena_destroy(arena);
}

static void read_stanza(struct stream *stream, char *xml)
{
	static const struct parser_sink sink = { .stanza = take_stanza };
	struct parser *parser = parser_pool_take(shard_parsers(stream->shard),
		"<stream:stream xmlns='" NS_CLIENT "' xmlns:stream='" NS_STREAM "'>");
	enum parser_fault fault;
	size_t used;

	stream->posts++; /* it may end in here */
	fault = parser_feed(parser, &sink, stream, xml, strlen(xml), &used);
	assert(fault == PARSER_NONE);
	(void)fault;
	parser_pool_give(shard_parsers(stream->shard), parser);
	stream->posts--;
}

static void break_off(struct stream *stream, char *unused)
{
	struct tern_session *session = stream->session;

	(void)unused;
	stream->session = NULL;
	if (session)
		session_stream_ended(session, false);
	end(stream);
}

static void leave(struct stream *stream, char *unused)
{
	(void)unused;
	if (stream->session && !session_leave(stream->session)) {
		session_stream_ended(stream->session, true);
		stream->session = NULL;
		stream_close(stream, STREAM_ERROR_NONE, NULL);
	}
}

/* --- for actors --------------------------------------------------------------------------------- */

struct stream *mouth_open(struct server *server, struct tern_host *host, const char *account,
		const char *resource, const struct listening *calls, void *listener)
{
	struct stream *stream = heap_zalloc(sizeof *stream);
	struct arena *arena = arena_create(256);

	stream->shard = account_home(server, jid_new(arena, account));
	arena_destroy(arena);
	stream->host = host;
	stream->account = strdup(account);
	stream->resource = strdup(resource);
	stream->calls = *calls;
	stream->listener = listener;
	stream->next = streams;
	streams = stream;
	post(stream, log_in, NULL);
	return stream;
}

struct stream *mouth_resume(struct stream *opened, const char *id, uint32_t h)
{
	opened->resumes = strdup(id);
	opened->h = h;
	return opened;
}

void mouth_say(struct stream *stream, const char *xml)
{
	post(stream, read_stanza, xml);
}

bool mouth_send(struct stream *stream, const char *xml)
{
	if (stream->pauses || !stream->session)
		return false;
	post(stream, read_stanza, xml);
	return true;
}

unsigned mouth_pauses(const struct stream *stream)
{
	return stream->pauses;
}

size_t mouth_answered(const struct stream *stream)
{
	return stream->answered;
}

void mouth_leave_unread(struct stream *stream, size_t bytes)
{
	stream->unread = bytes;
	if (!bytes && stream->wants_drained && stream->session)
		session_drained(stream->session);
}

void mouth_leave(struct stream *stream)
{
	post(stream, leave, NULL);
}

void mouth_break(struct stream *stream)
{
	stream->calls = nobody;
	post(stream, break_off, NULL);
}

static void close_others(struct shard *shard)
{
	const struct idmap *map = &shard->sessions.by_id;

	for (size_t i = 0; i < map->capacity; i++) {
		struct tern_session *session = map->slots[i].id ? map->slots[i].thing : NULL;

		if (!session || session_is_resumable(session))
			continue;
		session_close(session, STREAM_ERROR_SYSTEM_SHUTDOWN, NULL);
		i = (size_t)-1; /* removal shifts slots: look from the start */
	}
}

static void part(struct shard *shard, struct post *post)
{
	close_others(shard);
	if (detached_all_is_handled(shard)) {
		detached_part_all(shard);
		free(post);
	} else {
		shard_post(shard, post);
	}
}

void mouths_part_all(struct server *server)
{
	for (size_t i = 0; i < server->shard_count; i++) {
		struct post *part_now = heap_zalloc(sizeof *part_now);

		part_now->run = part;
		shard_post(server->shards[i], part_now);
	}
}

void mouths_silence(void)
{
	for (struct stream *stream = streams; stream; stream = stream->next)
		stream->calls = nobody;
}

void mouths_close_all(void)
{
	for (struct stream *stream = streams; stream; stream = stream->next)
		post(stream, break_off, NULL);
}

/* --- stream.h --------------------------------------------------------------------------------------- */

void stream_write(struct stream *stream, const char *bytes, size_t len)
{
	if (stream->calls.said)
		stream->calls.said(stream->listener, bytes, len);
}

void stream_note_answered(struct stream *stream, size_t len)
{
	stream->answered += len;
}

size_t stream_unwritten(const struct stream *stream)
{
	return stream->unread;
}

void stream_pause(struct stream *stream) { stream->pauses++; }

void stream_resume(struct stream *stream)
{
	assert(stream->pauses);
	stream->pauses--;
}

void stream_close(struct stream *stream, enum stream_error error, const char *text)
{
	struct listening calls = stream->calls;
	void *listener = stream->listener;

	(void)text;
	stream->session = NULL;
	stream->calls = nobody;
	end(stream);
	if (calls.closed)
		calls.closed(listener, error);
}

void stream_want_drained(struct stream *stream, bool wanted)
{
	stream->wants_drained = wanted;
}

const char *stream_peer(const struct stream *stream)
{
	(void)stream;
	return "simulated";
}

const char *stream_security(const struct stream *stream)
{
	(void)stream;
	return "";
}

struct shard *stream_shard(const struct stream *stream) { return stream->shard; }

/* In a simulation nobody logs in with it. */
char *credentials_make(const char *password, unsigned iterations)
{
	return *password ? strdup(password) : NULL;
}
