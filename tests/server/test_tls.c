/* test_tls.c - TLS on a link: handshakes, STARTTLS, hosts, channel bindings, tickets
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/x509.h>

#include "link_stage.h"
#include "loop_shard.h"
#include "tls.h"

static struct ear ear;
static struct peer peer;

#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"

static void open_stage(void)
{
	stage_open();
	ear = (struct ear){ 0 };
	stage_connect(&ear, &peer, LISTEN_DIRECT);
}

static void leave(void)
{
	stage_close_with(&ear, &peer);
}

static void secure(const struct peer_wish *wish)
{
	peer_start_tls(&peer, wish);
	stage_settle();
}

static void reconnect(void)
{
	link_destroy(ear.link);
	stage_settle();
	peer_end(&peer);
	stage_settle();
	buffer_finish(&ear.heard);
	ear = (struct ear){ 0 };
	stage_connect(&ear, &peer, LISTEN_DIRECT);
}

TestSuite(tls, .init = open_stage, .fini = leave, .timeout = 60);

Test(tls, shakes_hands_with_1_3)
{
	secure(&(struct peer_wish){ .priority = TLS13 });
	cr_assert(peer.is_secure);
	cr_assert_eq(ear.secured, 1);
	cr_assert(link_is_secure(ear.link));
	cr_assert_str_eq(link_describe(ear.link), "TLSv1.3 TLS_AES_128_GCM_SHA256");
	cr_assert_eq(link_cipher_bits(ear.link), 128);
	cr_assert_eq(loop_shard_timers(stage.shards[0]), 0);
}

Test(tls, shakes_hands_with_1_2)
{
	secure(&(struct peer_wish){ .priority = TLS12 });
	cr_assert_eq(ear.secured, 1);
	cr_assert_eq(strncmp(link_describe(ear.link), "TLSv1.2 TLS_ECDHE_ECDSA_", 24), 0);
}

Test(tls, refuses_1_1)
{
	secure(&(struct peer_wish){ .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.1" });
	cr_assert(peer.error);
	cr_assert_eq(ear.how, LINK_BROKEN);
	cr_assert_eq(ear.secured, 0);
}

Test(tls, prefers_x25519)
{
	secure(&(struct peer_wish){ .priority = TLS13 ":-GROUP-ALL:+GROUP-SECP256R1:+GROUP-X25519" });
	cr_assert_eq(gnutls_group_get(peer.session), GNUTLS_GROUP_X25519);
}

Test(tls, carries_bytes_both_ways)
{
	ear_echoes = true;
	secure(&(struct peer_wish){ 0 });
	peer_say_text(&peer, "<presence/>");
	stage_settle();
	cr_assert(heard_is(&ear.heard, "<presence/>"));
	cr_assert(heard_is(&peer.heard, "<presence/>"));
}

static void exchange_byte_by_byte(const char *priority)
{
	ear_echoes = true;
	secure(&(struct peer_wish){ .priority = priority, .trickles = true });
	cr_assert_eq(ear.secured, 1);
	peer_say_text(&peer, "slowly");
	stage_settle();
	cr_assert(heard_is(&peer.heard, "slowly"));
}

Test(tls, bears_a_client_that_sends_byte_by_byte_in_1_3) { exchange_byte_by_byte(TLS13); }
Test(tls, bears_a_client_that_sends_byte_by_byte_in_1_2) { exchange_byte_by_byte(TLS12); }

#define LARGE (3 * 1024 * 1024 + 17)

Test(tls, carries_large_transfers_both_ways)
{
	char *bytes = malloc(LARGE);

	fill(bytes, LARGE);
	ear_echoes = true;
	secure(&(struct peer_wish){ 0 });
	peer_say(&peer, bytes, LARGE);
	stage_settle();
	cr_assert_eq(ear.heard.len, LARGE);
	cr_assert_eq(peer.heard.len, LARGE);
	cr_assert_eq(memcmp(buffer_at(&peer.heard), bytes, LARGE), 0);
	free(bytes);
}

Test(tls, keeps_what_is_written_before_the_handshake_until_it_is_over)
{
	link_write(ear.link, "secret", 6);
	stage_settle();
	cr_assert_eq(peer.heard.len, 0);
	cr_assert_eq(link_unwritten(ear.link), 6);
	secure(&(struct peer_wish){ 0 });
	cr_assert(heard_is(&peer.heard, "secret"));
}

Test(tls, passes_over_empty_records)
{
	secure(&(struct peer_wish){ .priority = TLS13 });
	cr_assert_geq(gnutls_record_send2(peer.session, "", 0, 10, 0), 0);
	stage_settle();
	peer_say_text(&peer, "x");
	stage_settle();
	cr_assert_eq(ear.ended, 0);
	cr_assert(heard_is(&ear.heard, "x"));
}

Test(tls, follows_a_change_of_keys)
{
	ear_echoes = true;
	secure(&(struct peer_wish){ .priority = TLS13 });
	cr_assert_eq(gnutls_session_key_update(peer.session, GNUTLS_KU_PEER), 0);
	peer_say_text(&peer, "x");
	stage_settle();
	cr_assert(heard_is(&peer.heard, "x"));
}

/* --- pauses ----------------------------------------------------------------------------- */

