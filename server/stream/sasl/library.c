/* sasl/library.c - Cyrus SASL, its settings and the look-up of stored keys
 * SPDX-License-Identifier: MIT
 *
 * The library asks for credentials through a plugin of its kind "auxprop".  Ours lives in the
 * process and reads no file: it hands out the line that the exchange was given. */

#include "sasl/library.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <sasl/saslplug.h>

#include "log.h"
#include "sasl.h"
#include "sasl/hashes.h"

#define PLUGIN "tern"
#define STORED_KEYS "*authPassword"

/* The library keeps callbacks of all kinds in one type. */
#define CALLBACK(function) ((int (*)(void))(void (*)(void))(function))

static const struct library_account *account_of(const sasl_server_params_t *params)
{
	const sasl_callback_t *each = params->callbacks;

	while (each && each->id != SASL_CB_LIST_END && each->id != SASL_CB_CANON_USER)
		each++;
	return each && each->id == SASL_CB_CANON_USER ? each->context : NULL;
}

static int look_up(void *context, sasl_server_params_t *params, unsigned flags,
	const char *user, unsigned user_len)
{
	const struct library_account *account = account_of(params);

	/* A leading '*' asks for a property of the authentication identity. */
	if (flags & SASL_AUXPROP_AUTHZID)
		return SASL_OK;
	if (!account || !account->credential)
		return SASL_NOUSER;
	return params->utils->prop_set(params->propctx, STORED_KEYS, account->credential, -1);
}

static sasl_auxprop_plug_t plugin = {
	.auxprop_lookup = look_up,
	.name = (char *)PLUGIN,
};

static int init_plugin(const sasl_utils_t *utils, int max_version, int *out_version,
	sasl_auxprop_plug_t **plug, const char *name)
{
	*out_version = SASL_AUXPROP_PLUG_VERSION;
	*plug = &plugin;
	return SASL_OK;
}

/* The name was normalised when the claim was read, so that is the answer for whatever
 * spelling the client used; an authorization identity has been compared there too. */
static int canon_user(sasl_conn_t *conn, void *context, const char *in, unsigned in_len,
	unsigned flags, const char *realm, char *out, unsigned out_max, unsigned *out_len)
{
	const struct library_account *account = context;
	size_t len = strlen(account->name);

	if (len >= out_max)
		return SASL_BUFOVER;
	memcpy(out, account->name, len + 1);
	*out_len = (unsigned)len;
	return SASL_OK;
}

static int authorize(sasl_conn_t *conn, void *context, const char *user, unsigned user_len,
	const char *authid, unsigned authid_len, const char *realm, unsigned realm_len,
	struct propctx *properties)
{
	return SASL_OK;
}

void library_callbacks(struct library_account *account,
	sasl_callback_t ret_callbacks[static LIBRARY_CALLBACKS])
{
	ret_callbacks[0] = (sasl_callback_t){ SASL_CB_CANON_USER, CALLBACK(canon_user), account };
	ret_callbacks[1] = (sasl_callback_t){ SASL_CB_PROXY_POLICY, CALLBACK(authorize), account };
	ret_callbacks[2] = (sasl_callback_t){ SASL_CB_LIST_END, NULL, NULL };
}

static const struct { const char *name, *value; } settings[] = {
	{ "auxprop_plugin", PLUGIN },
	{ "pwcheck_method", "auxprop" },
	{ "mech_list", "SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512" },
	{ "log_level", "1" },
};

static int get_setting(void *context, const char *plugin_name, const char *option,
	const char **result, unsigned *len)
{
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		if (strcmp(settings[i].name, option) == 0) {
			*result = settings[i].value;
			if (len)
				*len = (unsigned)strlen(settings[i].value);
			return SASL_OK;
		}
	return SASL_FAIL;
}

/* Failed logins are the stream's to log, with the address that they came from. */
static int note(void *context, int level, const char *message)
{
	log_debug("sasl", NULL, "%s", message);
	return SASL_OK;
}

/* No configuration file of the system changes what the server does. */
static int no_configuration(void *context, char **ret_path)
{
	static char nowhere[] = "/nonexistent"; /* the library keeps the pointer */

	*ret_path = nowhere;
	return SASL_OK;
}

static const sasl_callback_t callbacks[] = {
	{ SASL_CB_GETOPT, CALLBACK(get_setting), NULL },
	{ SASL_CB_LOG, CALLBACK(note), NULL },
	{ SASL_CB_GETCONFPATH, CALLBACK(no_configuration), NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};

static bool has_mechanism(const char *name)
{
	const char **names = sasl_global_listmech();

	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

int sasl_start(void)
{
	if (sasl_auxprop_add_plugin(PLUGIN, init_plugin) != SASL_OK)
		return -EIO;
	if (sasl_server_init(callbacks, "ternd") != SASL_OK)
		return -EIO;
	for (size_t i = 0; i < SCRAM_HASH_COUNT; i++)
		if (!has_mechanism(scram_hashes[i].scheme)) {
			sasl_stop();
			return -ENOENT;
		}
	return 0;
}

void sasl_stop(void)
{
	sasl_server_done();
}
