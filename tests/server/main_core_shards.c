/* main_core_shards.c - shards with threads of their own, and clients that talk across them
 * SPDX-License-Identifier: MIT
 *
 * For ThreadSanitizer, which needs a plain main: sessions on all shards write messages that are
 * kept on disk, show presence to everybody and ask what is answered later; accounts are deleted
 * under their sessions; then the whole stops in order.  Every message must have come out once.
 *
 * Then once more with sessions that can be resumed: the server stops while they talk, and starts
 * with another number of shards.  Every message that it took must stand in a queue, once. */

#include <assert.h>
#include <ftw.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "account.h"
#include "arena.h"
#include "credentials.h"
#include "detached.h"
#include "heap.h"
#include "host.h"
#include "intents.h"
#include "jid.h"
#include "loader.h"
#include "log.h"
#include "module.h"
#include "names.h"
#include "parser.h"
#include "saved.h"
#include "seen.h"
#include "server.h"
#include "session.h"
#include "shard.h"
#include "stanzas.h"
#include "storage.h"
#include "stream.h"
#include "workers.h"

#define CLIENTS 24
#define STANZAS 300 /* of each client, every sixth of them a message */
#define NS_TEST "tern:test:shards"

#define WORDS 40 /* of each client that the server stops under */

static struct server server;
static atomic_uint messages_sent, messages_heard, presences_heard, answers_heard, jobs_done;

/* --- a module that does a little of everything ---------------------------------------------- */

static tern_store store, log_of_messages;

static enum tern_verdict keep(struct tern_event *event, const void *settings)
{
	(void)settings;
	if (tern_append(event->entity, log_of_messages, jid_bare_text(event->stanza.from), "x", 1,
			NULL) < 0 || tern_put(event->entity, store, "last", 4, "x", 1) < 0)
		abort();
	return TERN_PASS;
}

static void go_on(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	tern_ticket *ticket = context;

	(void)session;
	if (!cancelled)
		tern_release(entity, *ticket, TERN_PASS);
	free(ticket);
}

static enum tern_verdict hold_some(struct tern_event *event, const void *settings)
{
	tern_ticket ticket, *copy;
	enum tern_verdict verdict;
	unsigned char chance;

	(void)settings;
	tern_random(event->entity, &chance, 1);
	if (chance % 8)
		return TERN_PASS;
	verdict = tern_hold(event, TERN_PASS, &ticket);
	copy = heap_alloc(sizeof *copy);
	*copy = ticket;
	tern_timer_start(event->entity, NULL, 1, go_on, copy);
	return verdict;
}

static enum tern_verdict deliver(struct tern_event *event, const void *settings)
{
	struct tern_session *session = tern_session_first(event->entity);

	(void)settings;
	for (; session; session = tern_session_next(session))
		tern_deliver(event, session);
	return TERN_DONE;
}

struct thought { struct job job; };

static void think(struct job *job)
{
	(void)job;
	assert(getpriority(PRIO_PROCESS, (id_t)gettid()) >= 10); /* behind the shards */
	atomic_fetch_add(&jobs_done, 1);
}

static void forget(struct shard *shard, struct job *job)
{
	(void)shard;
	free(job);
}

static void announce(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	const struct jid *to[CLIENTS * 4];
	struct thought *thought = heap_zalloc(sizeof *thought);

	(void)settings;
	for (unsigned i = 0; i < CLIENTS * 4; i++)
		to[i] = jid_new(event->arena,
			arena_printf(event->arena, "c%u@example.org", i % CLIENTS));
	tern_send_many(entity, &(struct tern_broadcast){ .stanza = event->stanza.element,
		.from = tern_session_jid(session), .to = to, .count = CLIENTS * 4 });
	thought->job.work = think;
	thought->job.done = forget;
	shard_work(shard_self(), &thought->job);
}

static void answer_record(struct tern_entity *entity, void *context, const void *value, size_t len,
	bool cancelled)
{
	tern_ticket *ticket = context;

	(void)value, (void)len;
	if (!cancelled)
		tern_answer(entity, *ticket, NULL);
	free(ticket);
}

