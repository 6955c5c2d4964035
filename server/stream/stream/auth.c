/* stream/auth.c - the elements of SASL, and the stream's way home (RFC 6120 6)
 * SPDX-License-Identifier: MIT */

#include "stream/internal.h"

#include <string.h>

#include "account.h"
#include "arena.h"
#include "base64.h"
#include "element.h"
#include "jid.h"
#include "log.h"
#include "names.h"
#include "server_limits.h"

enum { FAULTS_MAX = 10 };

static void prove(struct negotiation *negotiation);

/* What the exchange needed; the login stays. */
static void forget_exchange(struct negotiation *negotiation)
{
	plain_check_forget(negotiation->check);
	negotiation->check = NULL;
	scram_destroy(negotiation->scram);
	negotiation->scram = NULL;
	if (negotiation->claim.password) {
		explicit_bzero((char *)negotiation->claim.password,
			strlen(negotiation->claim.password));
		explicit_bzero((char *)negotiation->attempt.first, negotiation->attempt.first_len);
	}
	negotiation->claim = (struct sasl_claim){ .bare = NULL };
	arena_destroy(negotiation->arena);
	negotiation->arena = NULL;
	negotiation->awaits_first = false;
}

void auth_forget(struct stream *stream)
{
	struct negotiation *negotiation = stream->negotiation;

	timer_stop(stream->shard, &negotiation->delay);
	forget_exchange(negotiation);
	login_close(negotiation->login);
	negotiation->login = NULL;
	negotiation->is_opening = false;
}

/* --- reading stands still while an answer is made ----------------------------------------- */

static void hold(struct negotiation *negotiation)
{
	if (!negotiation->is_holding)
		stream_hold(negotiation->stream);
	negotiation->is_holding = true;
}

static void release(struct negotiation *negotiation)
{
	if (negotiation->is_holding)
		stream_release(negotiation->stream);
	negotiation->is_holding = false;
}

/* --- answers ------------------------------------------------------------------------------ */

static void say(struct stream *stream, const char *element, const char *data, size_t len)
{
	struct buffer out = { 0 };
	char *room;

	buffer_printf(&out, "<%s xmlns='" NS_SASL "'>", element);
	room = buffer_reserve(&out, BASE64_BYTES(len));
	base64_encode(data, len, room);
	buffer_grown(&out, strlen(room));
	buffer_printf(&out, "</%s>", element);
	stream_send(stream, &out);
}

static void challenge(struct negotiation *negotiation, const char *data, size_t len)
{
	negotiation->stream->state = STREAM_AUTHENTICATING;
	say(negotiation->stream, "challenge", data, len);
	release(negotiation);
}

/* RFC 6120 6.4.5: a few more tries, then the end.  Clients may go through all mechanisms that
 * they know before they come to one that works with the bindings of this link. */
static bool has_tried_enough(struct negotiation *negotiation)
{
	if (negotiation->failure == FAILURE_NOT_AUTHORIZED)
		negotiation->guesses++;
	else
		negotiation->faults++;
	return negotiation->guesses >= (unsigned)stream_limits(negotiation->stream)->login_tries ||
		negotiation->faults >= FAULTS_MAX;
}

static void tell_failure(struct negotiation *negotiation)
{
	struct stream *stream = negotiation->stream;
	struct buffer out = { 0 };

	buffer_printf(&out, "<failure xmlns='" NS_SASL "'><%s/></failure>",
		sasl_failure_name(negotiation->failure));
	stream_send(stream, &out);
	auth_forget(stream);
	if (stream->state == STREAM_AUTHENTICATING)
		stream->state = STREAM_UNAUTHENTICATED;
	release(negotiation);
	if (has_tried_enough(negotiation))
		stream_end(stream, STREAM_ERROR_POLICY_VIOLATION, "too many failed logins");
}

static void run_delay(struct shard *shard, struct timer *timer)
{
	struct negotiation *negotiation = (struct negotiation *)((char *)timer -
		offsetof(struct negotiation, delay));
	struct stream *stream = negotiation->stream;

	stream_enter(stream);
	negotiation->tell(negotiation);
	stream_leave(stream);
}

/* Nothing else is read meanwhile. */
static void tell_later(struct negotiation *negotiation, unsigned delay_ms,
	void (*tell)(struct negotiation *negotiation))
{
	if (delay_ms == 0) {
		tell(negotiation);
		return;
	}
	hold(negotiation);
	negotiation->tell = tell;
	negotiation->delay.run = run_delay;
	timer_start(negotiation->stream->shard, &negotiation->delay, delay_ms);
}

static unsigned longer(unsigned of_account, unsigned of_address)
{
	return of_account > of_address ? of_account : of_address;
}

/* Guessing is slowed down for the account and for the address; faults of form are not. */
static unsigned count_guess(struct negotiation *negotiation)
{
	struct stream *stream = negotiation->stream;
	unsigned of_account, of_address;

	if (negotiation->failure != FAILURE_NOT_AUTHORIZED)
		return 0;
	of_account = negotiation->login ? login_note_failure(negotiation->login) : 0;
	of_address = link_note_login_failure(stream->link);
	return longer(of_account, of_address);
}

