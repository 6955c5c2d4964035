/* Logins: every mechanism from both ends, every way to get one wrong.
 * SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "sasl.h"
#include "scram_client.h"
#include "stream.h"
#include "stream_world.h"

TestSuite(sasl, .init = world_open, .fini = world_close);

static const char *const schemes[] = { "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512" };

static const char *mechanism(const char *scheme, bool plus)
{
	static char name[32];

	snprintf(name, sizeof name, "%s%s", scheme, plus ? "-PLUS" : "");
	return name;
}

static const char *response_text(const char *message)
{
	static char text[2048];

	snprintf(text, sizeof text, "<response " SASL_NS ">%s</response>", message);
	return text;
}

/* The server's first answer to a whole attempt, as the mechanism with that name. */
static const char *start(struct link *link, struct scram_client *client, const char *name)
{
	return world_says(link, auth_text(name, scram_client_first(client)));
}

static const char *finish(struct link *link, struct scram_client *client, const char *challenge)
{
	const char *data = content_of(challenge, "challenge");

	cr_assert_not_null(data, "%s", challenge);
	return world_says(link, response_text(scram_client_final(client, data)));
}

static bool logs_in(struct scram_client *client, const char *name)
{
	struct link *link = world_secure_client();
	const char *said = finish(link, client, start(link, client, name));
	const char *data = content_of(said, "success");

	return data && scram_client_accepts(client, data) && has(world_says(link, HEADER), "<bind");
}

/* --- SCRAM -------------------------------------------------------------------------------- */

Test(sasl, scram_proves_both_ends_with_every_hash)
{
	for (size_t i = 0; i < 3; i++) {
		struct scram_client client = { .scheme = schemes[i], .gs2 = "n,,", .user = "romeo",
			.password = "pencil" };

		cr_assert(logs_in(&client, schemes[i]), "%s", schemes[i]);
	}
	cr_assert_eq(fake_accounts.successes, 3);
}

Test(sasl, scram_binds_to_the_channel_with_every_hash_and_type)
{
	static const char *const types[][2] = {
		{ "p=tls-exporter,,", "exported-bytes" },
		{ "p=tls-server-end-point,,", "certificate-hash" },
	};

	for (size_t i = 0; i < 6; i++) {
		struct scram_client client = { .scheme = schemes[i / 2], .gs2 = types[i % 2][0],
			.binding = types[i % 2][1], .user = "romeo", .password = "pencil" };

		cr_assert(logs_in(&client, mechanism(schemes[i / 2], true)), "%zu", i);
	}
}

Test(sasl, scram_takes_the_bare_jid_as_authorization_identity)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-256", .gs2 = "n,a=romeo@example.org,",
		.user = "romeo", .password = "pencil" };

	cr_assert(logs_in(&client, "SCRAM-SHA-256"));
}

Test(sasl, names_are_prepared_as_local_parts)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-1", .gs2 = "n,,", .user = "ROMEO",
		.password = "pencil" };

	cr_assert(logs_in(&client, "SCRAM-SHA-1"));
}

/* What the server says to a first message. */
static const char *answer_to(const char *name, const char *gs2, const char *user)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-256", .gs2 = gs2, .user = user,
		.password = "" };

	return start(world_secure_client(), &client, name);
}

Test(sasl, foreign_authorization_identities_are_refused)
{
	cr_assert_str_eq(answer_to("SCRAM-SHA-256", "n,a=juliet@example.org,", "romeo"),
		FAILURE("invalid-authzid"));
	cr_assert_str_eq(answer_to("SCRAM-SHA-256", "n,a=romeo,", "romeo"),
		FAILURE("invalid-authzid"));
	cr_assert_str_eq(answer_to("SCRAM-SHA-256", "n,a=romeo@example.org/x,", "romeo"),
		FAILURE("invalid-authzid"));
}

Test(sasl, a_plus_name_and_the_binding_flag_go_together)
{
	cr_assert_str_eq(answer_to("SCRAM-SHA-256-PLUS", "n,,", "romeo"),
		FAILURE("malformed-request"));
	cr_assert_str_eq(answer_to("SCRAM-SHA-256-PLUS", "y,,", "romeo"),
		FAILURE("malformed-request"));
	cr_assert_str_eq(answer_to("SCRAM-SHA-256", "p=tls-exporter,,", "romeo"),
		FAILURE("malformed-request"));
}