static enum tern_verdict answer_later(struct tern_event *event, const void *settings)
{
	tern_ticket *ticket = heap_alloc(sizeof *ticket);
	enum tern_verdict verdict = tern_answer_later(event, ticket);

	(void)settings;
	tern_get(event->entity, store, "last", 4, answer_record, ticket);
	return verdict;
}

static const struct tern_module everything = {
	.abi = TERN_MODULE_ABI,
	.name = "everything",
	.about = "a little of everything",
	.hooks = (const struct tern_hook[]){
		{ TERN_IN_CHECK, TERN_MESSAGES, 0, hold_some },
		{ TERN_IN_RECORD, TERN_MESSAGES, 0, keep },
		{ TERN_IN_DELIVER, TERN_MESSAGES | TERN_PRESENCES, 0, deliver },
		{ 0 },
	},
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_OTHER_ACCOUNT | TERN_AT_OWN_ACCOUNT, NS_TEST, "last", answer_later },
		{ 0 },
	},
	.watches = (const struct tern_watch[]){
		{ TERN_ON_AVAILABLE, announce }, { TERN_ON_PRESENCE_CHANGED, announce }, { 0 },
	},
	.stores = (const struct tern_store_claim[]){
		{ "everything", TERN_FETCHED, &store, NULL },
		{ "everything/log", TERN_LOG, &log_of_messages, NULL },
		{ 0 },
	},
};

/* --- clients: streams that write to nobody and count ------------------------------------------ */

struct stream {
	struct post post;
	struct timer timer;
	unsigned number, said;
	struct shard *shard;
	struct tern_session *session;
	struct login *login;
	unsigned pauses;
	bool is_done;
	char id[40]; /* of a session that can be resumed */
};

static struct stream clients[CLIENTS];
static sem_t steps; /* a client has bound, or is through, or gone */

static void count_words(struct stream *stream, const char *bytes, size_t len)
{
	char *text = strndup(bytes, len);

	if (sscanf(text, "<enabled xmlns='urn:xmpp:sm:3' id='%39[0-9a-f]", stream->id) == 1)
		;
	else if (strncmp(text, "<message", 8) == 0)
		atomic_fetch_add(&messages_heard, 1);
	else if (strncmp(text, "<presence", 9) == 0)
		atomic_fetch_add(&presences_heard, 1);
	else
		atomic_fetch_add(&answers_heard, 1);
	free(text);
}

void stream_write(struct stream *stream, const char *bytes, size_t len)
{
	assert(shard_self() == stream->shard);
	count_words(stream, bytes, len);
}

size_t stream_unwritten(const struct stream *stream) { (void)stream; return 0; }
void stream_note_answered(struct stream *stream, size_t len) { (void)stream; (void)len; }
void stream_pause(struct stream *stream) { stream->pauses++; }
void stream_want_drained(struct stream *stream, bool wanted) { (void)stream; (void)wanted; }
const char *stream_peer(const struct stream *stream) { (void)stream; return ""; }
const char *stream_security(const struct stream *stream) { (void)stream; return ""; }
struct shard *stream_shard(const struct stream *stream) { return stream->shard; }
char *credentials_make(const char *password, unsigned iterations) { return strdup(password); }

void stream_resume(struct stream *stream)
{
	assert(stream->pauses);
	stream->pauses--;
}

void stream_close(struct stream *stream, enum stream_error error, const char *text)
{
	(void)error;
	(void)text;
	stream->session = NULL;
}

static void take_stanza(void *context, struct arena *arena, struct element *element)
{
	session_receive(((struct stream *)context)->session, arena, element);
}

static void say(struct stream *stream, const char *xml)
{
	static const struct parser_sink sink = { .stanza = take_stanza };
	struct parser_pool *pool = shard_parsers(stream->shard);
	struct parser *parser = parser_pool_take(pool, "<stream:stream xmlns='" NS_CLIENT
		"' xmlns:stream='" NS_STREAM "'>");
	size_t used;

	if (parser_feed(parser, &sink, stream, xml, strlen(xml), &used) != PARSER_NONE)
		abort();
	parser_pool_give(pool, parser);
}