/* A client without fit bindings fails with mechanism after mechanism, at each login: one line. */
static void log_failure(const struct negotiation *negotiation)
{
	const struct jid *bare = negotiation->claim.bare;
	const char *account = bare ? jid_text(bare) : NULL;
	const char *peer = link_peer(negotiation->stream->link);

	if (negotiation->failure == FAILURE_UNFIT_BINDING)
		log_at(negotiation->faults ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "account", account,
			"login from %s failed: %s with a channel binding that does not fit", peer,
			sasl_mechanism_name(negotiation->attempt.mechanism));
	else
		log_info("account", account, "login from %s failed: %s", peer,
			sasl_failure_name(negotiation->failure));
}

static void fail(struct negotiation *negotiation, enum sasl_failure failure)
{
	unsigned delay_ms;

	negotiation->failure = failure;
	delay_ms = count_guess(negotiation);
	log_failure(negotiation);
	tell_later(negotiation, delay_ms, tell_failure);
}

static void tell_success(struct negotiation *negotiation)
{
	struct stream *stream = negotiation->stream;

	/* RFC 6120 6.5.1: told to nobody but the owner. */
	if (login_is_disabled(negotiation->login)) {
		fail(negotiation, FAILURE_ACCOUNT_DISABLED);
		return;
	}
	say(stream, "success", negotiation->last_words, negotiation->last_words_len);
	login_note_success(negotiation->login);
	log_info("account", jid_text(login_jid(negotiation->login)), "logged in from %s: %s, %s",
		link_peer(stream->link), sasl_mechanism_name(negotiation->attempt.mechanism),
		link_describe(stream->link));
	forget_exchange(negotiation);
	stream->state = STREAM_AUTHENTICATED;
	stream_restart(stream);
	release(negotiation);
}

/* Whoever guesses and does not wait must not know a right password by its answer. */
static unsigned delay_of_success(const struct negotiation *negotiation)
{
	if (negotiation->attempt.mechanism == MECHANISM_ANONYMOUS ||
	    negotiation->attempt.mechanism == MECHANISM_EXTERNAL)
		return 0;
	return longer(login_delay_ms(negotiation->login),
		link_login_delay_ms(negotiation->stream->link));
}

static void succeed(struct negotiation *negotiation, const char *data, size_t len)
{
	negotiation->last_words = data;
	negotiation->last_words_len = len;
	tell_later(negotiation, delay_of_success(negotiation), tell_success);
}

/* --- the claim ---------------------------------------------------------------------------- */

static void opened(void *context, struct login *login, bool failed)
{
	struct negotiation *negotiation = context;
	struct stream *stream = negotiation->stream;

	stream_enter(stream);
	negotiation->is_opening = false;
	negotiation->login = login;
	if (failed)
		fail(negotiation, FAILURE_TEMPORARY_AUTH_FAILURE);
	else
		prove(negotiation);
	stream_leave(stream);
}

static void open_login(struct negotiation *negotiation)
{
	struct stream *stream = negotiation->stream;
	const struct jid *bare = negotiation->claim.bare;
	struct login *login;

	if (negotiation->attempt.mechanism == MECHANISM_ANONYMOUS) {
		negotiation->login = login_open_anonymous(stream->shard, stream->host, bare);
		prove(negotiation);
		return;
	}
	negotiation->is_opening = true;
	login = login_open(stream->shard, stream->host, bare, opened, negotiation);
	if (negotiation->is_opening)
		negotiation->login = login;
}

void auth_moved(struct stream *stream)
{
	stream->negotiation->attempt.shard = stream->shard;
	open_login(stream->negotiation);
}

static void claim(struct negotiation *negotiation, const char *first, size_t len)
{
	struct stream *stream = negotiation->stream;
	enum sasl_failure failure;
	struct shard *home;

	negotiation->awaits_first = false;
	negotiation->attempt.first = first;
	negotiation->attempt.first_len = len;
	failure = sasl_claim_read(negotiation->arena, &negotiation->attempt, &negotiation->claim);
	if (failure) {
		fail(negotiation, failure);
		return;
	}
	hold(negotiation);
	home = account_home(shard_server(stream->shard), negotiation->claim.bare);
	if (home == stream->shard)
		open_login(negotiation);
	else
		stream_move(stream, home);
}

/* --- the proof ---------------------------------------------------------------------------- */

static void step(struct negotiation *negotiation, const char *in, size_t len)
{
	bool is_done;
	const char *out;
	size_t out_len;
	enum sasl_failure failure;

	failure = scram_step(negotiation->scram, in, len, &is_done, &out, &out_len);
	if (failure)
		fail(negotiation, failure);
	else if (is_done)
		succeed(negotiation, out, out_len);
	else
		challenge(negotiation, out, out_len);
}

