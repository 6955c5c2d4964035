/* fuzz_records.c - any bytes as an answer of DNS
 * SPDX-License-Identifier: MIT
 *
 * Promised: no crash, no wild memory; what is taken for a name ends, what is taken for an address is
 * one. */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned char *bytes = malloc(len ? len : 1);
	struct records *records = calloc(1, sizeof *records);

	memcpy(bytes, data, len);
	records_read(records, bytes, len);
	records_read(records, bytes, len);
	assert(records->count >= 0 && records->count <= RECORDS_MAX);
	for (int i = 0; i < records->count; i++) {
		int family = records->addresses[i].ss_family;

		assert(family == AF_INET || family == AF_INET6 || family == AF_UNSPEC);
		assert(memchr(records->srv[i].name, '\0', sizeof records->srv[i].name));
	}
	free(records);
	free(bytes);
	return 0;
}