static void say_next(struct stream *stream)
{
	unsigned number = stream->said++, to = (stream->number + number) % CLIENTS;
	char xml[256];

	switch (number % 6) {
	case 0:
		atomic_fetch_add(&messages_sent, 1);
		snprintf(xml, sizeof xml,
			"<message to='c%u@example.org' type='chat'><body>%u</body></message>", to, number);
		break;
	case 3:
		snprintf(xml, sizeof xml, "<presence><status>%u</status></presence>", number);
		break;
	default:
		snprintf(xml, sizeof xml, "<iq type='get' id='q%u' to='c%u@example.org'>"
			"<last xmlns='" NS_TEST "'/></iq>", number, to);
	}
	say(stream, xml);
}

static void note_facts(void *context, const struct session_facts *facts)
{
	struct stream *stream = context;

	if (facts->id == session_id(stream->session))
		stream->is_done = facts->under_way == 0;
}

static void talk(struct shard *shard, struct timer *timer)
{
	struct stream *stream = (struct stream *)((char *)timer - offsetof(struct stream, timer));

	for (unsigned i = 0; i < 10 && stream->said < STANZAS && !stream->pauses; i++)
		say_next(stream);
	if (stream->said == STANZAS)
		sessions_each(shard, note_facts, stream);
	if (stream->is_done)
		sem_post(&steps);
	else
		timer_start(shard, timer, 1);
}

static void begin_talk(struct shard *shard, struct post *post)
{
	struct stream *stream = (struct stream *)post;

	stream->timer.run = talk;
	talk(shard, &stream->timer);
}

static void bind(void *context, struct login *login, bool failed)
{
	struct stream *stream = context;

	if (failed || login_bind(login, stream, "r", &stream->session) < 0)
		abort();
	stream->login = login;
	sem_post(&steps);
}

static void log_in(struct shard *shard, struct post *post)
{
	struct stream *stream = (struct stream *)post;
	struct arena *arena = arena_create(256);

	login_open(shard, server.hosts[0],
		jid_new(arena, arena_printf(arena, "c%u@example.org", stream->number)), bind, stream);
	arena_destroy(arena);
}

static void leave(struct shard *shard, struct post *post)
{
	struct stream *stream = (struct stream *)post;
	struct tern_session *session = stream->session;

	(void)shard;
	stream->session = NULL;
	login_close(stream->login);
	if (session)
		session_stream_ended(session, true);
	sem_post(&steps);
}

static void await(unsigned count)
{
	while (count)
		count -= sem_wait(&steps) == 0;
}

static void all(void (*act)(struct shard *shard, struct post *post))
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		clients[i].post.run = act;
		shard_post(clients[i].shard, &clients[i].post);
	}
	await(CLIENTS);
}

/* --- the server ------------------------------------------------------------------------------- */

#define DIRECTORY "/tmp/tern-shards-XXXXXX"
static char directory[] = DIRECTORY;

static void must(int result, const char *what)
{
	if (result == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(result < 0 ? -result : result));
	exit(1);
}

static void note_committed(void *context, uint64_t tag)
{
	(void)context, (void)tag;
	sem_post(&steps);
}

static void commit(struct storage_batch *batch)
{
	storage_submit(server.storage, batch, note_committed, NULL, 0);
	await(1);
}

static void restore(void)
{
	struct storage_batch *batch = storage_batch_create(server.storage);
	size_t count;

	must(saved_restore(&server, batch, &count), "restoring");
	commit(batch);
}

static void save(void)
{
	struct storage_batch *batch = storage_batch_create(server.storage);
	size_t count;

	shards_settle(&server, 10000);
	must(saved_write(&server, batch, &count), "saving");
	commit(batch);
}

