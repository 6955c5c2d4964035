/* module_command.h - commands that modules claim
 * SPDX-License-Identifier: MIT */
#ifndef MODULE_COMMAND_H
#define MODULE_COMMAND_H

#include "module.h"

struct call;
struct errand;
struct request;

/* `module` NULL: of the engine.  Runs it where its first argument says, and answers the request.
 * Main thread. */
void module_command_run(struct request *request, const struct tern_module *module,
	const struct tern_command_claim *claim);

/* A call that is complete but for its end, and its answer.  Main thread. */
void module_command_call(struct request *request, const struct call *call);

/* What a command has answered.  Main thread. */
void module_command_tell_rows(struct request *request, const struct errand *errand);

#endif
