/* test_tls_certificate.c - loading, reloading, and certificates of clients
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "certificate.h"
#include "credentials_maker.h"
#include "link_stage.h"

static struct certificate *loaded;
static char *why;

static int load(const char *chain, const char *key, const char *ca)
{
	struct certificate_files files = {
		chain, key, ca, "example.org",
	};

	certificate_unref(loaded);
	loaded = NULL;
	free(why);
	why = NULL;
	return certificate_load(&files, &loaded, &why);
}

static int load_made(const char *chain, const char *key)
{
	return load(made_path(chain, "crt"), made_path(key, "key"), NULL);
}

static void make_all(void)
{
	make_certificate("good", &(struct certificate_wish){ .domain = "example.org" });
	make_certificate("other", &(struct certificate_wish){ .domain = "example.net" });
}

static void forget(void)
{
	certificate_unref(loaded);
	free(why);
}

TestSuite(certificate, .init = make_all, .fini = forget, .timeout = 60);

Test(certificate, loads_without_a_word)
{
	cr_assert_eq(load_made("good", "good"), 0);
	cr_assert_null(why, "%s", why);
}

Test(certificate, loads_rsa_and_ed25519)
{
	make_certificate("rsa", &(struct certificate_wish){
		.domain = "example.org", .pk = GNUTLS_PK_RSA });
	cr_assert_eq(load_made("rsa", "rsa"), 0);
	make_certificate("ed", &(struct certificate_wish){
		.domain = "example.org", .pk = GNUTLS_PK_EDDSA_ED25519 });
	cr_assert_eq(load_made("ed", "ed"), 0, "%s", why);
}

struct fault { const char *chain, *key, *ca; int error; const char *says; };

Test(certificate, says_what_is_wrong)
{
	made_file("broken", "crt", "-----BEGIN CERTIFICATE-----\nrubbish\n");
	made_file("broken", "key", "not a key\n");
	made_file("empty", "ca", "");
	const struct fault faults[] = {
		{ "missing.crt", "good.key", NULL, -ENOENT, "missing.crt cannot be read: No such file" },
		{ "good.crt", "missing.key", NULL, -ENOENT, "the key " },
		{ "broken.crt", "good.key", NULL, -EINVAL, "not a PEM certificate" },
		{ "good.crt", "broken.key", NULL, -EINVAL, "not a PEM private key" },
		{ "good.crt", "other.key", NULL, -EINVAL, "the key does not belong to the certificate" },
		{ "good.crt", "good.key", "empty.ca", -EINVAL, "no certificate authority" },
		{ "good.crt", "good.key", "missing.ca", -ENOENT, "the client CA " },
	};

	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		const struct fault *fault = &faults[i];
		char paths[3][160];
		const char *const names[3] = { fault->chain, fault->key, fault->ca };

		for (int k = 0; k < 3; k++) {
			strcpy(paths[k], made_path("x", "x"));
			if (names[k])
				strcpy(strrchr(paths[k], '/') + 1, names[k]);
		}
		cr_expect_eq(load(paths[0], paths[1], fault->ca ? paths[2] : NULL), fault->error,
			"%zu", i);
		cr_expect(why && strstr(why, fault->says), "%zu: %s", i, why);
		cr_expect_null(loaded);
	}
}

Test(certificate, warns_of_an_expired_one)
{
	make_certificate("old", &(struct certificate_wish){
		.domain = "example.org", .valid_from_s = -200, .valid_until_s = -100 });
	cr_assert_eq(load_made("old", "old"), 0);
	cr_assert_not_null(strstr(why, "expired on"), "%s", why);
}

Test(certificate, warns_of_one_that_begins_later)
{
	make_certificate("new", &(struct certificate_wish){
		.domain = "example.org", .valid_from_s = 3600, .valid_until_s = 7200 });
	cr_assert_eq(load_made("new", "new"), 0);
	cr_assert_not_null(strstr(why, "not valid before"), "%s", why);
}

Test(certificate, warns_of_one_for_another_domain)
{
	cr_assert_eq(load_made("other", "other"), 0);
	cr_assert_not_null(strstr(why, "does not name example.org"), "%s", why);
}

/* --- on links --------------------------------------------------------------------------- */

