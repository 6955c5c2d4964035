/* keys.h - tables of what may stand in a configuration
 * SPDX-License-Identifier: MIT
 *
 * A section is a table of keys, and a key says where its value goes, of what type it is,
 * its preset and its bounds.  From the tables come libconfuse's options, the checks, the
 * hints for misspelt words and the filling of the structs in config.h. */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* What a key's place in its struct holds:
 *   KEY_TEXT    const char *
 *   KEY_NUMBER  long
 *   KEY_BOOL    bool
 *   KEY_CHOICE  an enum: the value's index among the choices
 *   KEY_LIST    const char *const *, ends with NULL */
enum key_type { KEY_TEXT, KEY_NUMBER, KEY_BOOL, KEY_CHOICE, KEY_LIST };

struct key {
	const char *name;
	enum key_type type;
	size_t offset;
	const char *preset;         /* as in a file; of a list with braces; NULL: none */
	long least, most;           /* of a number */
	const char *const *choices; /* of a choice or of a list's values; ends with NULL */
	bool names_modules;         /* which must be there */
	bool is_path;               /* a relative one goes by the folder of the configuration */
	const char *const *words;   /* of a path: what is none, alone or before a colon; NULL: nothing */
	const char *about;          /* for the manual: without a full stop at the end */
	/* NULL, or what is wrong with a text or a list's value, of the arena. */
	const char *(*refuse)(struct arena *arena, const char *value);
};

struct section {
	const char *name;           /* "root" for what stands outside of sections */
	bool is_titled;
	const struct key *keys;     /* ends with a NULL name */
};

/* The root first; then limits, log, listen, host; ends with a NULL name. */
extern const struct section sections[];

/* What a host's section says, before it is understood. */
struct host_draft {
	const char *certificate, *key, *client_ca;
	const char *resume_location;
	const char *const *modules;
	const char *const *sasl;
	bool anonymous;
	long iterations;
};

const struct section *section_find(const char *name); /* or NULL */
const struct key *section_key(const struct section *section, const char *name); /* or NULL */

/* One value of that key in the configuration of that path, as it is meant; of the arena, or as it is. */
const char *key_value(struct arena *arena, const struct key *key, const char *value,
	const char *config_path);

/* NULL, or what is wrong with one value of that key ("`port` is a number ..."), of the arena. */
const char *key_refuse(struct arena *arena, const struct key *key, const char *value);

/* Whether two structs have the same value there; and copies it, into the arena, from one to the
 * other. */
bool key_equal(const struct key *key, const void *a, const void *b);
void key_copy(struct arena *arena, const struct key *key, void *to, const void *from);

/* As a list that ends with NULL. */
const char *const *texts_copy(struct arena *arena, const char *const *texts, size_t count);

/* Puts the checked value(s) into the struct. */
void key_fill(struct arena *arena, const struct key *key, const char *const *values,
	size_t count, void *into);

#endif
