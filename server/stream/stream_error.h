/* stream_error.h - the stream errors of RFC 6120 4.9.3
 * SPDX-License-Identifier: MIT */
#ifndef STREAM_ERROR_H
#define STREAM_ERROR_H

#define STREAM_ERRORS(X) \
	X(BAD_FORMAT, "bad-format") \
	X(BAD_NAMESPACE_PREFIX, "bad-namespace-prefix") \
	X(CONFLICT, "conflict") \
	X(CONNECTION_TIMEOUT, "connection-timeout") \
	X(HOST_GONE, "host-gone") \
	X(HOST_UNKNOWN, "host-unknown") \
	X(IMPROPER_ADDRESSING, "improper-addressing") \
	X(INTERNAL_SERVER_ERROR, "internal-server-error") \
	X(INVALID_FROM, "invalid-from") \
	X(INVALID_NAMESPACE, "invalid-namespace") \
	X(INVALID_XML, "invalid-xml") \
	X(NOT_AUTHORIZED, "not-authorized") \
	X(NOT_WELL_FORMED, "not-well-formed") \
	X(POLICY_VIOLATION, "policy-violation") \
	X(REMOTE_CONNECTION_FAILED, "remote-connection-failed") \
	X(RESET, "reset") \
	X(RESOURCE_CONSTRAINT, "resource-constraint") \
	X(RESTRICTED_XML, "restricted-xml") \
	X(SEE_OTHER_HOST, "see-other-host") \
	X(SYSTEM_SHUTDOWN, "system-shutdown") \
	X(UNDEFINED_CONDITION, "undefined-condition") \
	X(UNSUPPORTED_ENCODING, "unsupported-encoding") \
	X(UNSUPPORTED_FEATURE, "unsupported-feature") \
	X(UNSUPPORTED_STANZA_TYPE, "unsupported-stanza-type") \
	X(UNSUPPORTED_VERSION, "unsupported-version")

enum stream_error {
	STREAM_ERROR_NONE,
#define X(name, text) STREAM_ERROR_##name,
	STREAM_ERRORS(X)
#undef X
};

/* "not-well-formed"; NULL for STREAM_ERROR_NONE. */
const char *stream_error_name(enum stream_error error);

#endif
