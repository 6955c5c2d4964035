/* fake_order.c - orders that administrators give: kept until the test answers them
 * SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "fake_internal.h"
#include "heap.h"

#define CELLS_MOST 8

struct order {
	struct order *next; /* given later */
	struct tern_session *session;
	tern_timer timer;
	char *text;
	void (*done)(struct tern_session *session, void *context,
		const struct tern_outcome *outcome);
	void *context;
};

void fake_know_orders(struct fake *fake, const struct tern_command_claim *claims)
{
	fake->host.orders = claims;
}

void tern_host_orders(const struct tern_host *host,
	void (*each)(void *context, const struct tern_command_claim *claim), void *context)
{
	for (const struct tern_command_claim *claim = host->orders; claim && claim->words; claim++)
		each(context, claim);
}

static char *text_of(const struct tern_session *session, const char *words,
	const char *const *arguments)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "%s: %s", jid_text(session->jid), words);
	for (; *arguments; arguments++)
		fprintf(out, " %s", *arguments);
	fclose(out);
	return text;
}

static struct order *take(struct tern_host *host, struct order *order)
{
	struct order **at = &host->given;

	while (*at != order)
		at = &(*at)->next;
	*at = order->next;
	return order;
}

static void destroy(struct order *order)
{
	free(order->text);
	free(order);
}

static void give_up(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	struct order *order = take(entity->host, context);

	order->done(NULL, order->context, NULL);
	destroy(order);
}

void tern_order(struct tern_session *session, const struct tern_host *host, const char *words,
	const char *const *arguments,
	void (*done)(struct tern_session *session, void *context,
		const struct tern_outcome *outcome),
	void *context)
{
	struct order *order = heap_zalloc(sizeof *order), **end = &session->entity->host->given;

	while (*end)
		end = &(*end)->next;
	*end = order;
	order->session = session;
	order->text = text_of(session, words, arguments);
	order->done = done;
	order->context = context;
	order->timer = tern_timer_start(session->entity, session, UINT64_MAX / 2, give_up, order);
}

const char *fake_order(struct fake *fake)
{
	return fake->host.given ? fake->host.given->text : NULL;
}

static void answer(struct fake *fake, const struct tern_outcome *outcome)
{
	struct order *order = take(&fake->host, fake->host.given);

	tern_timer_stop(order->session->entity, order->timer);
	order->done(order->session, order->context, outcome);
	destroy(order);
}

void fake_answer_order(struct fake *fake, const char *rows)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	char *rest = arena_strdup(arena, rows), *line;
	const char *const **list = arena_zalloc(arena, (strlen(rows) + 1) * sizeof *list);
	size_t count = 0;

	while ((line = strsep(&rest, "\n")) && *line) {
		const char **cells = arena_alloc(arena, CELLS_MOST * sizeof *cells);

		for (size_t i = 0; i < CELLS_MOST; i++) {
			const char *cell = line ? strsep(&line, "|") : NULL;

			cells[i] = cell ? cell : "";
		}
		list[count++] = cells;
	}
	answer(fake, &(struct tern_outcome){ .rows = list, .row_count = count });
	arena_destroy(arena);
}

void fake_refuse_order(struct fake *fake, int result, const char *error)
{
	answer(fake, &(struct tern_outcome){ .result = result, .error = error });
}