Test(sasl, a_client_that_missed_the_plus_names_was_deceived)
{
	cr_assert_str_eq(answer_to("SCRAM-SHA-256", "y,,", "romeo"), FAILURE("not-authorized"));
}

Test(sasl, a_client_that_could_bind_may_log_in_where_the_server_cannot)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-256", .gs2 = "y,,", .user = "romeo",
		.password = "pencil" };

	fake_tls.exporter = fake_tls.end_point = NULL;
	cr_assert(logs_in(&client, "SCRAM-SHA-256"));
}

Test(sasl, unknown_channel_bindings_are_refused)
{
	cr_assert_str_eq(answer_to("SCRAM-SHA-256-PLUS", "p=tls-unique,,", "romeo"),
		FAILURE("not-authorized"));
	fake_tls.exporter = NULL;
	cr_assert_str_eq(answer_to("SCRAM-SHA-256-PLUS", "p=tls-exporter,,", "romeo"),
		FAILURE("not-authorized"));
}

/* slixmpp knows no other binding than tls-unique, which TLS 1.3 does not have. */
Test(sasl, unfit_bindings_are_no_guesses_at_a_password)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-256", .gs2 = "p=tls-unique,,",
		.user = "romeo", .password = "" };
	struct link *link = world_secure_client();

	fake_address_delay_ms = 900;
	for (int i = 0; i < 6; i++)
		cr_assert_str_eq(start(link, &client, "SCRAM-SHA-256-PLUS"),
			FAILURE("not-authorized"));
	cr_assert(has(world_says(link, plain_text("", "romeo", "pencil")), "<success"));
}

Test(sasl, attempts_that_lead_nowhere_end_too)
{
	struct link *link = world_secure_client();
	const char *said = "";

	for (int i = 0; i < 10; i++)
		said = world_says(link, "<auth xmlns='" NS_SASL "' mechanism='X'/>");
	cr_assert(has(said, FAILURE("invalid-mechanism") STREAM_ERROR_IS("policy-violation")));
}

static const char *ends(struct scram_client *client, const char *name)
{
	struct link *link = world_secure_client();

	return finish(link, client, start(link, client, name));
}

Test(sasl, another_channels_bytes_do_not_prove_anything)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-256", .gs2 = "p=tls-exporter,,",
		.binding = "exported-bytez", .user = "romeo", .password = "pencil" };

	cr_assert_str_eq(ends(&client, "SCRAM-SHA-256-PLUS"), FAILURE("not-authorized"));
	client.binding = "short";
	cr_assert_str_eq(ends(&client, "SCRAM-SHA-256-PLUS"), FAILURE("not-authorized"));
	client.binding = NULL;
	cr_assert_str_eq(ends(&client, "SCRAM-SHA-256-PLUS"), FAILURE("not-authorized"));
}

Test(sasl, a_wrong_password_fails_with_every_hash)
{
	for (size_t i = 0; i < 3; i++) {
		struct scram_client client = { .scheme = schemes[i], .gs2 = "n,,", .user = "romeo",
			.password = "Pencil" };

		cr_assert_str_eq(ends(&client, schemes[i]), FAILURE("not-authorized"));
	}
	cr_assert_eq(fake_accounts.failures, 3);
}

Test(sasl, malformed_first_messages_are_told_so)
{
	static const char *const wrong[] = { "n", "n,,n=romeo", "n,,r=x,n=romeo", "x,,n=romeo,r=x",
		"n,,m=1,n=romeo,r=x", "n,,n=ro=meo,r=x" };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		cr_assert_str_eq(world_says(world_secure_client(), auth_text("SCRAM-SHA-256",
			base64_of(wrong[i], strlen(wrong[i])))), FAILURE("malformed-request"),
				"%s", wrong[i]);
}

