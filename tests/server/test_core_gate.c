/* test_core_gate.c - a disk that stands still leaves nobody waiting in silence
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "acks_internal.h"
#include "core_stage.h"
#include "session_internal.h"

#define ENABLE "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"

static struct client *romeo, *nurse;
static char id[ACKS_ID_BYTES];

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &stage_keeper, &stage_delivery, NULL };

	stage_open(modules);
	romeo = client_open(ROMEO, "garden");
	nurse = client_open(NURSE, "house");
	client_says(romeo, ENABLE);
	client_heard(romeo);
	strcpy(id, client_session(romeo)->acks->id);
}

TestSuite(core_gate, .init = set_up, .fini = stage_close);

static void tell_romeo(void)
{
	client_says(nurse, "<message to='" ROMEO "' type='chat'><body>word</body></message>");
}

Test(core_gate, who_waits_for_a_disk_that_stands_still_is_let_go)
{
	tell_romeo();
	stage_pass(59000);
	cr_assert(client_is_there(romeo));
	stage_pass(2000);
	cr_assert_eq(client_error(romeo), STREAM_ERROR_INTERNAL_SERVER_ERROR);
	cr_assert(client_is_there(nurse), "she waits for nothing");
}

Test(core_gate, their_sessions_stay_and_nothing_is_lost)
{
	tell_romeo();
	stage_pass(61000);
	cr_assert(client_session(romeo));
	romeo = client_resumes(ROMEO, id, 0);
	stage_settle();
	cr_assert_eq(count_of(client_heard(romeo), "<body>word</body>"), 1);
}

Test(core_gate, who_cannot_come_back_is_let_go_too)
{
	struct client *other = client_open(ROMEO, "balcony");

	tell_romeo();
	stage_pass(61000);
	cr_assert_eq(client_error(other), STREAM_ERROR_INTERNAL_SERVER_ERROR);
	cr_assert_null(client_session(other));
}

Test(core_gate, a_disk_that_is_slow_but_moves_loses_nobody)
{
	for (unsigned i = 0; i < 4; i++) {
		tell_romeo();
		stage_pass(25000);
		stage_settle();
		client_says(romeo, "<a xmlns='urn:xmpp:sm:3' h='%u'/>", i + 1);
	}
	stage_pass(20000);
	cr_assert(client_is_there(romeo));
}
