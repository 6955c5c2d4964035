/* iq.h - roster gets, sets and pushes (RFC 6121 2)
 * SPDX-License-Identifier: MIT */
#ifndef ROSTER_IQ_H
#define ROSTER_IQ_H

#include "module.h"

struct item;

tern_handler answer_get, answer_set, refuse_stranger;
tern_exporter export_roster;

/* The command "roster list". */
void list_roster(struct tern_command *command, struct tern_entity *entity, const void *settings);

/* import.c: as struct tern_importer has it. */
int import_roster(struct tern_entity *entity, const struct element *query, const void *settings);
int import_request(struct tern_entity *entity, const struct element *presence,
	const void *settings);

/* 2.1.6: tells the sessions that asked for the roster of one item. */
void push_item(struct tern_entity *entity, const struct item *item);

/* Whether this session asked for the roster ("interested", 2.2). */
bool is_interested(struct tern_session *session);

#endif