Test(sasl, malformed_final_messages_are_told_so)
{
	static const char *const wrong[] = { "x", "c=biws", "c=biws,r=x", "r=x,c=biws,p=AAAA" };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct scram_client client = { .scheme = "SCRAM-SHA-256", .gs2 = "n,,",
			.user = "romeo" };
		struct link *link = world_secure_client();

		start(link, &client, "SCRAM-SHA-256");
		cr_assert_str_eq(world_says(link, response_text(base64_of(wrong[i],
			strlen(wrong[i])))),
			FAILURE("malformed-request"), "%s", wrong[i]);
	}
}

Test(sasl, another_nonce_or_binding_in_the_final_message_fails)
{
	static const char *const wrong[] = { "c=biws,r=x,p=AAAA", "c=eSws,r=x,p=AAAA",
		"c=,r=x,p=AAAA" };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct scram_client client = { .scheme = "SCRAM-SHA-256", .gs2 = "n,,",
			.user = "romeo" };
		struct link *link = world_secure_client();

		start(link, &client, "SCRAM-SHA-256");
		cr_assert_str_eq(world_says(link, response_text(base64_of(wrong[i],
			strlen(wrong[i])))),
			FAILURE("not-authorized"), "%s", wrong[i]);
	}
}

/* Each message in two pieces, at every place; and both in one exchange with the next header. */
static void check_pieces(size_t at)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-256", .gs2 = "p=tls-exporter,,",
		.binding = "exported-bytes", .user = "romeo", .password = "pencil" };
	struct link *link = world_connect(LISTEN_DIRECT);
	char text[4096];
	const char *said;

	world_says(link, HEADER);
	snprintf(text, sizeof text, "%s", auth_text("SCRAM-SHA-256-PLUS",
		scram_client_first(&client)));
	at = at % strlen(text);
	world_says_bytes(link, text, at);
	said = world_says(link, text + at);
	snprintf(text, sizeof text, "%s" HEADER BIND(""),
		response_text(scram_client_final(&client, content_of(said, "challenge"))));
	world_says_bytes(link, text, at);
	said = world_says(link, text + at);
	cr_assert(has(said, "<jid>romeo@example.org/made-up</jid>"), "%zu: %s", at, said);
	world_says(link, "</stream:stream>");
	fake_links_finish();
}

Test(sasl, scram_comes_in_pieces_too)
{
	for (size_t at = 1; at < 600; at++)
		check_pieces(at);
}

/* --- nobody learns who has an account ----------------------------------------------------- */

static void check_stranger(const char *scheme)
{
	struct scram_client known = { .scheme = scheme, .gs2 = "n,,", .user = "romeo",
		.password = "x" };
	struct scram_client stranger = { .scheme = scheme, .gs2 = "n,,", .user = "nobody",
		.password = "x" };
	struct scram_client again = stranger;

	cr_assert_str_eq(ends(&known, scheme), FAILURE("not-authorized"));
	cr_assert_str_eq(ends(&stranger, scheme), FAILURE("not-authorized"));
	cr_assert_str_eq(ends(&again, scheme), FAILURE("not-authorized"));
	cr_assert_str_eq(stranger.salt, again.salt);
	cr_assert_str_neq(stranger.salt, known.salt);
	cr_assert_eq(strlen(stranger.salt), strlen(known.salt));
	cr_assert_eq(stranger.iterations, known.iterations);
	cr_assert_eq(strlen(stranger.challenge), strlen(known.challenge));
}

Test(sasl, strangers_get_what_a_wrong_password_gets)
{
	for (size_t i = 0; i < 3; i++)
		check_stranger(schemes[i]);
}

Test(sasl, strangers_have_salts_of_their_own)
{
	struct scram_client one = { .scheme = "SCRAM-SHA-1", .gs2 = "n,,", .user = "nobody",
		.password = "x" };
	struct scram_client two = { .scheme = "SCRAM-SHA-1", .gs2 = "n,,", .user = "noone",
		.password = "x" };
	struct scram_client other = { .scheme = "SCRAM-SHA-256", .gs2 = "n,,", .user = "nobody",
		.password = "x" };

	ends(&one, "SCRAM-SHA-1");
	ends(&two, "SCRAM-SHA-1");
	ends(&other, "SCRAM-SHA-256");
	cr_assert_str_neq(one.salt, two.salt);
	cr_assert_str_neq(one.salt, other.salt);
}

