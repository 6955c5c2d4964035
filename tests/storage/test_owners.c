/* test_owners.c - names, and the ids behind them
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "both.h"

BOTH(owners, finds_an_owner_by_its_name)
{
	owner_id found = 0;
	owner_id owner = bed_owner(bed, "romeo@montague.example");
	cr_assert_eq(storage_owner_find(bed->storage, "romeo@montague.example", &found), 0);
	cr_assert_eq(found, owner);
	cr_assert_eq(storage_owner_find(bed->storage, "rome@montague.example", &found), -ENOENT);
	cr_assert_eq(storage_owner_find(bed->storage, "montague.example", &found), -ENOENT);
}

BOTH(owners, never_gives_out_an_id_twice)
{
	owner_id first = bed_owner(bed, "a@example.org");
	cr_assert_gt(first, OWNER_SERVER);
	struct storage_batch *batch = storage_batch_create(bed->storage);
	batch_owner_delete(batch, "a@example.org", first);
	bed_commit(bed, batch);
	bed_reopen(bed);
	cr_assert_gt(bed_owner(bed, "a@example.org"), first);
}

BOTH(owners, takes_name_and_belongings_from_a_deleted_owner)
{
	owner_id found;
	owner_id owner = bed_owner(bed, "a@example.org");
	owner_id other = bed_owner(bed, "b@example.org");
	bed_put(bed, owner, ROSTER, "x", "1");
	bed_append(bed, owner, ARCHIVE, 1, "x@y", "hi");
	bed_put(bed, other, ROSTER, "x", "1");
	bed_append(bed, other, ARCHIVE, 1, "x@y", "hi");
	struct storage_batch *batch = storage_batch_create(bed->storage);
	batch_owner_delete(batch, "a@example.org", owner);
	bed_commit(bed, batch);
	cr_assert_eq(storage_owner_find(bed->storage, "a@example.org", &found), -ENOENT);
	IS(bed_list(bed, owner, ROSTER), "");
	IS(bed_page(bed, owner, ARCHIVE, (struct log_page){ 0 }), ".");
	while (storage_clean(bed->storage))
		;
	IS(bed_list(bed, owner, ROSTER), "");
	IS(bed_list(bed, other, ROSTER), "x=1 ");
	IS(bed_page(bed, other, ARCHIVE, (struct log_page){ .with = "x@y" }), "1 .");
}

static void people(struct bed *bed)
{
	static const char *const names[] = { "example.org", "b@example.org", "c@example.org",
		"a@example.org", "a@example.com", "a@example.org.uk", "org", "a@xexample.org" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		bed_owner(bed, names[i]);
}

BOTH(owners, lists_those_of_a_domain)
{
	people(bed);
	IS(bed_owners(bed, "example.org", 0, NULL),
		"example.org a@example.org b@example.org c@example.org ");
	IS(bed_owners(bed, "example.org", 0, ""),
		"example.org a@example.org b@example.org c@example.org ");
	IS(bed_owners(bed, "example.com", 0, NULL), "a@example.com ");
	IS(bed_owners(bed, "example.net", 0, NULL), "");
}

BOTH(owners, goes_on_behind_a_name_even_when_it_is_gone)
{
	people(bed);
	IS(bed_owners(bed, "example.org", 0, "a@example.org"), "b@example.org c@example.org ");
	IS(bed_owners(bed, "example.org", 0, "bb@example.org"), "c@example.org ");
	IS(bed_owners(bed, "example.org", 0, "c@example.org"), "");
}

BOTH(owners, lists_those_that_have_something)
{
	people(bed);
	owner_id a, b;
	storage_owner_find(bed->storage, "a@example.org", &a);
	storage_owner_find(bed->storage, "b@example.org", &b);
	bed_put(bed, a, ROSTER, "x", "1");
	bed_append(bed, b, ROSTER, 1, NULL, "hi");
	bed_put(bed, b, VCARD, "x", "1");
	IS(bed_owners(bed, "example.org", ROSTER, NULL), "a@example.org b@example.org ");
	IS(bed_owners(bed, "example.org", VCARD, NULL), "b@example.org ");
}

/* local bytes of 'a' and the last one, "@", domain bytes of 'd'. */
static char *long_name(size_t local, char last, size_t domain)
{
	char *name = malloc(local + domain + 2);
	memset(name, 'a', local);
	name[local - 1] = last;
	name[local] = '@';
	memset(name + local + 1, 'd', domain);
	name[local + 1 + domain] = '\0';
	return name;
}

static void check_long_names(struct bed *bed, size_t local, size_t domain)
{
	char *one = long_name(local, 'x', domain), *two = long_name(local, 'y', domain);
	char expected[2 * STORAGE_NAME_MAX + 4];
	owner_id found;
	owner_id first = bed_owner(bed, one);
	cr_assert_eq(storage_owner_find(bed->storage, two, &found), -ENOENT);
	owner_id second = bed_owner(bed, two);
	storage_owner_find(bed->storage, one, &found);
	cr_assert_eq(found, first);
	storage_owner_find(bed->storage, two, &found);
	cr_assert_eq(found, second);
	/* Among names cut at the same place the order is anyone's, but a walk meets each. */
	char *both = bed_owners(bed, strchr(one, '@') + 1, 0, NULL);
	snprintf(expected, sizeof(expected), "%s %s ", one, two);
	if (strcmp(both, expected) != 0)
		snprintf(expected, sizeof(expected), "%s %s ", two, one);
	cr_assert_str_eq(both, expected);
	*strchr(both, ' ') = '\0';
	char *rest = bed_owners(bed, strchr(one, '@') + 1, 0, both);
	cr_assert_str_eq(rest, expected + strlen(both) + 1);
	free(rest);
	free(both);
	free(one);
	free(two);
}

BOTH(owners, tells_long_names_apart)
{
	check_long_names(bed, 1023, 1023);
	check_long_names(bed, 1023, 10);
	check_long_names(bed, 479, 5);
	check_long_names(bed, 468, 11);
	check_long_names(bed, 468, 12);
	check_long_names(bed, 1, 1022);
}

BOTH(owners, refuses_a_name_that_is_too_long)
{
	char *name = long_name(1024, 'a', 1023);
	owner_id owner;
	struct storage_batch *batch = storage_batch_create(bed->storage);
	cr_assert_eq(batch_owner_create(batch, name, &owner), -ENAMETOOLONG);
	cr_assert_eq(storage_owner_find(bed->storage, name, &owner), -ENOENT);
	storage_batch_destroy(batch);
	free(name);
}

BOTH(owners, counts_them)
{
	struct storage_stats stats;
	people(bed);
	storage_stats(bed->storage, &stats);
	cr_assert_eq(stats.owners, 8);
	cr_assert_geq(stats.writes, 8);
}