static void checked(void *context, bool matches, const char *credentials, const char *complete)
{
	struct negotiation *negotiation = context;
	struct stream *stream = negotiation->stream;

	stream_enter(stream);
	negotiation->check = NULL;
	if (complete)
		login_complete(negotiation->login, credentials, complete);
	if (matches)
		succeed(negotiation, NULL, 0);
	else
		fail(negotiation, FAILURE_NOT_AUTHORIZED);
	stream_leave(stream);
}

static void prove_scram(struct negotiation *negotiation)
{
	const struct sasl_attempt *attempt = &negotiation->attempt;

	negotiation->scram = scram_create(attempt, &negotiation->claim,
		login_credentials(negotiation->login));
	if (negotiation->scram)
		step(negotiation, attempt->first, attempt->first_len);
	else
		fail(negotiation, FAILURE_TEMPORARY_AUTH_FAILURE);
}

static void prove_external(struct negotiation *negotiation)
{
	if (login_credentials(negotiation->login))
		succeed(negotiation, NULL, 0);
	else
		fail(negotiation, FAILURE_NOT_AUTHORIZED);
}

static void prove(struct negotiation *negotiation)
{
	switch (negotiation->attempt.mechanism) {
	case MECHANISM_PLAIN:
		negotiation->check = plain_check_start(&negotiation->attempt, &negotiation->claim,
			login_credentials(negotiation->login), checked, negotiation);
		break;
	case MECHANISM_EXTERNAL:
		prove_external(negotiation);
		break;
	case MECHANISM_ANONYMOUS:
		succeed(negotiation, NULL, 0);
		break;
	case MECHANISM_SCRAM_SHA_512_PLUS:
	case MECHANISM_SCRAM_SHA_256_PLUS:
	case MECHANISM_SCRAM_SHA_1_PLUS:
	case MECHANISM_SCRAM_SHA_512:
	case MECHANISM_SCRAM_SHA_256:
	case MECHANISM_SCRAM_SHA_1:
	case MECHANISM_COUNT:
		prove_scram(negotiation);
	}
}

/* --- elements ----------------------------------------------------------------------------- */

/* RFC 6120 6.4.2: "=" is a message of no bytes.  Of the attempt's arena. */
static bool decode(struct negotiation *negotiation, const struct element *element,
	const char **ret_bytes, size_t *ret_len)
{
	const char *text = element_text(element);
	size_t len = strcmp(text, "=") == 0 ? 0 : strlen(text);
	char *bytes = arena_alloc(negotiation->arena, len + 1);

	if (base64_decode(text, len, bytes, len, ret_len) < 0)
		return false;
	*ret_bytes = bytes;
	return true;
}

static bool begin_attempt(struct negotiation *negotiation, const struct element *auth)
{
	struct stream *stream = negotiation->stream;
	const char *name = element_get(auth, "mechanism");
	unsigned offered = sasl_offer(stream->host, stream->link);
	enum sasl_mechanism mechanism = name ? sasl_mechanism_find(name) : MECHANISM_COUNT;

	if (mechanism == MECHANISM_COUNT || !(offered & 1u << mechanism))
		return false;
	negotiation->arena = arena_create(ARENA_SMALL);
	negotiation->attempt = (struct sasl_attempt){ .mechanism = mechanism, .offered = offered,
		.host = stream->host, .link = stream->link, .shard = stream->shard };
	return true;
}

void auth_receive(struct stream *stream, const struct element *element)
{
	struct negotiation *negotiation = stream->negotiation;
	const char *first;
	size_t len;

	if (stream->state == STREAM_PLAINTEXT) {
		fail(negotiation, FAILURE_ENCRYPTION_REQUIRED);
	} else if (stream->state == STREAM_AUTHENTICATING) {
		fail(negotiation, FAILURE_MALFORMED_REQUEST);
	} else if (!begin_attempt(negotiation, element)) {
		fail(negotiation, FAILURE_INVALID_MECHANISM);
	} else if (!*element_text(element)) {
		negotiation->awaits_first = true;
		challenge(negotiation, NULL, 0);
	} else if (!decode(negotiation, element, &first, &len)) {
		fail(negotiation, FAILURE_INCORRECT_ENCODING);
	} else {
		stream->state = STREAM_AUTHENTICATING;
		claim(negotiation, first, len);
	}
}

void response_receive(struct stream *stream, const struct element *element)
{
	struct negotiation *negotiation = stream->negotiation;
	const char *bytes;
	size_t len;

	if (stream->state != STREAM_AUTHENTICATING)
		fail(negotiation, FAILURE_MALFORMED_REQUEST);
	else if (!decode(negotiation, element, &bytes, &len))
		fail(negotiation, FAILURE_INCORRECT_ENCODING);
	else if (negotiation->awaits_first)
		claim(negotiation, bytes, len);
	else
		step(negotiation, bytes, len);
}

void abort_receive(struct stream *stream, const struct element *element)
{
	fail(stream->negotiation, FAILURE_ABORTED);
}
