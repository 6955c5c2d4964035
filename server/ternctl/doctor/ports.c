/* doctor/ports.c - whether the server's ports answer, or who has them instead
 * SPDX-License-Identifier: MIT */

#include "doctor/internal.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 3000

int doctor_connect(const struct sockaddr *address, socklen_t len)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t size = sizeof error;

	if (fd < 0)
		return -errno;
	if (connect(fd, address, len) < 0 && errno != EINPROGRESS)
		error = errno;
	else if (poll(&ready, 1, PATIENCE_MS) != 1)
		error = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error == 0)
		return fd;
	close(fd);
	return -error;
}

/* `*` is asked at the loopback. */
static socklen_t make_address(const char *text, long port, struct sockaddr_storage *ret_address)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret_address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret_address;

	memset(ret_address, 0, sizeof *ret_address);
	if (strcmp(text, "*") == 0 || strcmp(text, "0.0.0.0") == 0)
		text = "127.0.0.1";
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return sizeof *four;
	}
	inet_pton(AF_INET6, text, &six->sin6_addr);
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)port);
	return sizeof *six;
}

/* --- who has it ---------------------------------------------------------------------------- */

/* The socket that listens there, as /proc/net/tcp numbers it; 0: none. */
static unsigned long find_inode(const char *path, long port)
{
	unsigned long inode = 0;
	char line[512];
	FILE *file = fopen(path, "re");

	while (file && !inode && fgets(line, sizeof line, file)) {
		unsigned local, state;
		unsigned long found;

		if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %lu",
				&local, &state, &found) == 3 && local == (unsigned)port && state == 0x0a)
			inode = found;
	}
	if (file)
		fclose(file);
	return inode;
}

static bool has_socket(const char *pid, unsigned long inode)
{
	char path[320], wanted[64], target[64];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);

		target[len > 0 ? len : 0] = '\0';
		found = strcmp(target, wanted) == 0;
	}
	if (dir)
		closedir(dir);
	return found;
}

static const char *name_of(struct doctor *doctor, const char *pid)
{
	char path[320], name[64] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	file = fopen(path, "re");
	if (file && fgets(name, sizeof name, file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
	return arena_printf(doctor->arena, "%s (process %s)", name, pid);
}

static const char *find_holder(struct doctor *doctor, long port)
{
	unsigned long inode = find_inode("/proc/net/tcp", port);
	const char *holder = "another program";
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (!inode)
		inode = find_inode("/proc/net/tcp6", port);
	dir = inode ? opendir("/proc") : NULL;
	while (dir && !found && (entry = readdir(dir))) {
		found = strspn(entry->d_name, "0123456789") == strlen(entry->d_name) &&
			has_socket(entry->d_name, inode);
		if (found)
			holder = name_of(doctor, entry->d_name);
	}
	if (dir)
		closedir(dir);
	return holder;
}

/* --- looking ---------------------------------------------------------------------------------- */

/* `listen` is a section of the configuration here. */
static int listen_now(int fd)
{
	return (listen)(fd, 1);
}

static void look_at_answer(struct doctor *doctor, const char *subject, const char *text,
	const struct listen_config *listen)
{
	struct sockaddr_storage address;
	socklen_t len = make_address(text, listen->port, &address);
	int fd = doctor_connect((const struct sockaddr *)&address, len);

	if (fd < 0) {
		FAULT(doctor, subject, "If the configuration was changed, restart the server: systemctl "
			"restart ternd. Else look for a firewall on this machine.",
			"nobody answers at %s, though the server runs: %s", text, strerror(-fd));
		return;
	}
	close(fd);
	GOOD(doctor, subject, "it answers at %s", text);
}

static void look_at_bind(struct doctor *doctor, const char *subject, const char *text,
	const struct listen_config *listen)
{
	struct sockaddr_storage address;
	socklen_t len;
	int fd, one = 1, error;

	len = make_address(strcmp(text, "*") == 0 ? "127.0.0.1" : text, listen->port, &address);
	if (strcmp(text, "*") == 0)
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_ANY);
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	error = bind(fd, (const struct sockaddr *)&address, len) < 0 || listen_now(fd) < 0 ? errno : 0;
	close(fd);
	if (error == EADDRINUSE)
		FAULT(doctor, subject, "End that program, or give the server another port.",
			"%s has it already", find_holder(doctor, listen->port));
	else if (error == EADDRNOTAVAIL)
		FAULT(doctor, subject, "Name one of its own (ip address), or leave `address` out.",
			"%s is no address of this machine", text);
	else if (error == EACCES && geteuid() == 0)
		FAULT(doctor, subject, "Take a port above 1023.", "it may not be opened: %s",
			strerror(error));
	else
		GOOD(doctor, subject, "it is free");
}

void doctor_look_at_ports(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->config->listen_count; i++) {
		const struct listen_config *listen = &doctor->config->listens[i];
		const char *subject = arena_printf(doctor->arena, "port %ld (listen \"%s\")",
			listen->port, listen->name);

		for (size_t k = 0; listen->port && listen->addresses[k]; k++) {
			if (doctor->server)
				look_at_answer(doctor, subject, listen->addresses[k], listen);
			else
				look_at_bind(doctor, subject, listen->addresses[k], listen);
		}
	}
}