Test(sasl, strangers_cost_a_hash_with_plain_too)
{
	struct link *link = world_secure_client();

	fake_shard_hold_jobs(true);
	cr_assert_str_eq(world_says(link, plain_text("", "nobody", "x")), "");
	fake_shard_hold_jobs(false);
	cr_assert_str_eq(world_says(link, ""), FAILURE("not-authorized"));
}

Test(sasl, a_record_without_the_hash_fails_like_a_wrong_password)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-512", .gs2 = "n,,", .user = "old",
		.password = "x" };

	fake_account_add("old@example.org", "SCRAM-SHA-1$64:AAAA$AAAA:AAAA\n");
	cr_assert_str_eq(ends(&client, "SCRAM-SHA-512"), FAILURE("not-authorized"));
}

/* --- PLAIN -------------------------------------------------------------------------------- */

Test(sasl, plain_logs_in_with_the_password)
{
	cr_assert_str_eq(world_says(world_secure_client(), plain_text("", "romeo", "pencil")),
		"<success " SASL_NS "></success>");
	cr_assert_str_eq(world_says(world_secure_client(), plain_text("romeo@example.org",
		"romeo", "pencil")),
		"<success " SASL_NS "></success>");
}

Test(sasl, plain_refuses_everything_else)
{
	static const struct { const char *authzid, *name, *password, *condition; } rows[] = {
		{ "", "romeo", "Pencil", FAILURE("not-authorized") },
		{ "", "romeo", "", FAILURE("malformed-request") },
		{ "", "romeo", "pen\ncil", FAILURE("not-authorized") },
		{ "", "nobody", "pencil", FAILURE("not-authorized") },
		{ "", "ro meo", "pencil", FAILURE("not-authorized") },
		{ "", "romeo@example.org", "pencil", FAILURE("not-authorized") },
		{ "juliet@example.org", "romeo", "pencil", FAILURE("invalid-authzid") },
		{ "romeo@other.example", "romeo", "pencil", FAILURE("invalid-authzid") },
		{ "", "", "pencil", FAILURE("malformed-request") },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_assert_str_eq(world_says(world_secure_client(),
			plain_text(rows[i].authzid, rows[i].name, rows[i].password)),
				rows[i].condition, "%zu", i);
}

/* An account that comes from a server which keeps SHA-1 alone. */
Test(sasl, plain_makes_the_hashes_that_scram_lacks)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-512", .gs2 = "n,,", .user = "benvolio",
		.password = "pencil" };

	fake_account_add("benvolio@example.org", "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$"
		"6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=");
	world_says(world_secure_client(), plain_text("", "benvolio", "Pencil"));
	cr_assert_not(logs_in(&client, "SCRAM-SHA-512"));
	cr_assert(has(world_says(world_secure_client(), plain_text("", "benvolio", "pencil")),
		"<success"));
	cr_assert(logs_in(&client, "SCRAM-SHA-512"));
}

Test(sasl, a_password_is_hashed_on_the_worker_pool)
{
	struct link *link = world_secure_client();

	fake_shard_hold_jobs(true);
	cr_assert_str_eq(world_says(link, plain_text("", "romeo", "pencil")), "");
	cr_assert_eq(fake_link_pauses(link), 1);
	fake_shard_hold_jobs(false);
	cr_assert(has(world_says(link, ""), "<success"));
	cr_assert_eq(fake_link_pauses(link), 0);
}

Test(sasl, a_client_may_leave_while_its_password_is_hashed)
{
	struct link *link = world_secure_client();

	fake_shard_hold_jobs(true);
	world_says(link, plain_text("", "romeo", "pencil"));
	fake_link_end(link, LINK_BROKEN);
	fake_shard_hold_jobs(false);
	world_settle();
	cr_assert_eq(fake_accounts.successes, 0);
	cr_assert_eq(fake_accounts.logins_open, 0);
}

/* --- EXTERNAL and ANONYMOUS --------------------------------------------------------------- */

static const char *external(const char *initial)
{
	return world_says(world_secure_client(), auth_text("EXTERNAL", initial));
}

