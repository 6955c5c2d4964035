/* command_stats.c - ternctl stats: what the engine and the modules count and measure
 * SPDX-License-Identifier: MIT
 *
 * Counters are read as they stand; what only its shard may look at is asked of each by a post.
 * With --prometheus it is OpenMetrics 1.0 text. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "certificate.h"
#include "counters.h"
#include "host.h"
#include "module.h"
#include "request.h"
#include "server.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "storage.h"
#include "stream.h"
#include "tour.h"

#define GAUGE_LIST(X) \
	X(SESSIONS, "sessions", "sessions, detached ones too") \
	X(SESSIONS_DETACHED, "sessions_detached", "sessions that wait to be resumed") \
	X(STREAMS, "streams", "client connections, before and after login") \
	X(ENTITIES, "entities_open", "accounts and hosts in memory") \
	X(RECEIPTS_OPEN, "receipts_open", "stanzas that have not been dealt with") \
	X(RECEIPTS_OVERDUE, "receipts_overdue", "of those, for more than 30 s") \
	X(POSTS, "posts_waiting", "posts in mailboxes of shards") \
	X(UNCOMMITTED, "uncommitted_bytes", "writes that are not on disk yet") \
	X(SHARDS, "shards", "threads that serve accounts") \
	X(UPTIME, "uptime_seconds", "since the start") \
	X(MEMORY, "memory_bytes", "anonymous memory of the process") \
	X(OWNERS, "accounts", "accounts, rooms and hosts that have data") \
	X(ON_DISK, "disk_used_bytes", "size of the data") \
	X(FREE, "disk_free_bytes", "space that is left for them")

enum gauge {
#define X(id, name, about) GAUGE_##id,
	GAUGE_LIST(X)
#undef X
	GAUGES
};

struct survey {
	struct tour tour;
	struct request *request;
	struct server *server;
	bool as_text;
	uint64_t gauges[GAUGES];
};

struct visit {
	struct part part;
	uint64_t gauges[GAUGES];
};

/* --- telling ----------------------------------------------------------------------------- */

enum kind { KIND_COUNTER, KIND_GAUGE };

struct metric {
	const char *name, *about;
	enum kind kind;
};

static void tell_line(struct request *request, const char *line)
{
	request_row(request, (const char *const[]){ line });
}

/* A module's words: a line, with nothing in it that ends one (OpenMetrics, escaped-string). */
static const char *escape(struct arena *arena, const char *text)
{
	char *escaped = arena_alloc(arena, 2 * strlen(text) + 1), *end = escaped;

	for (; *text; text++) {
		if (strchr("\\\"\n", *text))
			*end++ = '\\';
		*end++ = *text == '\n' ? 'n' : *text;
	}
	*end = '\0';
	return escaped;
}

static void tell_head(struct survey *survey, const struct metric *metric)
{
	struct arena *arena = request_arena(survey->request);

	if (!survey->as_text)
		return;
	tell_line(survey->request, arena_printf(arena, "# TYPE tern_%s %s", metric->name,
		metric->kind == KIND_COUNTER ? "counter" : "gauge"));
	tell_line(survey->request, arena_printf(arena, "# HELP tern_%s %s", metric->name,
		escape(arena, metric->about)));
}

/* `host` may be NULL: a domain, which needs no escapes. */
static void tell_value(struct survey *survey, const struct metric *metric, const char *host,
	int64_t value)
{
	struct arena *arena = request_arena(survey->request);
	const char *number = arena_printf(arena, "%" PRId64, value);
	const char *label = host ? arena_printf(arena, "{host=\"%s\"}", host) : "";

	if (survey->as_text)
		tell_line(survey->request, arena_printf(arena, "tern_%s%s%s %s", metric->name,
			metric->kind == KIND_COUNTER ? "_total" : "", label, number));
	else
		request_row(survey->request, (const char *const[]){
			arena_printf(arena, "%s%s", metric->name, label), number });
}

static void tell(struct survey *survey, const struct metric *metric, int64_t value)
{
	tell_head(survey, metric);
	tell_value(survey, metric, NULL, value);
}

/* --- the engine --------------------------------------------------------------------------- */

static void tell_engine(struct survey *survey)
{
	static const struct metric gauges[] = {
#define X(id, name, about) { name, about, KIND_GAUGE },
		GAUGE_LIST(X)
#undef X
	}, counters[] = {
#define X(id, name, about) { name, about, KIND_COUNTER },
		COUNTER_LIST(X)
#undef X
	}, commits = { "commits", "transactions of the storage", KIND_COUNTER },
	   writes = { "writes", "records and log entries written", KIND_COUNTER };
	struct storage_stats stats;

	storage_stats(survey->server->storage, &stats);
	survey->gauges[GAUGE_OWNERS] = stats.owners;
	survey->gauges[GAUGE_ON_DISK] = stats.bytes_on_disk;
	survey->gauges[GAUGE_FREE] = stats.bytes_free;
	for (int i = 0; i < GAUGES; i++)
		tell(survey, &gauges[i], (int64_t)survey->gauges[i]);
	for (int i = 0; i < COUNTERS; i++)
		tell(survey, &counters[i], (int64_t)counter_sum(survey->server, (enum counter)i));
	tell(survey, &commits, (int64_t)stats.commits);
	tell(survey, &writes, (int64_t)stats.writes);
}

