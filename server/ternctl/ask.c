/* ask.c - the exchange with a running server over its control socket
 * SPDX-License-Identifier: MIT */

#include "ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "say.h"

char *slurp(FILE *file, const char *name)
{
	char *text = NULL;
	size_t len = 0, capacity = 0, got;

	do {
		if (capacity - len < 4096) {
			capacity = 2 * capacity + 8192;
			text = realloc(text, capacity);
			if (!text)
				fail("out of memory");
		}
		got = fread(text + len, 1, capacity - len - 1, file);
		len += got;
	} while (got);
	if (ferror(file))
		fail("%s: %s", name, strerror(errno));
	text[len] = '\0';
	return text;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("%s", strerror(errno));
	if (strlen(path) >= sizeof address.sun_path)
		fail("%s: too long for a socket's path", path);
	strcpy(address.sun_path, path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			fail("ternd is not running: nobody listens at %s", path);
		fail("ternd cannot be asked at %s: %s", path, strerror(errno));
	}
	return fd;
}

static void send_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			fail("ternd broke off: %s", strerror(errno));
		bytes += sent;
		len -= sent;
	}
}

char *ask(const char *socket, const char *const *words, size_t count)
{
	int fd = connect_to(socket);
	FILE *file;
	char *answer;

	for (size_t i = 0; i < count; i++)
		send_all(fd, words[i], strlen(words[i]) + 1);
	send_all(fd, "", 1);
	file = fdopen(fd, "r");
	if (!file)
		fail("%s", strerror(errno));
	answer = slurp(file, socket);
	fclose(file);
	if (!*answer)
		fail("ternd ended without an answer");
	return answer;
}
