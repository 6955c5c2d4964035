/* juliet.h - the scene of most tests of one module: an account, and a session of it
 * SPDX-License-Identifier: MIT */
#ifndef JULIET_H
#define JULIET_H

#include "expect.h"

extern const struct tern_module tern_module;

static struct fake *fake;
static struct tern_entity *juliet;
static struct tern_session *balcony;

static void open_with(const struct fake_option *options)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, NULL }, options);
	juliet = fake_account(fake, "juliet@example.org");
	balcony = fake_session(juliet, "balcony");
}

static void close(void)
{
	fake_destroy(fake);
}

#endif
