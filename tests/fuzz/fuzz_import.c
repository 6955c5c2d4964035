/* fuzz_import.c - any bytes as a file of XEP-0227
 * SPDX-License-Identifier: MIT
 *
 * Promised: no crash, no leak; the server is asked whole questions.  The first
 * byte says which of them it refuses. */

#include <assert.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ask.h"
#include "import.h"
#include "say.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static jmp_buf failed;
static unsigned refusals, questions;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return freopen("/dev/null", "w", stdout) ? 0 : -1;
}

void fail(const char *format, ...)
{
	longjmp(failed, 1);
}

char *ask(const char *socket, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert(words[i]);
	assert(count == 5 && strcmp(words[0], "user") == 0);
	switch (refusals >> questions++ % 8 & 3) {
	case 1:
		return strdup("{\"error\":\"no\"}");
	case 3:
		return strdup("{\"columns\":[],\"rows\":[[\"0\",\"no\"],[\"7\",\"no\"]]}");
	default:
		return strdup("{\"columns\":[],\"rows\":[]}");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char path[64];
	int file;

	if (len < 1)
		return 0;
	file = memfd_create("import", MFD_CLOEXEC);
	if (file < 0 || write(file, data + 1, len - 1) != (ssize_t)len - 1)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	refusals = data[0];
	questions = 0;
	if (setjmp(failed) == 0)
		import_users("", path);
	close(file);
	return 0;
}
