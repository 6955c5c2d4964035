/* copy.h - parts of a configuration, whole, in another one's arena
 * SPDX-License-Identifier: MIT
 *
 * After a reload the fresh configuration is the one in force.  What it cannot change is copied into
 * it from the old one, which then ends: nothing of the new points into the old. */
#ifndef CONFIG_COPY_H
#define CONFIG_COPY_H

struct arena;
struct config;
struct host_config;
struct option_setting;

/* Of NULL: NULL. */
const struct option_setting *settings_copy(struct arena *arena,
	const struct option_setting *settings);

void host_config_copy(struct arena *arena, struct host_config *to, const struct host_config *from);

/* The modules alone. */
void host_config_copy_modules(struct arena *arena, struct host_config *to,
	const struct host_config *from);

/* The listeners, into the arena of `to`. */
void config_copy_listens(struct config *to, const struct config *from);

#endif
