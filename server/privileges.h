/* privileges.h - gives up the rights of root
 * SPDX-License-Identifier: MIT */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

struct config;

/* Makes the folders of data and of the control socket, and when the process runs as root
 * and the configuration names a user: gives that user the folders and becomes it, for good.
 * 0, or -errno after one line in the log. */
int privileges_drop(const struct config *config);

#endif
