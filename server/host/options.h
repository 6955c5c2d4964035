/* options.h - the options of modules: as written, as claimed, as values
 * SPDX-License-Identifier: MIT */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct options;
struct tern_module;
struct tern_option;

/* One option as somebody wrote it: `limit = 100` has one value, `{"a", "b"}` two.  A table
 * of them ends with a NULL name; a NULL table has none. */
struct option_setting {
	const char *name;
	const char *const *values;
	size_t count;
};

/* The module's claim of that option, or NULL. */
const struct tern_option *options_claim(const struct tern_module *module, const char *name);

/* NULL when the claim allows that; else what is wrong, of the arena. */
const char *options_refuse(struct arena *arena, const struct tern_module *module,
	const struct option_setting *setting);

/* The same was written; either may be NULL. */
bool options_equal(const struct option_setting *a, const struct option_setting *b);

/* The value of every option that the module claims: what was written, or the preset.
 * The settings have passed options_refuse.  Destroy takes NULL. */
struct options *options_create(const struct tern_module *module,
	const struct option_setting *settings);
void options_destroy(struct options *options);

/* Values by name.  Of an option that the module does not claim, or claims with another type, the
 * value is empty, and options_fault says so from then on (lives as long as the options). */
bool options_bool(struct options *options, const char *name);
long options_number(struct options *options, const char *name);
const char *options_string(struct options *options, const char *name);
const char *const *options_list(struct options *options, const char *name);
const char *options_fault(const struct options *options); /* NULL: there was none */

/* Among "yes", "no" and their kin: true and the value, or false. */
bool options_read_bool(const char *text, bool *ret_value);
bool options_read_number(const char *text, long *ret_value);

#endif
