/* core_stage.c - builds the small server, moves its clock, listens for clients
 * SPDX-License-Identifier: MIT */

#include "core_stage.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "account.h"
#include "arena.h"
#include "buffer.h"
#include "clock.h"
#include "disk.h"
#include "heap.h"
#include "intents.h"
#include "loader.h"
#include "log.h"
#include "memory/engine.h"
#include "mouth.h"
#include "saved.h"
#include "seen.h"
#include "shard_internal.h"
#include "stanzas.h"
#include "storage.h"
#include "workers.h"

#define START_US UINT64_C(1790000000000000)

struct stage stage;
static const struct tern_module *const *modules;

/* --- the log ------------------------------------------------------------------------------ */

static int log_fd = -1;

static void drop_log(void)
{
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
}

void stage_catch_log(enum log_level threshold)
{
	drop_log();
	log_fd = memfd_create("log", 0);
	log_setup(threshold, false, log_fd);
}

const char *logged(void)
{
	static char text[8192];
	ssize_t len = pread(log_fd, text, sizeof text - 1, 0);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

/* --- the seams ---------------------------------------------------------------------------- */

static uint64_t stage_now(void) { return stage.now_us; }
static uint64_t stage_ticks(void) { return (stage.now_us - START_US) / 1000; }

static void stage_random(void *bytes, size_t len)
{
	static unsigned char next;

	for (size_t i = 0; i < len; i++)
		((unsigned char *)bytes)[i] = ++next;
}

/* --- a module that every test needs --------------------------------------------------------- */

static enum tern_verdict deliver(struct tern_event *event, const void *settings)
{
	const char *resource = jid_resource(event->stanza.to);
	struct tern_session *session = tern_session_first(event->entity);

	(void)settings;
	for (; session; session = tern_session_next(session)) {
		if (!resource || strcmp(jid_resource(tern_session_jid(session)), resource) == 0)
			tern_deliver(event, session);
	}
	return TERN_DONE;
}

static tern_store store;

static enum tern_verdict keep(struct tern_event *event, const void *settings)
{
	(void)settings;
	tern_put(event->entity, store, "key", 3, "value", 5);
	return TERN_PASS;
}

const struct tern_module stage_keeper = {
	.abi = TERN_MODULE_ABI,
	.name = "keeper",
	.about = "keeps messages",
	.hooks = (const struct tern_hook[]){ { TERN_IN_RECORD, TERN_MESSAGES, 0, keep }, { 0 } },
	.stores = (const struct tern_store_claim[]){ { "keeper", TERN_FETCHED, &store, NULL }, { 0 } },
};

static enum tern_verdict deliver_and_pass(struct tern_event *event, const void *settings)
{
	struct tern_session *session = tern_session_first(event->entity);

	for (; session; session = tern_session_next(session))
		tern_deliver(event, session);
	return TERN_PASS;
}

const struct tern_module stage_passing = {
	.abi = TERN_MODULE_ABI,
	.name = "passing",
	.about = "to all that are there",
	.hooks = (const struct tern_hook[]){
		{ TERN_IN_DELIVER, TERN_MESSAGES, 0, deliver_and_pass }, { 0 } },
};

const struct tern_module stage_delivery = {
	.abi = TERN_MODULE_ABI,
	.name = "delivery",
	.about = "all that arrives",
	.hooks = (const struct tern_hook[]){
		{ TERN_IN_DELIVER, TERN_MESSAGES | TERN_PRESENCES, 0, deliver },
		{ 0 },
	},
};

struct client {
	struct client *next;
	struct stream *stream;
	struct shard *shard;
	uint64_t session;
	enum stream_error error;
	struct buffer heard;
	char *told;
};

static struct client *clients;

static void forget_clients(void)
{
	while (clients) {
		struct client *client = clients;

		clients = client->next;
		buffer_finish(&client->heard);
		free(client->told);
		free(client);
	}
}

/* --- life --------------------------------------------------------------------------------- */

static struct tern_host *make_host(const char *domain, const struct tern_module *const *with)
{
	struct arena *arena = arena_create(1024);
	struct tern_host *host = host_create(&stage.server, domain);
	const char *why = "";

	for (; with && *with; with++) {
		int result = loader_add(arena, host, *with, NULL, &why);

		if (result < 0) {
			fprintf(stderr, "stage: %s\n", why);
			abort();
		}
	}
	arena_destroy(arena);
	return host;
}

static void submit(struct storage_batch *batch)
{
	disk_commit(stage.server.storage, batch);
	stage_settle();
}

static void restore(void)
{
	struct storage_batch *batch = storage_batch_create(stage.server.storage);
	size_t count;
	int result = saved_restore(&stage.server, batch, &count);

	assert(result == 0);
	(void)result;
	submit(batch);
}

static void start(void)
{
	static struct tern_host *hosts[2];
	static struct shard *shards[2];
	const struct storage_options options = { .directory = "" };
	struct server *server = &stage.server;
	int result = storage_open_stepped(&options, memory_engine_create(stage.disk),
		&server->storage);

	assert(result == 0);
	storage_declare(server->storage, "credentials", &server->credentials_store);
	storage_declare(server->storage, "intents", &server->intents_store);
	seen_prepare(server->storage);
	storage_declare(server->storage, "saved", &server->saved_store);
	server->hosts = hosts;
	server->host_count = 2;
	stage.host = hosts[0] = make_host("example.org", modules);
	hosts[1] = make_host("other.example", modules);
	server->shards = shards;
	server->shard_count = 2;
	for (unsigned i = 0; i < 2; i++)
		shards[i] = shard_create(server, i, true);
	restore();
	intents_resume(server);
	stage_settle();
}

static void stop(void)
{
	mouths_silence();
	mouths_close_all();
	stage_settle();
	for (unsigned i = 0; i < 2; i++)
		shard_destroy(stage.server.shards[i]);
	for (unsigned i = 0; i < 2; i++)
		host_destroy(stage.server.hosts[i]);
	storage_close(stage.server.storage);
}

void stage_open(const struct tern_module *const *with)
{
	static const char *const accounts[] = { ROMEO, NURSE, ROSALINE, ABRAM };
	static const struct limits presets = {
#define X(field, key, preset, least, most, about) .field = preset,
		LIMITS(X)
#undef X
	};

	modules = with;
	log_threshold = LOG_LEVEL_ERROR;
	stage.now_us = START_US;
	stage.disk = memory_disk_create();
	stage.server.limits = presets;
	clock_source = (struct clock_source){ stage_now, stage_ticks, stage_random };
	stanzas_prepare();
	start();
	for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++)
		stage_create(accounts[i]);
}

