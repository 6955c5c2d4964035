/* test_core_idmap.c - things by their id, through growth and removal
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "idmap.h"

#define MANY 5000

static int things[MANY + 1];

static void put_many(struct idmap *map)
{
	for (uint64_t id = 1; id <= MANY; id++)
		idmap_put(map, id, &things[id]);
}

Test(core_idmap, finds_nothing_when_it_is_empty)
{
	struct idmap map = { 0 };

	cr_assert_null(idmap_get(&map, 1));
	cr_assert_null(idmap_remove(&map, 1));
	cr_assert_null(idmap_any(&map));
	idmap_finish(&map);
}

Test(core_idmap, finds_each_of_many)
{
	struct idmap map = { 0 };

	put_many(&map);
	for (uint64_t id = 1; id <= MANY; id++)
		cr_assert_eq(idmap_get(&map, id), &things[id]);
	cr_assert_null(idmap_get(&map, MANY + 1));
	idmap_finish(&map);
}

Test(core_idmap, finds_what_is_left_after_removals)
{
	struct idmap map = { 0 };

	put_many(&map);
	for (uint64_t id = 1; id <= MANY; id += 2)
		cr_assert_eq(idmap_remove(&map, id), &things[id]);
	for (uint64_t id = 1; id <= MANY; id++)
		cr_assert_eq(idmap_get(&map, id), id % 2 ? NULL : &things[id]);
	cr_assert_eq(map.count, MANY / 2);
	idmap_finish(&map);
}

Test(core_idmap, is_emptied_one_by_one)
{
	struct idmap map = { 0 };
	size_t count = 0;
	int *thing;

	put_many(&map);
	while ((thing = idmap_any(&map))) {
		cr_assert_eq(idmap_remove(&map, (uint64_t)(thing - things)), thing);
		count++;
	}
	cr_assert_eq(count, MANY);
	idmap_finish(&map);
}

Test(core_idmap, gives_any_after_it_was_emptied_and_filled_again)
{
	struct idmap map = { 0 };

	put_many(&map);
	while (idmap_any(&map))
		idmap_remove(&map, (uint64_t)((int *)idmap_any(&map) - things));
	idmap_put(&map, 7, &things[7]);
	cr_assert_eq(idmap_any(&map), &things[7]);
	idmap_finish(&map);
}