static struct ear ear;
static struct peer peer;

static void open_stage(void)
{
	stage_open();
	make_certificate("ca", &(struct certificate_wish){ .is_authority = true });
	ear = (struct ear){ 0 };
	stage_connect(&ear, &peer, LISTEN_DIRECT);
}

static void leave(void)
{
	forget();
	stage_close_with(&ear, &peer);
}

static void secure(const struct peer_wish *wish)
{
	peer_start_tls(&peer, wish);
	stage_settle();
}

TestSuite(host_certificate, .init = open_stage, .fini = leave, .timeout = 60);

Test(host_certificate, is_replaced_without_dropping_anyone)
{
	static struct ear later;
	static struct peer late;

	secure(&(struct peer_wish){ 0 });
	make_certificate("good", &(struct certificate_wish){
		.domain = "example.org", .pk = GNUTLS_PK_RSA });
	cr_assert_eq(load_made("good", "good"), 0);
	certificate_unref(stage.hosts[0].certificate);
	stage.hosts[0].certificate = certificate_ref(loaded);

	stage_connect(&later, &late, LISTEN_DIRECT);
	peer_start_tls(&late, &(struct peer_wish){ .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2" });
	peer_say_text(&peer, "still here");
	stage_settle();
	cr_assert(heard_is(&ear.heard, "still here"));
	cr_assert_eq(strncmp(link_describe(later.link), "TLSv1.2 TLS_ECDHE_RSA_", 22), 0);
	link_destroy(later.link);
	peer_end(&late);
}

static void ask_clients(void)
{
	cr_assert_eq(load(made_path("example.org", "crt"), made_path("example.org", "key"),
		made_path("ca", "crt")), 0, "%s", why);
	certificate_unref(stage.hosts[0].certificate);
	stage.hosts[0].certificate = certificate_ref(loaded);
}

static void make_romeo(const char *signer)
{
	make_certificate("romeo", &(struct certificate_wish){ .jid = "romeo@example.org",
		.other_jid = "romeo@montague.example", .signer = signer });
}

Test(host_certificate, gives_the_addresses_of_a_client_s_certificate)
{
	ask_clients();
	make_romeo("ca");
	secure(&(struct peer_wish){ .certificate = "romeo" });
	cr_assert_eq(ear.secured, 1);
	cr_assert_str_eq(link_certificate_jid(ear.link, 0), "romeo@example.org");
	cr_assert_str_eq(link_certificate_jid(ear.link, 1), "romeo@montague.example");
	cr_assert_null(link_certificate_jid(ear.link, 2));
}

Test(host_certificate, gives_them_in_1_2_too)
{
	ask_clients();
	make_romeo("ca");
	secure(&(struct peer_wish){ .certificate = "romeo",
		.priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2" });
	cr_assert_str_eq(link_certificate_jid(ear.link, 0), "romeo@example.org");
}

Test(host_certificate, gives_none_that_the_ca_does_not_vouch_for)
{
	ask_clients();
	make_romeo(NULL);
	secure(&(struct peer_wish){ .certificate = "romeo" });
	cr_assert_eq(ear.secured, 1);
	cr_assert_null(link_certificate_jid(ear.link, 0));
}

Test(host_certificate, requires_none_of_clients)
{
	ask_clients();
	secure(&(struct peer_wish){ 0 });
	cr_assert_eq(ear.secured, 1);
	cr_assert_null(link_certificate_jid(ear.link, 0));
}

Test(host_certificate, asks_for_none_without_a_client_ca)
{
	make_romeo("ca");
	secure(&(struct peer_wish){ .certificate = "romeo" });
	cr_assert_eq(ear.secured, 1);
	cr_assert_null(link_certificate_jid(ear.link, 0));
}
