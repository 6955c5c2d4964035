/* stream_error.c - the names of stream errors
 * SPDX-License-Identifier: MIT */

#include "stream_error.h"

#include <stddef.h>

static const char *const names[] = {
	[STREAM_ERROR_NONE] = NULL,
#define X(name, text) [STREAM_ERROR_##name] = text,
	STREAM_ERRORS(X)
#undef X
};

const char *stream_error_name(enum stream_error error)
{
	return names[error];
}
