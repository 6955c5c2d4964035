/* delay.c - since when a message has waited, and with whom */
/* SPDX-License-Identifier: MIT */

#include <strings.h>

#include "element.h"
#include "module.h"
#include "names.h"

struct element *tern_delay_new(struct arena *arena, const struct tern_host *host, uint64_t since_us)
{
	struct element *delay = element_new(arena, NS_DELAY, "delay");

	element_set(delay, "from", tern_host_domain(host));
	element_set(delay, "stamp", tern_datetime(arena, since_us));
	return delay;
}

void tern_delay_add(struct element *message, const struct tern_host *host, uint64_t since_us)
{
	element_append(message, tern_delay_new(element_arena(message), host, since_us));
}

bool tern_is_delay_of(const struct element *element, const struct tern_host *host)
{
	const char *from;

	if (!element_is(element, NS_DELAY, "delay"))
		return false;
	from = element_get(element, "from");
	return from && strcasecmp(from, tern_host_domain(host)) == 0;
}
