/* export.h - what goes into files besides the archive
 * SPDX-License-Identifier: MIT */
#ifndef MAM_EXPORT_H
#define MAM_EXPORT_H

#include "mam.h"

/* What is wanted in the archive, and which of its messages wait for a device.  The archive itself is
 * asked for page by page (commands.c). */
tern_exporter export_rest;

#endif
