/* import.h - archives from files
 * SPDX-License-Identifier: MIT */
#ifndef MAM_IMPORT_H
#define MAM_IMPORT_H

#include "mam.h"

/* As struct tern_importer has it: an <archive/>, or a piece of one, oldest first; all of it or nothing.
 * Messages get ids that rise with their times. */
int import_archive(struct tern_entity *entity, const struct element *archive,
	const void *settings);

#endif