void stage_close(void)
{
	stop();
	forget_clients();
	memory_disk_destroy(stage.disk);
	drop_log();
}

void stage_restart(void)
{
	stop();
	start();
}

/* The disk is that of this moment; the old process ends in an orderly way that nobody sees. */
void stage_kill(void)
{
	struct memory_disk *left = memory_disk_copy(stage.disk);

	stop();
	memory_disk_destroy(stage.disk);
	stage.disk = left;
	start();
}

void stage_restart_gracefully(void)
{
	struct storage_batch *batch;
	size_t count;

	mouths_part_all(&stage.server);
	stage_settle();
	batch = storage_batch_create(stage.server.storage);
	saved_write(&stage.server, batch, &count);
	submit(batch);
	stage_restart();
}

/* --- steps -------------------------------------------------------------------------------- */

static bool turn(void)
{
	bool any = false;

	for (unsigned i = 0; i < 2; i++)
		any |= shard_turn(stage.server.shards[i]);
	return any;
}

void stage_turn(void)
{
	turn();
}

void stage_turns(void)
{
	while (turn())
		;
}

void stage_commit(void)
{
	storage_step(stage.server.storage, 0);
	stage_turns();
}

void stage_settle(void)
{
	do {
		stage_turns();
	} while (workers_step() || storage_step(stage.server.storage, 0));
}