Test(sasl, external_believes_the_certificate)
{
	fake_tls.jids[0] = "romeo@example.org";
	cr_assert(has(external("="), "<success"));
	cr_assert(has(external(base64_of("romeo@example.org", 17)), "<success"));
	cr_assert_str_eq(external(base64_of("juliet@example.org", 18)), FAILURE("invalid-authzid"));
	cr_assert_str_eq(external(base64_of("@", 1)), FAILURE("invalid-authzid"));
}

Test(sasl, external_asks_which_of_several)
{
	fake_tls.jids[0] = "juliet@example.org";
	fake_tls.jids[1] = "romeo@other.example";
	fake_tls.jids[2] = "romeo@example.org";
	cr_assert_str_eq(external("="), FAILURE("invalid-authzid"));
	cr_assert(has(external(base64_of("romeo@example.org", 17)), "<success"));
	cr_assert_str_eq(external(base64_of("romeo@other.example", 19)),
		FAILURE("invalid-authzid"));
}

Test(sasl, external_needs_an_account)
{
	fake_tls.jids[0] = "nobody@example.org";
	cr_assert_str_eq(external("="), FAILURE("not-authorized"));
}

Test(sasl, external_is_offered_to_those_with_an_address_of_the_host)
{
	struct link *link;

	fake_tls.jids[0] = "romeo@other.example";
	cr_assert_str_eq(external("="), FAILURE("invalid-mechanism"));
	link = world_connect(LISTEN_DIRECT);
	cr_assert_not(has(world_says(link, HEADER), "EXTERNAL"));
	fake_tls.jids[0] = "romeo@example.org";
	link = world_connect(LISTEN_DIRECT);
	cr_assert(has(world_says(link, HEADER), "<mechanism>EXTERNAL</mechanism>"));
}

Test(sasl, external_does_not_carry_a_certificate_to_another_host)
{
	fake_tls.jids[0] = "romeo@example.org";
	fake_tls.shown = &world.other;
	cr_assert_not(has(world_says(world_connect(LISTEN_DIRECT), HEADER), "EXTERNAL"));
}

Test(sasl, anonymous_gets_a_name_of_its_own)
{
	struct link *link = world_secure_client();
	const char *said;

	cr_assert(has(world_says(link, auth_text("ANONYMOUS", base64_of("sirhc", 5))), "<success"));
	world_says(link, HEADER);
	said = world_says(link, BIND(""));
	cr_assert(has(said, "@example.org/made-up</jid>"));
	cr_assert(has(said, "<jid>anonymous-"));
}

Test(sasl, what_the_host_forbids_is_neither_offered_nor_done)
{
	struct link *link;

	world.example.sasl.mechanisms = 1u << MECHANISM_SCRAM_SHA_1;
	link = world_connect(LISTEN_DIRECT);
	cr_assert(has(world_says(link, HEADER), "<mechanisms " SASL_NS
		"><mechanism>SCRAM-SHA-1</mechanism></mechanisms><limits "));
	cr_assert_str_eq(world_says(link, auth_text("ANONYMOUS", "=")),
		FAILURE("invalid-mechanism"));
	cr_assert_str_eq(world_says(link, plain_text("", "romeo", "pencil")),
		FAILURE("invalid-mechanism"));
}

/* --- the elements ------------------------------------------------------------------------- */

Test(sasl, without_an_initial_response_the_server_asks_for_it)
{
	struct link *link = world_secure_client();

	cr_assert_str_eq(world_says(link, auth_text("PLAIN", "")), "<challenge " SASL_NS
		"></challenge>");
	cr_assert(has(world_says(link, response_text(base64_of("\0romeo\0pencil", 13))),
		"<success"));
}

Test(sasl, scram_too_may_start_with_a_challenge)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-1", .gs2 = "n,,", .user = "romeo",
		.password = "pencil" };
	struct link *link = world_secure_client();
	const char *said;

	world_says(link, auth_text("SCRAM-SHA-1", ""));
	said = world_says(link, response_text(scram_client_first(&client)));
	cr_assert(has(finish(link, &client, said), "<success"));
}