/* Whoever watches the numbers hears of a renewal that failed. */
static void tell_certificates(struct survey *survey)
{
	static const struct metric metric = { "certificate_ends_seconds",
		"when the host's certificate ends, since 1970", KIND_GAUGE };

	tell_head(survey, &metric);
	for (size_t i = 0; i < survey->server->host_count; i++) {
		const struct tern_host *host = survey->server->hosts[i];

		if (host->certificate)
			tell_value(survey, &metric, host->domain, certificate_ends(host->certificate));
	}
}

/* In bytes; 0 where the kernel does not say. */
static uint64_t anonymous_memory(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long kib = 0;
	char line[256];

	while (file && fgets(line, sizeof line, file)) {
		if (sscanf(line, "RssAnon: %llu kB", &kib) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kib * 1024;
}

/* --- modules ------------------------------------------------------------------------------- */

static int64_t counted(const struct server *server, tern_metric metric)
{
	int64_t sum = 0;

	for (size_t i = 0; i < server->shard_count; i++)
		sum += atomic_load_explicit(&server->shards[i]->counters.modules[metric - 1],
			memory_order_relaxed);
	return sum;
}

/* Of every host that has the module. */
static void tell_read(struct survey *survey, const struct tern_module *module,
	const struct tern_metric_claim *claim, const struct metric *metric)
{
	for (size_t i = 0; i < survey->server->host_count; i++) {
		const struct tern_host *host = survey->server->hosts[i];
		const struct loaded *loaded = host_find_loaded(host, module);

		if (loaded)
			tell_value(survey, metric, host->domain, claim->read(loaded->settings));
	}
}

static void tell_module(void *context, const struct tern_module *module)
{
	struct survey *survey = context;

	for (const struct tern_metric_claim *claim = module->metrics; claim && claim->name; claim++) {
		const struct metric metric = { claim->name, claim->about,
			claim->kind == TERN_COUNTER ? KIND_COUNTER : KIND_GAUGE };

		tell_head(survey, &metric);
		if (claim->read)
			tell_read(survey, module, claim, &metric);
		else
			tell_value(survey, &metric, NULL, counted(survey->server, *claim->handle));
	}
}

/* --- the survey ------------------------------------------------------------------------------ */

static void end_survey(struct tour *tour)
{
	struct survey *survey = (struct survey *)tour;

	survey->gauges[GAUGE_SHARDS] = survey->server->shard_count;
	survey->gauges[GAUGE_UPTIME] = (uint64_t)(time(NULL) - survey->server->started_at);
	survey->gauges[GAUGE_MEMORY] = anonymous_memory();
	tell_engine(survey);
	tell_certificates(survey);
	server_each_module(survey->server, tell_module, survey);
	if (survey->as_text)
		tell_line(survey->request, "# EOF");
	request_end(survey->request);
}

static void add_up(struct part *part)
{
	const struct visit *visit = (const struct visit *)part;
	struct survey *survey = (struct survey *)part->tour;

	for (int i = 0; i < GAUGES; i++)
		survey->gauges[i] += visit->gauges[i];
}

static uint64_t count_detached(const struct shard *shard)
{
	const struct idmap *map = &shard->sessions.by_id;
	uint64_t count = 0;

	for (size_t i = 0; i < map->capacity; i++) {
		const struct tern_session *session = map->slots[i].thing;

		count += session && !session->stream;
	}
	return count;
}

static bool look_around(struct shard *shard, struct part *part)
{
	struct visit *visit = (struct visit *)part;

	visit->gauges[GAUGE_SESSIONS] = shard->sessions.by_id.count;
	visit->gauges[GAUGE_SESSIONS_DETACHED] = count_detached(shard);
	visit->gauges[GAUGE_STREAMS] = stream_count(shard);
	visit->gauges[GAUGE_ENTITIES] = shard->entities.count;
	visit->gauges[GAUGE_RECEIPTS_OPEN] = shard->receipts.count;
	visit->gauges[GAUGE_RECEIPTS_OVERDUE] = receipts_late_now(shard);
	visit->gauges[GAUGE_POSTS] =
		atomic_load_explicit(&shard->mailbox_count, memory_order_relaxed);
	visit->gauges[GAUGE_UNCOMMITTED] = gate_uncommitted(&shard->gate);
	return true;
}

static void begin_survey(struct request *request, bool as_text)
{
	struct server *server = request_server(request);
	struct survey *survey = arena_zalloc(request_arena(request), sizeof *survey);

	survey->request = request;
	survey->server = server;
	survey->as_text = as_text;
	survey->tour = (struct tour){ .server = server, .part_size = sizeof(struct visit),
		.look = look_around, .gather = add_up, .end = end_survey };
	tour_begin(&survey->tour);
}

void run_stats(struct request *request)
{
	begin_survey(request, false);
}

void run_stats_prometheus(struct request *request)
{
	begin_survey(request, true);
}
