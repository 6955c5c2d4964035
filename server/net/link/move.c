/* move.c - a link goes to another shard, with all that is under way in it */
/* SPDX-License-Identifier: MIT */

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "heap.h"
#include "link_internal.h"

/* --- out of the old shard's epoll set ------------------------------------------------------
 *
 * ev_io_stop leaves the descriptor in the epoll set of its loop: libev takes it out only when
 * an event comes that nobody wants.  That would cost the old shard a wake-up for each link
 * that moved, and a dup of the descriptor would not help, since the kernel's entry belongs to
 * the open socket and outlives the number.  libev has no call for its epoll descriptor, but
 * a loop's descriptor can be known by this: it is the one from which the socket can be
 * removed.  It is looked for once a thread.  The loop itself is none the wiser: its next
 * start for that number begins with EPOLL_CTL_ADD, which is then right. */

static _Thread_local int epoll_of_thread = -1;

static bool remove_from(int epoll, int fd)
{
	return epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) == 0;
}

static bool is_epoll(const char *fd_name)
{
	char path[64], target[64];
	ssize_t len;

	snprintf(path, sizeof path, "/proc/self/fd/%.16s", fd_name);
	len = readlink(path, target, sizeof target - 1);
	if (len < 0)
		return false;
	target[len] = '\0';
	return strcmp(target, "anon_inode:[eventpoll]") == 0;
}

static void search_epoll_sets(int fd)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!directory)
		return; /* libev's way it is, then */
	while ((entry = readdir(directory))) {
		int candidate = atoi(entry->d_name);

		if (!is_epoll(entry->d_name) || !remove_from(candidate, fd))
			continue;
		epoll_of_thread = candidate;
		break;
	}
	closedir(directory);
}

static void leave_epoll_set(struct link *link)
{
	int fd = link->watcher.fd;

	if (!remove_from(epoll_of_thread, fd))
		search_epoll_sets(fd);
}

/* --- the journey ------------------------------------------------------------------------ */

struct passage {
	struct post post;
	struct link *link;
};

static void arrive(struct shard *shard, struct post *post)
{
	struct link *link = ((struct passage *)post)->link;
	void (*moved)(void *owner, struct shard *to) = link->moved;

	free(post);
	link->shard = shard;
	link->moved = NULL;
	ev_io_set(&link->watcher, link->watcher.fd, EV_READ); /* a number new to this loop */
	link_release_limit(link);
	link_set_interest(link); /* for output that waits */
	if (link_unwritten(link) > 0 || link->owes_drained)
		link_flush_later(link);
	link_enter(link);
	moved(link->owner, shard);
	if (!link->is_destroyed && !link->is_closing)
		link_resume(link);
	link_leave(link);
}

void link_depart(struct link *link)
{
	struct passage *passage = heap_zalloc(sizeof *passage);
	struct shard *to = link->moving_to;

	link->moving_to = NULL;
	passage->post.run = arrive;
	passage->link = link;
	if (ev_is_active(&link->watcher))
		ev_io_stop(shard_loop(link->shard), &link->watcher);
	if (to != link->shard)
		leave_epoll_set(link);
	link_hold_limit(link);
	shard_forget_chore(link->shard, &link->flush);
	shard_forget_chore(link->shard, &link->slice);
	shard_post(to, &passage->post);
}

void link_move(struct link *link, struct shard *to, void (*moved)(void *owner, struct shard *to))
{
	assert(!link->moving_to && !link->moved && !link->is_closing && !link->is_destroyed);
	link->moving_to = to;
	link->moved = moved;
	link_pause(link);
	link_enter(link);
	link_leave(link);
}
