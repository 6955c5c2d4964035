/* log_socket.c - what syslog (RFC 3164, as local daemons speak it) and journald want to hear
 * SPDX-License-Identifier: MIT */

#include "log_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define IDENTIFIER "ternd"
#define FACILITY_DAEMON 3
#define DATAGRAM_MAX 16384

static struct sockaddr_un address;
static enum log_protocol protocol;
static int fd = -1;

/* Severities of RFC 5424. */
static const int severities[] = {
	[LOG_LEVEL_ERROR] = 3, [LOG_LEVEL_WARNING] = 4, [LOG_LEVEL_INFO] = 6, [LOG_LEVEL_DEBUG] = 7,
};

/* Not connected, so that a receiver that is restarted is found again. */
int log_socket_open(enum log_protocol of, const char *path)
{
	int probe;

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	address.sun_family = AF_UNIX;
	strcpy(address.sun_path, path);
	protocol = of;
	probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return -errno;
	if (connect(probe, (const struct sockaddr *)&address, sizeof address) < 0) {
		int result = -errno;

		close(probe);
		return result == -ENOENT ? -ECONNREFUSED : result;
	}
	close(probe);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd < 0 ? -errno : 0;
}

static int make_syslog(char *out, enum log_level level, const char *subject, const char *text)
{
	time_t now = time(NULL);
	struct tm local;
	char stamp[32];

	/* RFC 3164 4.1.2: "Nov 30 16:20:01", in any locale. */
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	localtime_r(&now, &local);
	snprintf(stamp, sizeof stamp, "%.3s %2d %02d:%02d:%02d", months + 3 * local.tm_mon,
		local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
	return snprintf(out, DATAGRAM_MAX, "<%d>%s " IDENTIFIER "[%d]: %s: %s",
		FACILITY_DAEMON << 3 | severities[level], stamp, (int)getpid(), subject, text);
}

static int make_journal(char *out, enum log_level level, const char *const *parts,
	const char *subject)
{
	return snprintf(out, DATAGRAM_MAX, "PRIORITY=%d\nSYSLOG_IDENTIFIER=" IDENTIFIER
		"\nTERN_KIND=%s\n%s%s%sMESSAGE=%s: %s\n", severities[level], parts[0],
		parts[1] ? "TERN_NAME=" : "", parts[1] ? parts[1] : "", parts[1] ? "\n" : "", subject,
		parts[2]);
}

void log_socket_send(enum log_level level, const char *kind, const char *name, const char *text)
{
	const char *parts[] = { kind, name, text };
	char datagram[DATAGRAM_MAX], subject[1024];
	int len;

	snprintf(subject, sizeof subject, "%s%s%s", kind, name ? " " : "", name ? name : "");
	len = protocol == LOG_TO_SYSLOG ? make_syslog(datagram, level, subject, text)
		: make_journal(datagram, level, parts, subject);
	if (len >= DATAGRAM_MAX)
		len = DATAGRAM_MAX - 1;
	while (sendto(fd, datagram, (size_t)len, MSG_NOSIGNAL, (const struct sockaddr *)&address,
			sizeof address) < 0 && errno == EINTR)
		;
}