static bool pause_at_once(struct ear *who, const char *bytes, size_t len)
{
	link_pause(who->link);
	who->when_heard = NULL;
	return true;
}

Test(tls, keeps_decrypted_and_encrypted_bytes_through_a_pause)
{
	secure(&(struct peer_wish){ 0 });
	ear.when_heard = pause_at_once;
	for (int i = 0; i < 3; i++) /* three records in one read */
		cr_assert_eq(gnutls_record_send(peer.session, "abc", 3), 3);
	stage_settle();
	cr_assert_eq(ear.heard.len, 0);
	peer_say_text(&peer, "d");
	stage_settle();
	cr_assert_eq(ear.heard.len, 0);
	link_resume(ear.link);
	stage_settle();
	cr_assert(heard_is(&ear.heard, "abcabcabcd"));
}

Test(tls, handshakes_have_a_time_limit)
{
	loop_shard_pass(stage.shards[0], 9999);
	cr_assert_eq(ear.ended, 0);
	loop_shard_pass(stage.shards[0], 1);
	cr_assert_eq(ear.how, LINK_TIMED_OUT);
}

Test(tls, the_time_limit_of_a_handshake_stands_still_in_a_pause)
{
	loop_shard_pass(stage.shards[0], 6000);
	link_pause(ear.link);
	loop_shard_pass(stage.shards[0], 60000);
	link_resume(ear.link);
	loop_shard_pass(stage.shards[0], 3999);
	cr_assert_eq(ear.ended, 0);
	loop_shard_pass(stage.shards[0], 1);
	cr_assert_eq(ear.ended, 1);
}

/* --- ends ------------------------------------------------------------------------------- */

Test(tls, hears_close_notify_as_an_orderly_end)
{
	secure(&(struct peer_wish){ 0 });
	gnutls_bye(peer.session, GNUTLS_SHUT_WR);
	stage_settle();
	cr_assert_eq(ear.how, LINK_CLOSED_BY_PEER);
}

Test(tls, says_close_notify_behind_the_last_words)
{
	secure(&(struct peer_wish){ 0 });
	link_write(ear.link, "bye", 3);
	link_close(ear.link);
	ear.link = NULL;
	stage_settle();
	cr_assert(heard_is(&peer.heard, "bye"));
	cr_assert(peer.has_ended, "gnutls_record_recv gives 0 only for close_notify");
	cr_assert_eq(peer.error, 0);
}

Test(tls, says_nothing_in_the_clear_when_closed_in_the_handshake)
{
	link_write(ear.link, "secret", 6);
	link_close(ear.link);
	ear.link = NULL;
	stage_settle();
	cr_assert(peer.has_ended);
	cr_assert_eq(peer.heard.len, 0);
}

Test(tls, ends_at_bytes_that_are_not_tls)
{
	peer_say_text(&peer, "<?xml version='1.0'?><stream:stream>");
	stage_settle();
	cr_assert_eq(ear.how, LINK_BROKEN);
}

Test(tls, ends_at_a_forged_record)
{
	static const char forged[] = "\x17\x03\x03\x00\x20" "01234567890123456789012345678901";

	secure(&(struct peer_wish){ 0 });
	cr_assert_eq(send(peer.fd, forged, sizeof forged - 1, 0), sizeof forged - 1);
	stage_settle();
	cr_assert_eq(ear.how, LINK_BROKEN);
	cr_assert_eq(ear.heard.len, 0);
	cr_assert_eq(peer.error, GNUTLS_E_FATAL_ALERT_RECEIVED);
}

Test(tls, refuses_a_renegotiation)
{
	secure(&(struct peer_wish){ .priority = TLS12 });
	gnutls_handshake(peer.session);
	stage_settle();
	cr_assert_eq(ear.how, LINK_BROKEN);
}

static void destroy_when_secured(struct ear *who)
{
	link_destroy(who->link);
	who->link = NULL;
}

Test(tls, may_be_destroyed_when_the_handshake_ends)
{
	ear.when_secured = destroy_when_secured;
	secure(&(struct peer_wish){ 0 });
	cr_assert_eq(ear.secured, 1);
	cr_assert(peer.has_ended || peer.error);
}

/* --- STARTTLS --------------------------------------------------------------------------- */

static bool start_tls(struct ear *who, const char *bytes, size_t len)
{
	link_write(who->link, "<proceed/>", 10);
	link_start_tls(who->link);
	who->when_heard = NULL;
	return true;
}

