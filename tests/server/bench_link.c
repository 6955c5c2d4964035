/* bench_link.c - what an idle TLS link and a record of 300 bytes cost, for people to read
 * SPDX-License-Identifier: MIT
 *
 * The clients are a process of their own; figures are this one's heap and CPU time. */

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "link_stage.h"
#include "loop_shard.h"

#define LINKS 1000
#define RECORDS 100000
#define RECORD_BYTES 300

static int pairs[LINKS][2];
static struct ear ears[LINKS];
static size_t heard_bytes;
static int secured;

static size_t hear(void *owner, const char *bytes, size_t len)
{
	heard_bytes += len;
	if (ear_echoes)
		link_write(((struct ear *)owner)->link, bytes, len);
	return len;
}

static void note_secured(void *owner) { secured++; }
static void note_end(void *owner, enum link_end how) { }

static const struct link_owner calls = {
	.bytes = hear, .secured = note_secured, .ended = note_end,
};

static gnutls_session_t open_client(int fd, gnutls_certificate_credentials_t credentials)
{
	gnutls_session_t session;
	int result;

	gnutls_init(&session, GNUTLS_CLIENT);
	gnutls_set_default_priority(session);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(session, fd);
	do
		result = gnutls_handshake(session);
	while (result < 0 && !gnutls_error_is_fatal(result));
	return session;
}

/* `batch` records leave in one send, and all of them are answered before the next. */
static char batched[64 * 1024];
static size_t batched_len;

static ssize_t collect(gnutls_transport_ptr_t context, const void *bytes, size_t len)
{
	memcpy(batched + batched_len, bytes, len);
	batched_len += len;
	return (ssize_t)len;
}

static void send_records(gnutls_session_t session, int fd, int batch)
{
	char record[RECORD_BYTES] = { 0 }, answer[16384];

	gnutls_transport_set_push_function(session, collect);
	for (int i = 0; i < RECORDS; i += batch) {
		size_t wanted = sizeof record * (size_t)batch;

		for (int k = 0; k < batch; k++)
			gnutls_record_send(session, record, sizeof record);
		(void)!write(fd, batched, batched_len);
		batched_len = 0;
		while (wanted > 0) {
			ssize_t some = gnutls_record_recv(session, answer, sizeof answer);

			wanted -= some > 0 ? (size_t)some : 0;
		}
	}
}

static void be_clients(int control)
{
	static gnutls_session_t sessions[LINKS];
	gnutls_certificate_credentials_t credentials;
	char order;

	gnutls_certificate_allocate_credentials(&credentials);
	for (int i = 0; i < LINKS; i++)
		sessions[i] = open_client(pairs[i][1], credentials);
	while (read(control, &order, 1) == 1)
		send_records(sessions[0], pairs[0][1], order);
	_exit(0);
}

static double cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static size_t heap_bytes(void)
{
	return mallinfo2().uordblks;
}

/* Waits where a shard would wait in its loop. */
static void wait_and_step(int fd)
{
	struct pollfd socket = { .fd = fd, .events = POLLIN };

	poll(&socket, 1, -1);
	loop_shard_step(stage.shards[0]);
}

static void measure_records(int control, char batch)
{
	double before = cpu_us();

	heard_bytes = 0;
	ear_echoes = true;
	(void)!write(control, &batch, 1);
	while (heard_bytes < (size_t)RECORDS * RECORD_BYTES)
		wait_and_step(pairs[0][0]);
	printf("%d in flight: %.2f us of CPU a record received and sent back\n", batch,
		(cpu_us() - before) / RECORDS);
}

int main(void)
{
	int control[2];
	size_t before;
	double cpu;
	pid_t child;

	stage_open();
	for (int i = 0; i < LINKS; i++)
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]) < 0)
			return 1;
	if (pipe(control) < 0)
		return 1;
	child = fork();
	if (child == 0) {
		close(control[1]);
		be_clients(control[0]);
	}
	close(control[0]);
	before = heap_bytes();
	for (int i = 0; i < LINKS; i++) {
		fcntl(pairs[i][0], F_SETFL, O_NONBLOCK);
		ears[i].link = link_create(stage.shards[0], pairs[i][0],
			listeners_at(stage.listeners, 1), &calls, &ears[i]);
	}
	cpu = cpu_us();
	while (secured < LINKS)
		wait_and_step(pairs[secured][0]);
	printf("a handshake: %.0f us of CPU\n", (cpu_us() - cpu) / LINKS);
	for (int i = 0; i < 100; i++)
		loop_shard_step(stage.shards[0]);
	printf("an idle TLS link: %zu bytes\n", (heap_bytes() - before) / LINKS);
	measure_records(control[1], 1);
	measure_records(control[1], 50);
	close(control[1]);
	waitpid(child, NULL, 0);
	for (int i = 0; i < LINKS; i++)
		link_destroy(ears[i].link);
	stage_close();
	return 0;
}