static void start(unsigned shards)
{
	static const struct limits presets = {
#define X(field, key, preset, least, most, about) .field = preset,
		LIMITS(X)
#undef X
	};
	const struct storage_options options = { .directory = directory, .relaxed = true };
	struct arena *arena = arena_create(1024);
	const char *why;
	char *no_storage;

	server.limits = presets;
	server.limits.mailbox_posts = 200; /* so that the flag is raised */
	stanzas_prepare();
	must(storage_open(&options, &server.storage, &no_storage), "storage");
	must(storage_declare(server.storage, "credentials", &server.credentials_store), "store");
	must(storage_declare(server.storage, "intents", &server.intents_store), "store");
	must(seen_prepare(server.storage), "store");
	must(storage_declare(server.storage, "saved", &server.saved_store), "store");
	server.hosts = heap_zalloc(sizeof *server.hosts);
	server.host_count = 1;
	server.hosts[0] = host_create(&server, "example.org");
	must(loader_add(arena, server.hosts[0], &everything, NULL, &why), "module");
	arena_destroy(arena);
	server.shards = heap_zalloc(shards * sizeof *server.shards);
	server.shard_count = shards;
	for (unsigned i = 0; i < shards; i++)
		server.shards[i] = shard_create(&server, i, false);
	restore();
	must(workers_start(2), "workers");
	for (unsigned i = 0; i < shards; i++)
		must(shard_start(server.shards[i]), "shard");
	must(intents_resume(&server), "intents");
}

/* The home of each is where it was, or elsewhere. */
static void find_homes(void)
{
	struct arena *arena = arena_create(1024);

	for (unsigned i = 0; i < CLIENTS; i++)
		clients[i].shard = account_home(&server,
			jid_new(arena, arena_printf(arena, "c%u@example.org", i)));
	arena_destroy(arena);
}

static void note_changed(void *context, int result)
{
	(void)context;
	must(result, "account");
	sem_post(&steps);
}

static void make_clients(void)
{
	struct arena *arena = arena_create(1024);

	for (unsigned i = 0; i < CLIENTS; i++) {
		const struct jid *jid = jid_new(arena, arena_printf(arena, "c%u@example.org", i));

		clients[i] = (struct stream){ .number = i };
		account_create(&server, server.hosts[0], jid, "secret", note_changed, NULL);
	}
	await(CLIENTS);
	arena_destroy(arena);
	find_homes();
}

static void stop(bool saves)
{
	for (size_t i = 0; i < server.shard_count; i++)
		shard_stop(server.shards[i]);
	for (size_t i = 0; i < server.shard_count; i++)
		shard_join(server.shards[i]);
	workers_stop();
	if (saves)
		save();
	shards_end(&server);
	storage_close(server.storage);
	for (size_t i = 0; i < server.shard_count; i++)
		shard_destroy(server.shards[i]);
	free(server.shards);
	host_destroy(server.hosts[0]);
	free(server.hosts);
}

/* Some of them, with their sessions. */
static void delete_accounts(void)
{
	struct arena *arena = arena_create(1024);

	for (unsigned i = 0; i < CLIENTS; i += 3)
		account_delete(&server, server.hosts[0],
			jid_new(arena, arena_printf(arena, "c%u@example.org", i)), note_changed, NULL);
	await((CLIENTS + 2) / 3);
	arena_destroy(arena);
}

/* --- the same, over a restart ------------------------------------------------------------------- */

static void speak(struct shard *shard, struct timer *timer)
{
	struct stream *stream = (struct stream *)((char *)timer - offsetof(struct stream, timer));
	char xml[256];

	if (!stream->session || stream->said == WORDS)
		return;
	if (atomic_fetch_add(&messages_sent, 1) == WORDS)
		sem_post(&steps);
	snprintf(xml, sizeof xml, "<message to='c%u@example.org' type='chat'><body>%u</body></message>",
		(stream->number + stream->said) % CLIENTS, stream->said);
	stream->said++;
	say(stream, xml);
	timer_start(shard, timer, stream->said % 2);
}

