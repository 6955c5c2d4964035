/* tls.c - ciphers, tickets and errors of GnuTLS for all links */
/* SPDX-License-Identifier: MIT */

#include "tls.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "heap.h"

static struct {
	gnutls_priority_t priority;
	gnutls_datum_t ticket_key;
} tls;

static bool allows_old_versions(gnutls_priority_t priority)
{
	const unsigned *versions;
	int count = gnutls_priority_protocol_list(priority, &versions);

	for (int i = 0; i < count; i++)
		if (versions[i] != GNUTLS_TLS1_2 && versions[i] != GNUTLS_TLS1_3)
			return true;
	return false;
}

static int parse_priority(const char *text, gnutls_priority_t *ret_priority, char **ret_why)
{
	const char *wrong = text;
	int result = gnutls_priority_init(ret_priority, text, &wrong);

	if (result >= 0 && !allows_old_versions(*ret_priority))
		return 0;
	if (result >= 0)
		gnutls_priority_deinit(*ret_priority);
	if (asprintf(ret_why, result >= 0 ?
			"the priority string `%s` allows versions below TLS 1.2" :
			"GnuTLS does not understand the priority string at `%s`",
			result >= 0 ? text : wrong) < 0)
		heap_exhausted();
	return -EINVAL;
}

int tls_try(const char *priority, char **ret_why)
{
	gnutls_priority_t parsed;
	int result = *priority ? parse_priority(priority, &parsed, ret_why) : 0;

	if (*priority && result == 0)
		gnutls_priority_deinit(parsed);
	return result;
}

int tls_setup(const char *priority, char **ret_why)
{
	gnutls_priority_t parsed;
	int result = parse_priority(priority && *priority ? priority : TLS_PRIORITY_PRESET,
		&parsed, ret_why);

	if (result < 0)
		return result;
	if (tls.priority)
		gnutls_priority_deinit(tls.priority);
	tls.priority = parsed;
	if (!tls.ticket_key.data)
		tls_forget_tickets();
	return 0;
}

void tls_finish(void)
{
	if (tls.priority)
		gnutls_priority_deinit(tls.priority);
	gnutls_free(tls.ticket_key.data);
	tls.priority = NULL;
	tls.ticket_key = (gnutls_datum_t){ 0 };
}

void tls_forget_tickets(void)
{
	gnutls_free(tls.ticket_key.data);
	tls.ticket_key = (gnutls_datum_t){ 0 };
	if (gnutls_session_ticket_key_generate(&tls.ticket_key) < 0)
		heap_exhausted();
}

gnutls_session_t tls_session_open(void)
{
	gnutls_session_t session;

	assert(tls.priority); /* tls_setup comes before any link */
	if (gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NONBLOCK) < 0)
		return NULL;
	if (gnutls_priority_set(session, tls.priority) < 0 ||
	    gnutls_session_ticket_enable_server(session, &tls.ticket_key) < 0) {
		gnutls_deinit(session);
		return NULL;
	}
	return session;
}

int tls_errno(int result)
{
	switch (result) {
	case GNUTLS_E_AGAIN:
	case GNUTLS_E_INTERRUPTED:
		return -EAGAIN;
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR:
		return -EPIPE;
	case GNUTLS_E_MEMORY_ERROR:
		return -ENOMEM;
	case GNUTLS_E_REHANDSHAKE:
		/* TLS 1.2: a renegotiation could change whom we talk to behind the stream's back. */
		return -EPROTO;
	default:
		return result >= 0 || !gnutls_error_is_fatal(result) ? 0 : -EPROTO;
	}
}
