/* command_config.c - ternctl config check and reload, log level
 * SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "config.h"
#include "keys.h"
#include "log.h"
#include "reload.h"
#include "request.h"

static void tell_change(void *context, const char *what, enum reload_outcome outcome,
	const char *why)
{
	struct request *request = context;

	request_row(request, (const char *const[]){ what, why
		? arena_printf(request_arena(request), "%s: %s", reload_outcome_text(outcome), why)
		: reload_outcome_text(outcome) });
}

static void run(struct request *request, bool only_check)
{
	const struct reload reload = { only_check, tell_change, request };
	char *why = NULL;

	if (server_reload(request_server(request), &reload, &why) < 0) {
		request_fail(request, "%s", why);
	} else {
		if (!only_check)
			log_info("config", NULL, "read again");
		request_end(request);
	}
	free(why);
}

void run_config_check(struct request *request)
{
	run(request, true);
}

void run_config_reload(struct request *request)
{
	run(request, false);
}

void run_log_level(struct request *request)
{
	const struct key *key = section_key(section_find("log"), "level");
	const char *level = request_argument(request, 0);
	const char *why = level ? key_refuse(request_arena(request), key, level) : NULL;
	struct config drawn = { 0 };

	if (why) {
		request_fail(request, "%s", why);
		return;
	}
	if (level) {
		key_fill(request_arena(request), key, &level, 1, &drawn);
		log_threshold = drawn.log_level;
		log_info("log", NULL, "the level is %s now", level);
	}
	request_row(request, (const char *const[]){ key->choices[log_threshold] });
	request_end(request);
}
