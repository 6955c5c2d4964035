/* commands.h - ternctl archive
 * SPDX-License-Identifier: MIT */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "mam.h"

extern const struct tern_command_claim archive_commands[];

#endif
