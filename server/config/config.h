/* config.h - tern.conf, read and checked
 * SPDX-License-Identifier: MIT
 *
 * Reading goes through libconfuse with tables of keys (keys.h); what is wrong in the file
 * (an unknown key, a value of the wrong type or out of range, an open section, a missing
 * file, a module's option that the module does not claim) is told in a line each that names
 * file, line and, for a misspelt word, the nearest known one.  A config is constant afterwards;
 * all it points to belongs to it. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stddef.h>

#include "loader.h"
#include "log.h"
#include "sasl_policy.h"
#include "server_limits.h"

struct arena;

enum durability { DURABILITY_COMMIT, DURABILITY_RELAXED };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
enum listen_tls { LISTEN_STARTTLS, LISTEN_DIRECT, LISTEN_NONE };

struct listen_config {
	const char *name;              /* the section's title */
	const char *const *addresses;  /* numeric, or "*" for all; ends with NULL */
	long port;                     /* 0: a free one */
	enum listen_tls tls;
};

struct host_config {
	const char *domain;      /* normalised */
	const char *certificate; /* paths of PEM files */
	const char *key;
	const char *client_ca;   /* "": no client certificates are asked for */
	const char *resume_location; /* where clients shall come back (XEP-0198 3); "": anywhere */
	struct sasl_policy sasl; /* ANONYMOUS is in it when `anonymous` says so */
	const struct wanted_module *modules; /* in load order */
	size_t module_count;
};

struct config {
	struct arena *arena;
	const char *path;        /* of the file */
	const char *data;
	const char *control;
	const char *const *modules_path; /* folders, in the order of looking; ends with NULL */
	const char *user;        /* "": stay */
	const char *tls_priority;/* for GnuTLS; "": the preset of tls.h */
	long shards;             /* 0: one per core */
	enum durability durability;
	enum log_level log_level;
	enum log_format log_format;
	const char *log_target;  /* "stderr", or the path of a file */
	struct limits limits;
	struct listen_config *listens;
	size_t listen_count;
	struct host_config *hosts;
	size_t host_count;
};

/* Reads the file and opens the modules that it names (registry.h).  NULL when something is
 * wrong; *ret_why has then a line for each fault (the last without a line break), as far as the
 * file could be followed: behind a braces' or token's fault it cannot. The caller frees it. */
struct config *config_read(const char *path, char **ret_why);
void config_destroy(struct config *config); /* takes NULL */

/* The section of that domain (normalised), or NULL. */
struct host_config *config_find_host(const struct config *config, const char *domain);

/* "starttls", as the configuration says it. */
const char *config_tls_name(enum listen_tls tls);

#endif
