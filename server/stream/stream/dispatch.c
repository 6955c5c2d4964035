/* stream/dispatch.c - which element is allowed in which state, and who deals with it
 * SPDX-License-Identifier: MIT */

#include "stream/internal.h"

#include "acks.h"
#include "arena.h"
#include "element.h"
#include "names.h"
#include "session.h"

/* RFC 6120 5.4.2.2, also for whoever asks where it was not offered. */
static void refuse_tls(struct stream *stream, const struct element *element)
{
	struct buffer out = { 0 };

	buffer_add_text(&out, "<failure xmlns='" NS_TLS "'/>");
	stream_send(stream, &out);
	stream_end(stream, STREAM_ERROR_NONE, NULL);
}

/* RFC 6120 5.4.2.3; the link throws away what came behind it. */
void starttls_receive(struct stream *stream, const struct element *element)
{
	struct buffer out = { 0 };

	buffer_add_text(&out, "<proceed xmlns='" NS_TLS "'/>");
	stream_send(stream, &out);
	stream->starts_tls = true;
	stream_restart(stream);
}

/* RFC 6120 4.9.3.12, 7.1: nothing is said before the stream is negotiated. */
static void refuse(struct stream *stream, const struct element *element)
{
	stream_fail(stream, STREAM_ERROR_NOT_AUTHORIZED, NULL);
}

/* RFC 6120 4.9.1.1: whoever says that it is broken has ended it. */
static void take_error(struct stream *stream, const struct element *element)
{
	stream_finish_by_peer(stream);
}

#define BEFORE_LOGIN (STREAM_PLAINTEXT | STREAM_UNAUTHENTICATED | STREAM_AUTHENTICATING)

static const struct {
	const char *ns, *name;
	unsigned states;
	stream_act *act;
} acts[] = {
	{ NS_TLS, "starttls", STREAM_PLAINTEXT, starttls_receive },
	{ NS_TLS, "starttls", BEFORE_LOGIN | STREAM_AUTHENTICATED, refuse_tls },
	{ NS_SASL, "auth", BEFORE_LOGIN, auth_receive },
	{ NS_SASL, "response", BEFORE_LOGIN, response_receive },
	{ NS_SASL, "abort", BEFORE_LOGIN, abort_receive },
	{ NS_CLIENT, "iq", STREAM_UNAUTHENTICATED, stranger_receive },
	{ NS_CLIENT, "iq", STREAM_AUTHENTICATED, bind_receive },
	{ NS_ACKS, "resume", STREAM_AUTHENTICATED, resume_receive },
	{ NS_ACKS, "resume", BEFORE_LOGIN, acks_refuse },
	{ NS_ACKS, "enable", BEFORE_LOGIN | STREAM_AUTHENTICATED, acks_refuse },
	{ NS_STREAM, "error", BEFORE_LOGIN | STREAM_AUTHENTICATED | STREAM_BOUND, take_error },
};

/* NULL: the session's business. */
static stream_act *act_for(const struct stream *stream, const struct element *element)
{
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (acts[i].states & stream->state && element_is(element, acts[i].ns, acts[i].name))
			return acts[i].act;
	return stream->state == STREAM_BOUND ? NULL : refuse;
}

void element_receive(struct stream *stream, struct arena *take_arena, struct element *element)
{
	stream_act *act = act_for(stream, element);

	if (!act && !bind_answers(stream, element)) {
		lang_stamp(stream, element);
		session_receive(stream->session, take_arena, element);
		return;
	}
	if (act)
		act(stream, element);
	arena_destroy(take_arena);
}
