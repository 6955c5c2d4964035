/* stream/end.c - how streams end (RFC 6120 4.4, 4.9)
 * SPDX-License-Identifier: MIT */

#include "stream/internal.h"

#include <string.h>

#include "log.h"
#include "names.h"
#include "session.h"
#include "writer.h"

static void write_error(struct buffer *out, enum stream_error error, const char *text)
{
	buffer_printf(out, "<stream:error><%s xmlns='" NS_STREAMS_ERROR "'/>",
		stream_error_name(error));
	if (text) {
		buffer_add_text(out, "<text xmlns='" NS_STREAMS_ERROR "' xml:lang='en'>");
		writer_escape(out, text, strlen(text));
		buffer_add_text(out, "</text>");
	}
	buffer_add_text(out, "</stream:error>");
}

void stream_end(struct stream *stream, enum stream_error error, const char *text)
{
	struct buffer out = { 0 };

	if (stream->state == STREAM_ENDED)
		return;
	/* RFC 6120 4.9.1.2: also who was not greeted is told why. */
	if (!stream->has_opened)
		header_send(stream);
	if (error) {
		log_debug("link", link_peer(stream->link), "%s%s%s", stream_error_name(error),
			text ? ": " : "", text ? text : "");
		write_error(&out, error, text);
	}
	buffer_add_text(&out, "</stream:stream>");
	stream_send(stream, &out);
	stream->state = STREAM_ENDED;
}

static void part_with_session(struct stream *stream, bool is_orderly)
{
	struct tern_session *session = stream->session;

	rate_hand_back(stream);
	stream->session = NULL;
	if (session)
		session_stream_ended(session, is_orderly || stream->has_footer);
}

void stream_fail(struct stream *stream, enum stream_error error, const char *text)
{
	part_with_session(stream, false);
	stream_end(stream, error, text);
}

void stream_finish_by_peer(struct stream *stream)
{
	if (stream->state == STREAM_ENDED || stream->has_footer)
		return;
	stream->has_footer = true;
	if (stream->session && session_leave(stream->session))
		return; /* RFC 6120 4.4: once the answers to what it sent before have been written */
	part_with_session(stream, true);
	stream_end(stream, STREAM_ERROR_NONE, NULL);
}

void stream_break(struct stream *stream)
{
	if (stream->state == STREAM_ENDED)
		return;
	part_with_session(stream, false);
	stream->state = STREAM_ENDED;
}

void stream_close(struct stream *stream, enum stream_error error, const char *text)
{
	stream_enter(stream);
	rate_hand_back(stream);
	stream->session = NULL;
	stream_end(stream, error, text);
	stream_leave(stream);
}
