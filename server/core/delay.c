/* delay.c - since when a message has waited, and with whom */
/* SPDX-License-Identifier: MIT */

#include <strings.h>

#include "element.h"
#include "module.h"
#include "names.h"

void tern_delay_add(struct element *message, const struct tern_host *host, uint64_t since_us)
{
	struct element *delay = element_add(message, NS_DELAY, "delay");

	element_set(delay, "from", tern_host_domain(host));
	element_set(delay, "stamp", tern_datetime(element_arena(message), since_us));
}

bool tern_is_delay_of(const struct element *element, const struct tern_host *host)
{
	const char *from;

	if (!element_is(element, NS_DELAY, "delay"))
		return false;
	from = element_get(element, "from");
	return from && strcasecmp(from, tern_host_domain(host)) == 0;
}
