/* request.c - finds the command of a request, and passes its answer on
 * SPDX-License-Identifier: MIT */

#include "request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "usage.h"

/* --- what a command asks ---------------------------------------------------------------- */

const struct command *request_command(const struct request *request)
{
	return request->command;
}

struct server *request_server(const struct request *request)
{
	return request->server;
}

struct arena *request_arena(const struct request *request)
{
	return request->arena;
}

const char *request_argument(const struct request *request, size_t index)
{
	return index < request->argument_count ? request->arguments[index] : NULL;
}

const char *request_option(const struct request *request, const char *name)
{
	for (size_t i = 0; i + 1 < request->argument_count; i++) {
		if (strcmp(request->arguments[i], name) == 0)
			return request->arguments[i + 1];
	}
	return NULL;
}

bool request_has(const struct request *request, const char *flag)
{
	for (size_t i = 0; i < request->argument_count; i++) {
		if (strcmp(request->arguments[i], flag) == 0)
			return true;
	}
	return false;
}

/* --- what it answers --------------------------------------------------------------------- */

void request_row(struct request *request, const char *const *cells)
{
	request->outlet->row(request, cells);
}

void request_end(struct request *request)
{
	request->outlet->ended(request, 0, NULL);
}

static void end_with(struct request *request, int result, const char *format, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof text, format, args);
	request->outlet->ended(request, result, text);
}

void request_fail(struct request *request, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end_with(request, -EINVAL, format, args);
	va_end(args);
}

void request_refuse(struct request *request, int result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end_with(request, result, format, args);
	va_end(args);
}

void request_misused(struct request *request)
{
	request_fail(request, "usage: %s %s", request->command->claim.words,
		request->command->claim.arguments);
}

void request_await_stop(struct request *request)
{
	request->outlet->await_stop(request);
}

/* --- its command ---------------------------------------------------------------------------- */

/* Its two words, as far as they are some. */
static const char *name_of(const struct request *request)
{
	const char *first = request->argument_count ? request->arguments[0] : "";
	const char *second = request->argument_count > 1 ? request->arguments[1] : "-";

	return *second == '-' ? first : arena_printf(request->arena, "%s %s", first, second);
}

/* What it does not know might have been meant to hold it back, or to change whom it is about. */
static bool understands(struct request *request)
{
	const struct tern_command_claim *claim = &request->command->claim;
	const char *stranger = usage_find_stranger(claim->arguments, request->arguments,
		request->argument_count);

	if (stranger)
		request_fail(request, "`%s` is too much; usage: %s%s%s", stranger, claim->words,
			*claim->arguments ? " " : "", claim->arguments);
	return !stranger;
}

bool request_find(struct request *request)
{
	size_t words;

	request->command = command_find(request->server, request->arena, request->arguments,
		request->argument_count, &words);
	if (!request->command) {
		request_refuse(request, -ENOSYS, "there is no command `%s`; `help` lists them",
			name_of(request));
		return false;
	}
	request->argument_count -= words;
	request->arguments += words;
	return understands(request);
}