Test(sasl, an_equals_sign_is_an_empty_message)
{
	cr_assert_str_eq(world_says(world_secure_client(), auth_text("PLAIN", "=")),
		FAILURE("malformed-request"));
	cr_assert(has(world_says(world_secure_client(), auth_text("ANONYMOUS", "=")), "<success"));
}

Test(sasl, bad_base64_is_incorrect_encoding)
{
	static const char *const wrong[] = { "*", "AAA", "AA A", "AA==AA==", "=AAA", "AAAA\n" };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		cr_assert_str_eq(world_says(world_secure_client(), auth_text("PLAIN", wrong[i])),
			FAILURE("incorrect-encoding"), "%s", wrong[i]);
}

Test(sasl, bad_base64_in_a_response_is_incorrect_encoding)
{
	struct link *link = world_secure_client();

	world_says(link, auth_text("PLAIN", ""));
	cr_assert_str_eq(world_says(link, response_text("!!")), FAILURE("incorrect-encoding"));
}

Test(sasl, unknown_mechanisms_are_invalid)
{
	struct link *link = world_secure_client();

	cr_assert_str_eq(world_says(link, auth_text("DIGEST-MD5", "")),
		FAILURE("invalid-mechanism"));
	cr_assert_str_eq(world_says(link, "<auth " SASL_NS "/>"), FAILURE("invalid-mechanism"));
}

Test(sasl, no_mechanism_works_before_tls)
{
	struct link *link = world_connect(LISTEN_STARTTLS);

	world_says(link, HEADER);
	cr_assert_str_eq(world_says(link, plain_text("", "romeo", "pencil")),
		FAILURE("encryption-required"));
	cr_assert_str_eq(world_says(link, auth_text("SCRAM-SHA-1", "AAAA")),
		FAILURE("encryption-required"));
}

Test(sasl, an_abort_ends_the_attempt_and_another_may_follow)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-256", .gs2 = "n,,", .user = "romeo" };
	struct link *link = world_secure_client();

	start(link, &client, "SCRAM-SHA-256");
	cr_assert_str_eq(world_says(link, "<abort " SASL_NS "/>"), FAILURE("aborted"));
	cr_assert_eq(fake_accounts.logins_open, 0);
	cr_assert(has(world_says(link, plain_text("", "romeo", "pencil")), "<success"));
}

Test(sasl, a_response_to_nothing_is_malformed)
{
	cr_assert_str_eq(world_says(world_secure_client(), response_text("AAAA")),
		FAILURE("malformed-request"));
}

Test(sasl, an_auth_within_an_exchange_is_malformed)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-256", .gs2 = "n,,", .user = "romeo" };
	struct link *link = world_secure_client();

	start(link, &client, "SCRAM-SHA-256");
	cr_assert_str_eq(start(link, &client, "SCRAM-SHA-256"), FAILURE("malformed-request"));
	cr_assert(has(start(link, &client, "SCRAM-SHA-256"), "<challenge"));
}

Test(sasl, storage_that_fails_is_a_temporary_failure)
{
	fake_accounts.fail = true;
	cr_assert_str_eq(world_says(world_secure_client(), plain_text("", "romeo", "pencil")),
		FAILURE("temporary-auth-failure"));
	cr_assert_eq(fake_accounts.failures, 0);
}

Test(sasl, another_account_may_be_tried_after_a_failure)
{
	struct link *link = world_secure_client();

	cr_assert_str_eq(world_says(link, plain_text("", "nobody", "pencil")),
		FAILURE("not-authorized"));
	cr_assert(has(world_says(link, plain_text("", "romeo", "pencil")), "<success"));
}

Test(sasl, too_many_failures_end_the_stream)
{
	struct link *link = world_secure_client();
	const char *said;

	for (long i = 1; i < world.server.limits.login_tries; i++)
		cr_assert_str_eq(world_says(link, plain_text("", "romeo", "x")),
			FAILURE("not-authorized"));
	said = world_says(link, plain_text("", "romeo", "x"));
	cr_assert(has(said, FAILURE("not-authorized") STREAM_ERROR_IS("policy-violation")));
	cr_assert(fake_link_is_closed(link));
}

