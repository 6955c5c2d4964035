/* clashes.c - finds modules that cannot live in one host, before any of their code runs
 * SPDX-License-Identifier: MIT */

#include "clashes.h"

#include <string.h>

#include "arena.h"
#include "claims.h"
#include "loader.h"
#include "module.h"

static const char *refuse_iq(struct arena *arena, const struct tern_module *a,
	const struct tern_iq *iq, const struct tern_module *b)
{
	for (const struct tern_iq *other = b->iqs; other && other->ns; other++) {
		if ((a != b || other != iq) && other->type == iq->type && (other->at & iq->at) &&
		    strcmp(other->ns, iq->ns) == 0 && strcmp(other->name, iq->name) == 0)
			return arena_printf(arena,
				"modules `%s` and `%s` both claim the iq %s {%s}%s", a->name, b->name,
				tern_type_name(iq->type), iq->ns, iq->name);
	}
	return NULL;
}

static const char *refuse_answers(struct arena *arena, const struct tern_module *a,
	const struct tern_module *b)
{
#define X(name, preset) #name,
	static const char *const names[] = { TERN_QUESTIONS(X) };
#undef X

	for (const struct tern_answer_claim *one = a->answers; one && one->answer; one++) {
		for (const struct tern_answer_claim *two = b->answers; two && two->answer; two++) {
			if ((a != b || one != two) && one->question == two->question)
				return arena_printf(arena,
					"modules `%s` and `%s` both answer the question %s", a->name, b->name,
					names[one->question]);
		}
	}
	if (a != b && a->contacts && b->contacts)
		return arena_printf(arena, "modules `%s` and `%s` both keep contacts", a->name, b->name);
	return NULL;
}

static const char *refuse_nonzas(struct arena *arena, const struct tern_module *a,
	const struct tern_module *b)
{
	for (const struct tern_nonza *one = a->nonzas; one && one->run; one++) {
		for (const struct tern_nonza *two = b->nonzas; two && two->run; two++) {
			if ((a != b || one != two) && strcmp(one->ns, two->ns) == 0 &&
			    strcmp(one->name, two->name) == 0)
				return arena_printf(arena, "modules `%s` and `%s` both claim the element {%s}%s",
					a->name, b->name, one->ns, one->name);
		}
	}
	if (a != b && a->filter && b->filter)
		return arena_printf(arena, "modules `%s` and `%s` both filter what goes to sessions",
			a->name, b->name);
	if (a != b && a->taken && b->taken)
		return arena_printf(arena, "modules `%s` and `%s` both are told what was taken",
			a->name, b->name);
	if (a != b && a->pending && b->pending)
		return arena_printf(arena, "modules `%s` and `%s` both have a pending log",
			a->name, b->name);
	return NULL;
}

static const char *refuse_strangers(struct arena *arena, const struct tern_module *a,
	const struct tern_module *b)
{
	const struct tern_stranger_iq *one = a->stranger_iqs, *two;

	for (; one && one->run; one++) {
		for (two = b->stranger_iqs; two && two->run; two++) {
			if ((a != b || one != two) && one->type == two->type &&
			    strcmp(one->ns, two->ns) == 0 && strcmp(one->name, two->name) == 0)
				return arena_printf(arena, "modules `%s` and `%s` both claim the "
					"iq {%s}%s of strangers", a->name, b->name, one->ns,
					one->name);
		}
	}
	return NULL;
}

/* What is found by a text or two, whoever claims it. */
static const char *refuse_names(struct arena *arena, const struct tern_module *a,
	const struct tern_module *b)
{
	const char *const *name;

#define X(table, texts, format, ...) { \
		name = a == b ? claims_repeated(a->table, sizeof *a->table, texts) : \
			claims_common(a->table, b->table, sizeof *a->table, texts); \
		if (name) \
			return arena_printf(arena, "modules `%s` and `%s` both claim the " format, a->name, \
				b->name, __VA_ARGS__); \
	}
	X(commands, 1, "command `%s`", name[0])
	X(metrics, 1, "metric `%s`", name[0])
	X(identities, 2, "identity %s/%s", name[0], name[1])
	X(account_identities, 2, "identity %s/%s of accounts", name[0], name[1])
	X(stream_features, 2, "stream feature {%s}%s", name[0], name[1])
	X(stranger_features, 2, "stream feature {%s}%s before the login", name[0], name[1])
	X(importers, 2, "import of {%s}%s", name[0], name[1])
#undef X
	return NULL;
}

/* A module may quarrel with itself too. */
static const char *refuse_pair(struct arena *arena, const struct tern_module *a,
	const struct tern_module *b)
{
	const char *why;

	for (const struct tern_iq *iq = a->iqs; iq && iq->ns; iq++) {
		why = refuse_iq(arena, a, iq, b);
		if (why)
			return why;
	}
	why = refuse_answers(arena, a, b);
	if (!why)
		why = refuse_strangers(arena, a, b);
	if (!why)
		why = refuse_names(arena, a, b);
	return why ? why : refuse_nonzas(arena, a, b);
}

const char *clashes_refuse(struct arena *arena, const struct wanted_module *wanted, size_t count,
	size_t *ret_at)
{
	for (size_t j = 0; j < count; j++) {
		*ret_at = j;
		for (size_t i = 0; i <= j; i++) {
			const char *why;

			if (i < j && wanted[i].module == wanted[j].module)
				return arena_printf(arena, "module `%s` is listed twice",
					wanted[i].module->name);
			why = refuse_pair(arena, wanted[i].module, wanted[j].module);
			if (why)
				return why;
		}
	}
	return NULL;
}
