/* sasl/library.h - how the server meets Cyrus SASL
 * SPDX-License-Identifier: MIT */
#ifndef SASL_LIBRARY_H
#define SASL_LIBRARY_H

#include <sasl/sasl.h>

/* The context of the canonicalisation callback of each connection: what the library may
 * know of the account that has been claimed. */
struct library_account {
	const char *name;       /* normalised local part */
	const char *credential; /* the one line that the exchange needs */
};

/* Callbacks for sasl_server_new, with that context; two entries and the end. */
#define LIBRARY_CALLBACKS 3
void library_callbacks(struct library_account *account,
	sasl_callback_t ret_callbacks[static LIBRARY_CALLBACKS]);

#endif