static void connect_in_the_clear(void)
{
	open_stage();
	link_destroy(ear.link);
	peer_end(&peer);
	stage_connect(&ear, &peer, LISTEN_STARTTLS);
	ear.when_heard = start_tls;
}

TestSuite(starttls, .init = connect_in_the_clear, .fini = leave, .timeout = 60);

Test(starttls, proceeds_in_the_clear_and_then_shakes_hands)
{
	peer_say_text(&peer, "<starttls/>");
	stage_settle();
	cr_assert(heard_is(&peer.heard, "<proceed/>"));
	buffer_consume(&peer.heard, peer.heard.len);
	secure(&(struct peer_wish){ 0 });
	cr_assert_eq(ear.secured, 1);
	peer_say_text(&peer, "safe");
	stage_settle();
	cr_assert(heard_is(&ear.heard, "safe"));
}

Test(starttls, throws_away_what_came_before_the_handshake)
{
	peer_say_text(&peer, "<starttls/><message>injected</message>");
	stage_settle();
	secure(&(struct peer_wish){ 0 });
	cr_assert_eq(ear.secured, 1);
	peer_say_text(&peer, "safe");
	stage_settle();
	cr_assert(heard_is(&ear.heard, "safe"));
}

static bool pause_then_start_tls(struct ear *who, const char *bytes, size_t len)
{
	link_pause(who->link);
	who->when_heard = start_tls;
	return true;
}

Test(starttls, throws_away_also_what_waited_in_a_pause)
{
	ear.when_heard = pause_then_start_tls;
	peer_say_text(&peer, "<starttls/><message>injected</message>");
	stage_settle();
	link_resume(ear.link);
	stage_settle();
	secure(&(struct peer_wish){ 0 });
	cr_assert_eq(ear.secured, 1);
	cr_assert_eq(ear.heard.len, 0);
}

Test(starttls, needs_no_alpn_and_bears_any)
{
	peer_say_text(&peer, "<starttls/>");
	stage_settle();
	secure(&(struct peer_wish){ .alpn = "h2" });
	cr_assert_eq(ear.secured, 1);
}

Test(starttls, shows_the_certificate_of_the_preferred_host)
{
	link_prefer_host(ear.link, &stage.hosts[1]);
	peer_say_text(&peer, "<starttls/>");
	stage_settle();
	secure(&(struct peer_wish){ 0 });
	cr_assert_eq(link_shown_host(ear.link), &stage.hosts[1]);
	cr_assert_null(link_sni_host(ear.link));
}

/* --- names ------------------------------------------------------------------------------ */

static bool is_shown(const char *domain)
{
	gnutls_x509_crt_t certificate;
	const gnutls_datum_t *der = gnutls_certificate_get_peers(peer.session, NULL);
	bool named;

	gnutls_x509_crt_init(&certificate);
	gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER);
	named = gnutls_x509_crt_check_hostname(certificate, domain);
	gnutls_x509_crt_deinit(certificate);
	return named;
}

Test(tls, shows_each_host_s_own_certificate)
{
	secure(&(struct peer_wish){ .sni = "example.net" });
	cr_assert(is_shown("example.net"));
	cr_assert_eq(link_sni_host(ear.link), &stage.hosts[1]);
	reconnect();
	secure(&(struct peer_wish){ .sni = "Example.ORG", .priority = TLS12 });
	cr_assert(is_shown("example.org"));
	cr_assert_eq(link_sni_host(ear.link), &stage.hosts[0]);
}

Test(tls, shows_the_first_host_s_certificate_to_strangers)
{
	secure(&(struct peer_wish){ .sni = "elsewhere.example" });
	cr_assert(is_shown("example.org"));
	cr_assert_null(link_sni_host(ear.link));
	cr_assert_eq(link_shown_host(ear.link), &stage.hosts[0]);
}

Test(tls, speaks_alpn_on_a_direct_port)
{
	gnutls_datum_t chosen;

	secure(&(struct peer_wish){ .alpn = "xmpp-client" });
	cr_assert_eq(gnutls_alpn_get_selected_protocol(peer.session, &chosen), 0);
	cr_assert_eq(chosen.size, strlen("xmpp-client"));
}

Test(tls, refuses_another_protocol_s_client)
{
	secure(&(struct peer_wish){ .alpn = "http/1.1" });
	cr_assert_eq(ear.secured, 0);
	cr_assert(peer.error);
}

Test(tls, copes_with_a_group_that_needs_a_second_hello)
{
	secure(&(struct peer_wish){ .sni = "example.net",
		.priority = TLS13 ":-GROUP-ALL:+GROUP-SECP521R1:+GROUP-SECP384R1" });
	cr_assert_eq(ear.secured, 1);
	cr_assert(is_shown("example.net"));
}

