/* retention.h - how long an archive keeps what it has, by age, number and bytes
 * SPDX-License-Identifier: MIT */
#ifndef RETENTION_H
#define RETENTION_H

#include <stdint.h>

#include "module.h"

/* 0: no end.  Of an account each may be RETENTION_OF_HOST. */
struct retention { uint64_t days, messages, bytes; };
#define RETENTION_OF_HOST UINT64_MAX

struct archive;
struct mam;

/* What holds for the archive. */
struct retention retention_of(const struct archive *archive, const struct mam *mam);

/* --- retention.c: the old end is cut off ------------------------------------------------------ */

/* An account opens; or other limits hold from now on. */
void begin_retention(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);

void retain_after_append(struct tern_entity *entity, const struct mam *mam, size_t len);

/* The account may have been closed for long. */
void retain_all(struct tern_entity *entity, const void *settings);
bool retention_has_end(const void *settings); /* on the host; accounts may have their own */

/* Something else was deleted: what was counted is not true any more. */
void retention_count_anew(struct archive *archive);

/* --- retention_own.c: what an administrator wants for one account ------------------------------- */
int read_retention(struct tern_entity *entity, const void *key, size_t key_len, const void *value,
	size_t value_len);
void change_retention(struct tern_command *command, struct tern_entity *entity,
	const void *settings);
struct element *retention_xml(struct arena *arena, const struct retention *own);
int import_retention(struct tern_entity *entity, const struct element *xml, const void *settings);

#endif
