/* lane.c - numbered messages from one client to another, each verified on arrival */
/* SPDX-License-Identifier: MIT */
#include "lane.h"

#include <stdlib.h>
#include <string.h>

static unsigned power_of_two_for(unsigned size)
{
	unsigned power = 1;

	while (power < size)
		power *= 2;
	return power;
}

void lane_init(struct lane *lane, struct client *from, struct client *to, unsigned window,
		bool to_bare)
{
	const char *domain = from->site->domain;

	*lane = (struct lane){ .from = from, .to = to, .ring = power_of_two_for(window) };
	lane->due_ns = calloc(lane->ring, sizeof *lane->due_ns);
	if (!lane->due_ns)
		abort();
	snprintf(lane->sender, sizeof lane->sender, "%s@%s/" CLIENT_RESOURCE, from->user, domain);
	buffer_append_text(&lane->head, "<message to='");
	buffer_append_text(&lane->head, to->user);
	buffer_append_text(&lane->head, "@");
	buffer_append_text(&lane->head, domain);
	buffer_append_text(&lane->head, to_bare ? "" : "/" CLIENT_RESOURCE);
	buffer_append_text(&lane->head, "' type='chat' id='");
	buffer_append_text(&lane->tail, "</body></message>");
}

void lane_finish(struct lane *lane)
{
	buffer_finish(&lane->head);
	buffer_finish(&lane->tail);
	free(lane->due_ns);
}

static unsigned digits_of(uint64_t number)
{
	unsigned digits = 1;

	for (; number >= 10; number /= 10)
		digits++;
	return digits;
}

/* The body is its number, a space, and letters up to its size. */
static void append_body(const struct lane *lane, struct buffer *output)
{
	static const char filling[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
		"abcdefghijklmnopqrstuvwxyz";
	const struct bench *bench = bench_of(lane->from);
	size_t size = digits_of(lane->sent) + 1;

	buffer_append_number(output, lane->sent);
	buffer_append(output, " ", 1);
	while (size < bench->options->body) {
		size_t part = (size_t)bench->options->body - size;

		part = part < sizeof filling - 1 ? part : sizeof filling - 1;
		buffer_append(output, filling, part);
		size += part;
	}
}

void lane_send(struct lane *lane, uint64_t due_ns)
{
	struct buffer *output = link_output(&lane->from->link);

	lane->due_ns[lane->sent & (lane->ring - 1)] = due_ns;
	buffer_append(output, buffer_front(&lane->head), buffer_size(&lane->head));
	buffer_append_number(output, lane->sent);
	buffer_append_text(output, "'><body>");
	append_body(lane, output);
	buffer_append(output, buffer_front(&lane->tail), buffer_size(&lane->tail));
	lane->sent++;
	bench_of(lane->from)->sent++;
	if (lane->from->site->acks > 0)
		client_count_stanza(lane->from);
}

void lane_all_due(struct lane *lane, uint64_t due_ns)
{
	for (unsigned i = 0; i < lane->ring; i++)
		lane->due_ns[i] = due_ns;
}

static bool is_from_sender(const struct lane *lane, const struct stanza *stanza)
{
	size_t size = 0;
	const char *from = stanza_attribute(stanza, "from=", &size);

	return from && size == strlen(lane->sender) && memcmp(from, lane->sender, size) == 0;
}

static bool has_body(const struct lane *lane, const struct stanza *stanza, uint64_t number)
{
	size_t size = 0, wanted = (size_t)bench_of(lane->to)->options->body;
	const char *body = stanza_between(stanza, "<body>", "</body>", &size);

	if (wanted < digits_of(number) + 1)
		wanted = digits_of(number) + 1;
	return body && size == wanted && strtoull(body, NULL, 10) == number;
}

/* Judges a message whose number is not the next one. */
static void count_fault(struct lane *lane, uint64_t number)
{
	struct bench *bench = bench_of(lane->to);

	if (number < lane->received) {
		bench->misplaced++;
		return;
	}
	bench->lost += number - lane->received;
	lane->received = number + 1;
}

/* What an archive keeps of it: an id that the archive gave is no part of the message. */
static size_t copy_size(const struct stanza *stanza)
{
	size_t size = 0;

	return stanza_between(stanza, "<stanza-id ", "/>", &size) ?
		stanza->size - size - strlen("<stanza-id />") : stanza->size;
}

bool lane_receive(struct lane *lane, const struct stanza *stanza)
{
	struct bench *bench = bench_of(lane->to);
	size_t size = 0;
	const char *id = stanza_attribute(stanza, "id=", &size);
	uint64_t number = id ? strtoull(id, NULL, 10) : UINT64_MAX;

	if (number >= lane->sent || !is_from_sender(lane, stanza) ||
	    !has_body(lane, stanza, number)) {
		bench->errors++;
		return false;
	}
	if (number != lane->received) {
		count_fault(lane, number);
		return false;
	}
	lane->received++;
	bench->operations++;
	bench->copy_bytes += copy_size(stanza);
	bench_count_latency(bench, lane->due_ns[number & (lane->ring - 1)], meter_now_ns());
	return true;
}
