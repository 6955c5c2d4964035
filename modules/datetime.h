/* datetime.h - points in time as XEP-0082 1.1 writes them
 * SPDX-License-Identifier: MIT */
#ifndef DATETIME_H
#define DATETIME_H

#include <stdbool.h>
#include <stdint.h>

/* "2026-11-21T12:00:00Z", with a fraction of any length and any offset, to microseconds since
 * 1970 in UTC; what lies before is 0.  False when it is not one. */
bool datetime_read(const char *text, uint64_t *ret_us);

#endif