void stage_pass(unsigned ms)
{
	stage.now_us += (uint64_t)ms * 1000;
	stage_turns();
}

void stage_fill_disk(bool full)
{
	disk_fill(stage.disk, &stage.server, full);
}

/* --- accounts ----------------------------------------------------------------------------- */

struct tern_entity *stage_entity(const char *text)
{
	struct arena *arena = arena_create(256);
	const struct jid *jid = jid_new(arena, text);
	struct tern_entity *entity = entities_find(server_home(&stage.server, jid_hash(jid)), jid);

	arena_destroy(arena);
	return entity;
}

static void note_result(void *context, int result)
{
	*(int *)context = result;
}

static int change(const char *account, bool create)
{
	struct arena *arena = arena_create(256);
	const struct jid *jid = jid_new(arena, account);
	int result = 1;

	if (create)
		account_create(&stage.server, stage.host, jid, "secret", note_result, &result);
	else
		account_delete(&stage.server, stage.host, jid, note_result, &result);
	arena_destroy(arena);
	stage_settle();
	return result;
}

int stage_delete(const char *account) { return change(account, false); }
int stage_create(const char *account) { return change(account, true); }

/* --- clients ------------------------------------------------------------------------------ */

static void hear(void *listener, const char *bytes, size_t len)
{
	struct client *client = listener;

	buffer_add(&client->heard, bytes, len);
}

static void note_bound(void *listener, struct tern_session *session)
{
	struct client *client = listener;

	client->session = session ? tern_session_id(session) : 0;
	client->shard = session ? shard_self() : NULL;
	if (!session)
		client->stream = NULL;
}

static void note_closed(void *listener, enum stream_error error)
{
	struct client *client = listener;

	client->stream = NULL;
	client->error = error;
}

static struct client *make_client(const char *account, const char *resource)
{
	static const struct listening calls = { hear, note_bound, note_closed };
	struct client *client = heap_zalloc(sizeof *client);

	client->next = clients;
	clients = client;
	client->stream = mouth_open(&stage.server, stage.host, account, resource, &calls, client);
	return client;
}

struct client *client_open(const char *account, const char *resource)
{
	struct client *client = make_client(account, resource);

	stage_settle();
	return client;
}

struct client *client_resumes(const char *account, const char *id, uint32_t h)
{
	struct client *client = make_client(account, "another");

	mouth_resume(client->stream, id, h);
	stage_turns();
	return client;
}

bool client_is_there(const struct client *client)
{
	return client->stream && client->session;
}

void client_posts(struct client *client, const char *xml)
{
	bool is_read = mouth_send(client->stream, xml);

	assert(is_read);
	(void)is_read;
}

void client_says(struct client *client, const char *format, ...)
{
	char xml[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(xml, sizeof xml, format, arguments);
	va_end(arguments);
	client_posts(client, xml);
	stage_turns();
}

void client_closes(struct client *client)
{
	mouth_leave(client->stream);
	stage_settle();
}

void client_breaks(struct client *client)
{
	mouth_break(client->stream);
	client->stream = NULL;
	stage_turns();
}

void client_leaves_unread(struct client *client, size_t bytes)
{
	mouth_leave_unread(client->stream, bytes);
}

const char *client_heard(struct client *client)
{
	free(client->told);
	client->told = strndup(client->heard.len ? buffer_at(&client->heard) : "", client->heard.len);
	buffer_consume(&client->heard, client->heard.len);
	return client->told;
}

bool client_is_paused(const struct client *client) { return mouth_pauses(client->stream) > 0; }

size_t client_asked_for(const struct client *client) { return mouth_answered(client->stream); }
enum stream_error client_error(const struct client *client) { return client->error; }

struct tern_session *client_session(const struct client *client)
{
	return client->session ? idmap_get(&client->shard->sessions.by_id, client->session) : NULL;
}

/* --- words -------------------------------------------------------------------------------- */

bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

unsigned count_of(const char *text, const char *part)
{
	unsigned count = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		count++;
	}
	return count;
}