Test(sasl, failures_are_slowed_down_per_account)
{
	struct link *link = world_secure_client();

	fake_accounts.delay_ms = 700;
	cr_assert_str_eq(world_says(link, plain_text("", "romeo", "x")), "");
	world_pass(699);
	cr_assert_str_eq(fake_link_take(link), "");
	world_pass(1);
	cr_assert_str_eq(fake_link_take(link), FAILURE("not-authorized"));
}

Test(sasl, failures_are_slowed_down_per_address)
{
	struct link *link = world_secure_client();

	fake_address_delay_ms = 900;
	fake_accounts.delay_ms = 300;
	cr_assert_str_eq(world_says(link, plain_text("", "nobody", "x")), "");
	world_pass(899);
	cr_assert_str_eq(fake_link_take(link), "");
	world_pass(1);
	cr_assert_str_eq(fake_link_take(link), FAILURE("not-authorized"));
}

Test(sasl, what_follows_a_failure_waits_behind_it)
{
	struct link *link = world_secure_client();
	char both[4096];

	fake_accounts.delay_ms = 500;
	strcpy(both, plain_text("", "romeo", "x"));
	strcat(both, plain_text("", "romeo", "pencil"));
	cr_assert_str_eq(world_says(link, both), "");
	world_pass(500);
	cr_assert_str_eq(fake_link_take(link), FAILURE("not-authorized"));
	world_pass(499);
	cr_assert_str_eq(fake_link_take(link), "");
	world_pass(1);
	cr_assert_str_eq(fake_link_take(link), "<success " SASL_NS "></success>");
}

/* Else a right password were the one that is answered at once. */
Test(sasl, after_failures_a_right_password_waits_as_well)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-256", .gs2 = "n,,", .user = "romeo",
		.password = "pencil" };
	struct link *link = world_secure_client();

	world_says(link, plain_text("", "romeo", "x"));
	fake_link_take(link);
	fake_address_delay_ms = 900;
	fake_accounts.delay_ms = 700;
	cr_assert_str_eq(finish(link, &client, start(link, &client, "SCRAM-SHA-256")), "");
	world_pass(899);
	cr_assert_str_eq(fake_link_take(link), "");
	cr_assert_eq(fake_accounts.successes, 0);
	world_pass(1);
	cr_assert(scram_client_accepts(&client, content_of(fake_link_take(link), "success")));
	cr_assert_eq(fake_accounts.successes, 1);
}

Test(sasl, a_client_may_leave_while_its_success_waits)
{
	struct link *link = world_secure_client();

	world_says(link, plain_text("", "romeo", "x"));
	fake_accounts.delay_ms = 500;
	cr_assert_str_eq(world_says(link, plain_text("", "romeo", "pencil")), "");
	fake_link_end(link, LINK_CLOSED_BY_PEER);
	world_pass(1000);
	cr_assert_eq(fake_accounts.successes, 0);
	cr_assert_eq(fake_accounts.logins_open, 0);
	cr_assert_eq(stream_count(world.shards[0]) + stream_count(world.shards[1]), 0);
}

Test(sasl, a_client_may_leave_while_its_failure_waits)
{
	struct link *link = world_secure_client();

	fake_accounts.delay_ms = 500;
	world_says(link, plain_text("", "romeo", "x"));
	fake_link_end(link, LINK_CLOSED_BY_PEER);
	world_pass(1000);
	cr_assert_eq(stream_count(world.shards[0]) + stream_count(world.shards[1]), 0);
}

Test(sasl, an_account_that_opens_later_is_waited_for)
{
	struct scram_client client = { .scheme = "SCRAM-SHA-256", .gs2 = "n,,", .user = "romeo",
		.password = "pencil" };

	fake_accounts.open_later = true;
	cr_assert(logs_in(&client, "SCRAM-SHA-256"));
}

Test(sasl, a_client_may_leave_while_its_account_opens)
{
	struct link *link = world_secure_client();
	const char *text = plain_text("", "nobody", "x");

	fake_accounts.open_later = true;
	fake_link_feed(link, text, strlen(text));
	fake_link_run(link); /* the move, if there is one */
	fake_link_end(link, LINK_BROKEN);
	world_settle();
	cr_assert_eq(fake_accounts.logins_open, 0);
}