/* --- channel bindings ------------------------------------------------------------------- */

static void compare_binding(const char *type, gnutls_channel_binding_t theirs)
{
	unsigned char ours[CHANNEL_BINDING_MAX];
	gnutls_datum_t binding;
	size_t len;

	cr_assert_eq(link_channel_binding(ear.link, type, ours, &len), 0);
	cr_assert_eq(gnutls_session_channel_binding(peer.session, theirs, &binding), 0);
	cr_assert_eq(binding.size, len);
	cr_assert_eq(memcmp(binding.data, ours, len), 0);
	gnutls_free(binding.data);
}

Test(tls, both_ends_agree_on_channel_bindings_in_1_3)
{
	secure(&(struct peer_wish){ .priority = TLS13 });
	compare_binding("tls-exporter", GNUTLS_CB_TLS_EXPORTER);
	compare_binding("tls-server-end-point", GNUTLS_CB_TLS_SERVER_END_POINT);
}

Test(tls, both_ends_agree_on_channel_bindings_in_1_2)
{
	secure(&(struct peer_wish){ .priority = TLS12 });
	compare_binding("tls-exporter", GNUTLS_CB_TLS_EXPORTER);
	compare_binding("tls-server-end-point", GNUTLS_CB_TLS_SERVER_END_POINT);
}

Test(tls, gives_no_exporter_without_the_extended_master_secret)
{
	unsigned char ours[CHANNEL_BINDING_MAX];
	size_t len;

	secure(&(struct peer_wish){ .priority = TLS12 ":%NO_SESSION_HASH" });
	cr_assert_eq(ear.secured, 1);
	cr_assert_eq(link_channel_binding(ear.link, "tls-exporter", ours, &len), -ENOTSUP);
}

Test(tls, knows_no_other_bindings)
{
	unsigned char ours[CHANNEL_BINDING_MAX];
	size_t len;

	cr_assert_eq(link_channel_binding(ear.link, "tls-exporter", ours, &len), -ENOTSUP);
	secure(&(struct peer_wish){ 0 });
	cr_assert_eq(link_channel_binding(ear.link, "tls-unique", ours, &len), -ENOTSUP);
}

/* --- tickets ---------------------------------------------------------------------------- */

static gnutls_datum_t first_session(const char *priority)
{
	gnutls_datum_t session = { 0 };

	secure(&(struct peer_wish){ .priority = priority, .sni = "example.org" });
	link_write(ear.link, "x", 1); /* what follows the handshake brings the ticket */
	stage_settle();
	cr_assert_eq(gnutls_session_get_data2(peer.session, &session), 0);
	reconnect();
	return session;
}

static void resume(const char *priority, bool expected)
{
	gnutls_datum_t session = first_session(priority);

	if (!expected) {
		tls_forget_tickets();
		reconnect();
	}
	secure(&(struct peer_wish){ .priority = priority, .session = &session, .sni = "example.org" });
	cr_assert_eq(ear.secured, 1);
	cr_assert_eq(!!gnutls_session_is_resumed(peer.session), expected);
	compare_binding("tls-exporter", GNUTLS_CB_TLS_EXPORTER);
	gnutls_free(session.data);
}

Test(tls, resumes_a_session_by_ticket_in_1_3) { resume(TLS13, true); }
Test(tls, resumes_a_session_by_ticket_in_1_2) { resume(TLS12, true); }
Test(tls, forgets_tickets_when_told) { resume(TLS13, false); }

Test(tls, a_resumed_session_still_knows_the_end_point)
{
	gnutls_datum_t session = first_session(TLS13);
	unsigned char before[CHANNEL_BINDING_MAX], now[CHANNEL_BINDING_MAX];
	size_t len = certificate_end_point(stage.hosts[0].certificate, before), now_len;

	secure(&(struct peer_wish){ .session = &session, .sni = "example.org" });
	cr_assert_eq(link_channel_binding(ear.link, "tls-server-end-point", now, &now_len), 0);
	cr_assert_eq(now_len, len);
	cr_assert_eq(memcmp(before, now, len), 0);
	gnutls_free(session.data);
}

/* --- the set-up ------------------------------------------------------------------------- */

Test(tls, names_the_wrong_word_of_a_priority_string)
{
	char *why = NULL;

	cr_assert_eq(tls_setup("NORMAL:+VERS-TLS9.9", &why), -EINVAL);
	cr_assert_not_null(strstr(why, "VERS-TLS9.9"), "%s", why);
	free(why);
	cr_assert_eq(tls_setup("NORMAL", &why), -EINVAL);
	cr_assert_not_null(strstr(why, "TLS 1.2"), "%s", why);
	free(why);
	secure(&(struct peer_wish){ 0 });
	cr_assert_eq(ear.secured, 1, "the string before stays");
}
