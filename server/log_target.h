/* log_target.h - where the configuration wants the log
 * SPDX-License-Identifier: MIT
 *
 * "stderr", "syslog" or "journald" (with ":/path" where the socket is elsewhere), or a file. */
#ifndef LOG_TARGET_H
#define LOG_TARGET_H

struct config;

/* Opens it, before other threads run.  0, or -errno after a line on stderr. */
int log_target_open(const struct config *config);

/* Another file under the same descriptor: what rotates logs has moved the old one away. */
void log_target_reopen(void);

#endif
