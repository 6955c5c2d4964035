/* fake_internal.h - what the parts of the fake engine share
 * SPDX-License-Identifier: MIT */
#ifndef FAKE_INTERNAL_H
#define FAKE_INTERNAL_H

#include "fake_host.h"

#define MODULES_MAX 8
#define CLAIMS_MAX 16
#define EXTRAS_MAX 8

struct lines {
	char **text;
	size_t count, next;
};

struct record {
	struct record *next;
	tern_store store;
	uint64_t id; /* of a log's entry */
	char *with;
	void *key, *value;
	size_t key_len, value_len;
};

struct tern_session {
	struct tern_session *next;
	struct tern_entity *entity;
	struct jid *jid;
	uint64_t id, heard_ms;
	uint64_t reached_by; /* the number of the last stanza that was delivered to it */
	bool is_filtered;
	struct arena *presence_arena;
	struct element *presence;
	int priority;
	void *states[CLAIMS_MAX];
	struct lines heard;
};

struct tern_entity {
	struct tern_entity *next;
	struct tern_host *host;
	struct jid *jid;
	void *states[CLAIMS_MAX];
	struct record *records;
	char password[64];
	bool is_deleted;
	uint64_t last_id;
	struct tern_session *sessions;
};

/* A stanza on its way. */
struct transit {
	struct transit *next;
	struct arena *arena;
	struct element *stanza;
	bool probes;
};

/* An iq that waits for its answer. */
struct waiting {
	struct waiting *next;
	tern_ticket ticket;
	struct reading { struct arena *arena; struct element *element; } iq;
	struct jid *from;
	uint64_t session_id; /* of the entity; 0: from elsewhere */
};

struct alarm {
	struct alarm *next;
	uint64_t number, due_ms, session_id;
	struct tern_entity *entity;
	void (*run)(struct tern_entity *, struct tern_session *, void *, bool);
	void (*answered)(struct tern_entity *, void *, const struct tern_stanza *);
	void *context;
};

struct tern_host {
	const struct tern_module *modules[MODULES_MAX];
	void *settings[MODULES_MAX];
	size_t count;
	const struct fake_option *options;
	struct arena *lists; /* values of options */
	const struct tern_module *loading;
	const struct tern_state_claim *states[CLAIMS_MAX];
	const struct tern_store_claim *stores[CLAIMS_MAX];
	size_t state_count, store_count, metric_count;

	struct tern_entity *entities;
	struct tern_session *ended; /* kept, so that tests may still read what was heard */
	struct transit *queue, **queue_end;
	bool is_running, is_in_filter;
	uint64_t journey; /* the number of the stanza that arrives now */
	bool has_reached; /* ... anybody */
	struct alarm *alarms;
	const struct tern_command_claim *orders; /* that can be given; NULL: none */
	struct order *given;     /* and not answered, oldest first */
	struct waiting *waiting; /* iqs to be answered later */
	struct element *extras[EXTRAS_MAX]; /* of the stanza that is under way */
	size_t extra_count;
	struct lines left;
	char end_reason[64];
	uint64_t now_ms, last_number;
	uint32_t random_calls;
	int writes_left, change_result;
	unsigned tries; /* of strangers to get an account */
	bool holds_pages, fails_pages, holds_written, holds_acks, next_is_acked;
	struct unwritten *unwritten;
	struct { uint64_t id; struct tern_entity *entity; } under_way[64]; /* archived messages */
	size_t under_way_count;
	struct held_page *held_pages;
	enum tern_condition condition;
	const char *error_type; /* NULL: the condition's own */
	struct element *application;
};

struct fake { struct tern_host host; };

/* fake_text.c */
void add_line(struct lines *lines, const struct element *stanza);
const char *next_line(struct lines *lines);
void finish_lines(struct lines *lines);

struct reading read_xml(const char *xml);
struct reading try_xml(const char *xml); /* no element where there is none */
const struct jid *read_jid(struct element *stanza, const char *name);
struct tern_stanza read_stanza(struct element *element);

/* fake_host.c */
void watch(struct tern_entity *entity, struct tern_session *session, struct tern_event *event,
	enum tern_happening what);
void drop_presence(struct tern_session *session);

/* fake_journey.c */
void enqueue(struct tern_host *host, const struct element *stanza, bool probes);
void run_queue(struct tern_host *host);
struct tern_entity *find_account(struct tern_host *host, const struct jid *jid); /* or NULL */
void forget_waiting(struct tern_host *host);

/* fake_command.c */
void enter_metrics(struct tern_host *host, const struct tern_module *module);

/* fake_store.c */
bool may_write(struct tern_host *host);
void free_records(struct tern_entity *entity);

/* fake_time.c: the answer to a question that was asked; what ends with a session. */
void answer_question(struct tern_event *event);
void cancel_alarms(struct tern_session *session);
void cancel_entity_alarms(struct tern_entity *entity);

#endif
