/* Points in time as clients write them.
 * SPDX-License-Identifier: MIT */

#include "datetime.h"

#include <criterion/criterion.h>

static const struct { const char *text; uint64_t us; } times[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01T00:00:01Z", 1000000 },
	{ "2010-06-07T00:00:00Z", UINT64_C(1275868800000000) },
	{ "2026-11-21T12:00:00.123456Z", UINT64_C(1795262400123456) },
	{ "2026-11-21T12:00:00.5Z", UINT64_C(1795262400500000) },
	{ "2026-11-21T12:00:00.1234567891Z", UINT64_C(1795262400123456) },
	{ "2026-11-21T14:00:00+02:00", UINT64_C(1795262400000000) },
	{ "2026-11-21T06:30:00-05:30", UINT64_C(1795262400000000) },
	{ "2024-02-29T23:59:60Z", UINT64_C(1709251200000000) },
	{ "2000-02-29T00:00:00Z", UINT64_C(951782400000000) },
	{ "1969-12-31T23:59:59Z", 0 },
	{ "0001-01-01T00:00:00Z", 0 },
	{ "9999-12-31T23:59:59Z", UINT64_C(253402300799000000) },
};

static const char *const wrong[] = {
	"", "x", "2026-11-21", "2026-11-21T12:00:00", "2026-11-21T12:00:00z", "20261121T12:00:00Z",
	"2026-11-21 12:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
	"2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-11-31T00:00:00Z",
	"2026-11-21T24:00:00Z", "2026-11-21T12:60:00Z", "2026-11-21T12:00:61Z",
	"2026-11-21T12:00:00.Z", "2026-11-21T12:00:00+2:00", "2026-11-21T12:00:00+24:00",
	"2026-11-21T12:00:00Zx", " 2026-11-21T12:00:00Z", "-026-11-21T12:00:00Z",
	"2026-11-21T12:00:00,5Z", "0000-01-01T00:00:00Z",
};

Test(mam_datetime, reads_what_xep_0082_writes)
{
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		uint64_t us = 1;

		cr_expect(datetime_read(times[i].text, &us), "%s", times[i].text);
		cr_expect_eq(us, times[i].us, "%s: %llu", times[i].text, (unsigned long long)us);
	}
}

Test(mam_datetime, refuses_everything_else)
{
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		uint64_t us;

		cr_expect_not(datetime_read(wrong[i], &us), "%s", wrong[i]);
	}
}
