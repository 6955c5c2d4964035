/* delay.c - since when a message has waited, and with whom */
/* SPDX-License-Identifier: MIT */

#include "element.h"
#include "module.h"
#include "names.h"

void tern_delay_add(struct element *message, const struct tern_host *host, uint64_t since_us)
{
	struct element *delay = element_add(message, NS_DELAY, "delay");

	element_set(delay, "from", tern_host_domain(host));
	element_set(delay, "stamp", tern_datetime(element_arena(message), since_us));
}
