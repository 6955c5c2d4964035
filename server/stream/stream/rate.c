/* stream/rate.c - how fast a peer is read and answered: faster ones wait, nothing is lost
 * SPDX-License-Identifier: MIT
 *
 * What came is paid for in time: a stanza costs a second's part by the rate, and so do its bytes, and
 * those of what was answered.  Whoever has paid for no more than the burst from now on is read; else
 * reading stops until that has been so for a moment, so that such a peer is read in pieces: one by
 * one its stanzas would cost a wake-up each. Nothing is saved up beyond the burst, so the sums need
 * no timer. */

#include "stream/internal.h"

#include "server_limits.h"

#define SECOND_US UINT64_C(1000000)
#define MOMENT_US UINT64_C(100000)

static void run_again(struct shard *shard, struct timer *timer)
{
	struct rate *rate = (struct rate *)((char *)timer - offsetof(struct rate, again));
	struct stream *stream = (struct stream *)((char *)rate - offsetof(struct stream, rate));

	stream_enter(stream);
	rate->is_exceeded = false;
	stream_release(stream);
	stream_leave(stream);
}

/* The time that has to pass before more is read, in microseconds. */
static uint64_t overdue(uint64_t paid_until_us, uint64_t now_us, uint64_t burst_us)
{
	return paid_until_us > now_us + burst_us ? paid_until_us - now_us - burst_us + MOMENT_US : 0;
}

/* Of two rates that are exceeded the one that takes longer counts. */
static void wait_for(struct stream *stream, uint64_t delay_us)
{
	uint64_t due_ms = shard_ticks_ms(stream->shard) + (delay_us + 999) / 1000;

	if (delay_us == 0 || stream->state == STREAM_ENDED)
		return;
	if (stream->rate.is_exceeded && due_ms <= stream->rate.due_ms)
		return;
	if (!stream->rate.is_exceeded)
		stream_hold(stream);
	stream->rate.is_exceeded = true;
	stream->rate.again.run = run_again;
	stream->rate.due_ms = due_ms;
	rate_go_on(stream);
}

static bool is_logged_in(const struct stream *stream)
{
	return stream->state == STREAM_AUTHENTICATED || stream->state == STREAM_BOUND;
}

static uint64_t burst_us(const struct limits *limits)
{
	return (uint64_t)limits->burst_s * SECOND_US;
}

/* So much more has to be paid for, at that rate. */
static void charge(struct stream *stream, uint64_t *paid_until_us, uint64_t count, long per_second)
{
	uint64_t now_us = shard_ticks_ms(stream->shard) * 1000;

	if (per_second == 0)
		return;
	if (*paid_until_us < now_us)
		*paid_until_us = now_us;
	*paid_until_us += count * SECOND_US / (uint64_t)per_second;
	wait_for(stream, overdue(*paid_until_us, now_us, burst_us(stream_limits(stream))));
}

void rate_note_element(struct stream *stream)
{
	const struct limits *limits = stream_limits(stream);

	charge(stream, &stream->rate.debt.elements_us, 1,
		is_logged_in(stream) ? limits->stanza_rate : limits->stanza_rate_before_login);
}

void rate_note_bytes(struct stream *stream, size_t count)
{
	const struct limits *limits = stream_limits(stream);

	charge(stream, &stream->rate.debt.bytes_us, count,
		is_logged_in(stream) ? limits->byte_rate : limits->byte_rate_before_login);
}

void stream_note_answered(struct stream *stream, size_t len)
{
	stream_enter(stream);
	charge(stream, &stream->rate.debt.answers_us, len, stream_limits(stream)->answer_rate);
	stream_leave(stream);
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void take_worse(struct rate_debt *debt, const struct rate_debt *other)
{
	debt->elements_us = most(debt->elements_us, other->elements_us);
	debt->bytes_us = most(debt->bytes_us, other->bytes_us);
	debt->answers_us = most(debt->answers_us, other->answers_us);
}

void rate_take_over(struct stream *stream)
{
	struct rate_debt *debt = &stream->rate.debt;
	uint64_t now_us = shard_ticks_ms(stream->shard) * 1000;

	take_worse(debt, session_debt(stream->session));
	wait_for(stream, overdue(most(debt->answers_us, most(debt->elements_us, debt->bytes_us)),
		now_us, burst_us(stream_limits(stream))));
}

void rate_hand_back(struct stream *stream)
{
	if (stream->session)
		take_worse(session_debt(stream->session), &stream->rate.debt);
}

void rate_stop(struct stream *stream)
{
	timer_stop(stream->shard, &stream->rate.again);
}

void rate_go_on(struct stream *stream)
{
	uint64_t now_ms = shard_ticks_ms(stream->shard), due_ms = stream->rate.due_ms;

	if (stream->rate.is_exceeded)
		timer_start(stream->shard, &stream->rate.again,
			due_ms > now_ms ? due_ms - now_ms : 0);
}
