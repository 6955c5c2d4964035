/* about.c - tells what software the host is, and what time it has there (XEP-0092 1.1,
 * XEP-0202 2.0)
 * SPDX-License-Identifier: MIT */

#include "module.h"

#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

#include "heap.h"

#define NS_VERSION "jabber:iq:version"
#define NS_TIME "urn:xmpp:time"

struct about {
	struct utsname os;
	bool tells_version, tells_os;
};

/* XEP-0092 2: a result has a name and a version; whoever shall not know it gets it empty. */
static enum tern_verdict answer_version(struct tern_event *event, const void *settings)
{
	const struct about *about = settings;
	struct element *query = element_new(event->arena, NS_VERSION, "query");

	element_add_text(query, "name", tern_product);
	element_add_text(query, "version", about->tells_version ? tern_version : "");
	if (about->tells_os)
		element_add_text(query, "os", about->os.sysname);
	return tern_reply(event, query);
}

/* XEP-0082 3: "+01:00". */
static const char *offset_at(struct arena *arena, time_t now)
{
	struct tm local;
	long minutes;

	localtime_r(&now, &local);
	minutes = local.tm_gmtoff / 60;
	return arena_printf(arena, "%c%02ld:%02ld", minutes < 0 ? '-' : '+', labs(minutes) / 60,
		labs(minutes) % 60);
}

static enum tern_verdict answer_time(struct tern_event *event, const void *settings)
{
	struct element *answer = element_new(event->arena, NS_TIME, "time");
	uint64_t now_us = tern_now_us(event->entity);

	element_add_text(answer, "tzo", offset_at(event->arena, (time_t)(now_us / 1000000)));
	element_add_text(answer, "utc", tern_datetime(event->arena, now_us));
	return tern_reply(event, answer);
}

static int about_load(struct tern_host *host, void **ret_settings)
{
	struct about *about = heap_zalloc(sizeof *about);

	about->tells_version = tern_option_bool(host, "version");
	about->tells_os = tern_option_bool(host, "os") && uname(&about->os) == 0;
	tzset(); /* localtime_r need not */
	*ret_settings = about;
	return 0;
}

static void about_unload(struct tern_host *host, void *settings)
{
	free(settings);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "about",
	.about = "the host's software and time (XEP-0092, XEP-0202)",
	.features = (const char *const[]){ NS_VERSION, NS_TIME, NULL },
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_HOST, NS_VERSION, "query", answer_version },
		{ TERN_GET, TERN_AT_HOST, NS_TIME, "time", answer_time },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "version", TERN_BOOL, "yes", 0, 0, "whether strangers learn which version this is" },
		{ "os", TERN_BOOL, "no", 0, 0, "whether they learn the operating system" },
		{ 0 },
	},
	.load = about_load,
	.unload = about_unload,
};