/* Every other one vanishes first: it says nothing, and waits. */
static void begin_again(struct shard *shard, struct post *post)
{
	struct stream *stream = (struct stream *)post;

	say(stream, "<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
	login_close(stream->login);
	if (stream->number % 2) {
		struct tern_session *session = stream->session;

		stream->session = NULL;
		session_stream_ended(session, false);
	} else {
		stream->timer.run = speak;
		timer_start(shard, &stream->timer, 1);
	}
	sem_post(&steps);
}

static void part(struct shard *shard, struct timer *timer)
{
	if (!detached_all_is_handled(shard)) {
		timer_start(shard, timer, 1);
		return;
	}
	detached_part_all(shard);
	free(timer);
	sem_post(&steps);
}

static void stop_reading(struct shard *shard, struct post *post)
{
	struct timer *timer = heap_zalloc(sizeof *timer);

	for (unsigned i = 0; i < CLIENTS; i++)
		if (clients[i].shard == shard)
			timer_stop(shard, &clients[i].timer);
	timer->run = part;
	timer_start(shard, timer, 0);
	free(post);
}

static void stop_gracefully(void)
{
	for (size_t i = 0; i < server.shard_count; i++) {
		struct post *post = heap_zalloc(sizeof *post);

		post->run = stop_reading;
		shard_post(server.shards[i], post);
	}
	await((unsigned)server.shard_count);
	stop(true);
}

static void take_up(void *context, struct login *login, bool failed)
{
	struct stream *stream = context;

	stream->session = failed ? NULL : login_find_resumable(login, stream->id);
	if (!stream->session)
		abort();
	login_close(login);
	session_resume(stream->session, stream, 0);
	sem_post(&steps);
}

static void come_back(struct shard *shard, struct post *post)
{
	struct stream *stream = (struct stream *)post;
	struct arena *arena = arena_create(256);

	login_open(shard, server.hosts[0],
		jid_new(arena, arena_printf(arena, "c%u@example.org", stream->number)), take_up, stream);
	arena_destroy(arena);
}

static void leave_again(struct shard *shard, struct post *post)
{
	struct stream *stream = (struct stream *)post;
	struct tern_session *session = stream->session;

	(void)shard;
	stream->session = NULL;
	session_stream_ended(session, true);
	sem_post(&steps);
}

static bool survive_a_restart(unsigned shards)
{
	start(shards);
	make_clients();
	all(log_in);
	all(begin_again);
	await(1); /* some words have been said, others are not going to be */
	stop_gracefully();
	messages_heard = 0;
	start(shards + 1);
	find_homes();
	all(come_back);
	all(leave_again);
	printf("%u shards: %u messages over a restart, %u in queues\n", shards, messages_sent,
		messages_heard);
	stop(false);
	return messages_sent == messages_heard;
}

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *place)
{
	(void)facts, (void)type, (void)place;
	return remove(path);
}

static bool talk_to_each_other(unsigned shards)
{
	start(shards);
	make_clients();
	all(log_in);
	all(begin_talk);
	delete_accounts();
	all(leave);
	stop(false);
	printf("%u shards: %u messages sent, %u heard, %u presences, %u answers, %u jobs\n", shards,
		messages_sent, messages_heard, presences_heard, answers_heard, jobs_done);
	return messages_sent == messages_heard;
}

static void in_new_directory(void)
{
	memcpy(directory, DIRECTORY, sizeof DIRECTORY);
	if (!mkdtemp(directory))
		abort();
	messages_sent = messages_heard = 0;
}

static void remove_directory(void)
{
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(int argc, char **argv)
{
	unsigned shards = argc > 1 ? (unsigned)atoi(argv[1]) : 3;
	bool is_good;

	log_threshold = LOG_LEVEL_WARNING;
	sem_init(&steps, 0, 0);
	in_new_directory();
	is_good = talk_to_each_other(shards);
	remove_directory();
	in_new_directory();
	is_good &= survive_a_restart(shards);
	remove_directory();
	return is_good ? 0 : 1;
}
