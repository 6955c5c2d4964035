/* server_limits.h - what a peer may make grow, with presets
 * SPDX-License-Identifier: MIT
 *
 * One list: the field, the key in the configuration's `limits` section, the preset, the least
 * and the most that make sense, and what it bounds.  Not named limits.h: with this folder in the
 * search path, the system's header of that name would not be found. */
#ifndef SERVER_LIMITS_H
#define SERVER_LIMITS_H

#define LIMITS(X) \
	X(stanza_bytes, "stanza-bytes", 262144, 10000, 16777216, "bytes of one stanza after login") \
	X(stanza_bytes_before_login, "stanza-bytes-before-login", 16384, 4096, 262144, \
		"bytes of one element before login") \
	X(depth, "depth", 64, 8, 1000, "elements within elements") \
	X(attributes, "attributes", 64, 8, 1000, "attributes of one element") \
	X(name_bytes, "name-bytes", 1024, 64, 65536, "bytes of a name with its namespace") \
	X(stanza_rate, "stanzas-per-second", 200, 0, 1000000, \
		"stanzas that one session may send, over time; 0: any number. Who sends more is read more " \
		"slowly; nothing is lost") \
	X(byte_rate, "bytes-per-second", 262144, 0, 1073741824, "the same in bytes") \
	X(answer_rate, "answer-bytes-per-second", 4194304, 0, 1073741824, \
		"bytes that one session may ask for, over time (pages of an archive, its roster); 0: any " \
		"number. Who asks for more is read more slowly") \
	X(stanza_rate_before_login, "stanzas-per-second-before-login", 20, 0, 1000000, \
		"elements that one connection may send before login") \
	X(byte_rate_before_login, "bytes-per-second-before-login", 32768, 0, 1073741824, \
		"the same in bytes") \
	X(burst_s, "burst", 5, 1, 3600, \
		"seconds of these rates that may be used up at once, after a time of silence") \
	X(negotiation_s, "negotiation-timeout", 30, 1, 3600, "seconds from connect to bind") \
	X(handshake_s, "handshake-timeout", 10, 1, 600, "seconds for a TLS handshake") \
	X(write_s, "write-timeout", 120, 1, 3600, "seconds in which a peer takes no byte") \
	X(close_s, "close-timeout", 5, 1, 600, "seconds for the rest of the output at the end") \
	X(unwritten_bytes, "unwritten-bytes", 4194304, 65536, 1073741824, \
		"output that others made wait for one peer before its session is closed; answers to its own " \
		"questions do not count, since a roster may be larger") \
	X(connections_per_address, "connections-per-address", 1000, 1, 1000000, \
		"open connections from one address") \
	X(failed_logins_per_address, "failed-logins-per-address", 20, 1, 100000, \
		"failed logins from one address in a minute before answers are slowed to the most") \
	X(failed_logins_per_account, "failed-logins-per-account", 10, 1, 100000, \
		"the same for one account") \
	X(login_tries, "login-tries", 3, 1, 100, "failed logins on one connection before it is closed") \
	X(resources, "resources-per-account", 20, 1, 1000, "sessions of one account") \
	X(resident_bytes, "resident-bytes", 4194304, 65536, 1073741824, \
		"bytes of records that one account keeps in memory (its roster); a change that needs more " \
		"is refused") \
	X(window_stanzas, "window-stanzas", 128, 1, 100000, "stanzas of one session under way") \
	X(window_bytes, "window-bytes", 131072, 1024, 1073741824, "the same in bytes") \
	X(waiting_events, "waiting-events", 10000, 16, 1000000, "events that wait in one entity") \
	X(mailbox_posts, "mailbox-posts", 100000, 100, 10000000, \
		"posts that wait in one shard before others stop reading") \
	X(batch_bytes, "uncommitted-bytes", 67108864, 1048576, 4294967296, \
		"uncommitted bytes of one shard before links stop being read") \
	X(unacked_stanzas, "unacked-stanzas", 5000, 16, 1000000, \
		"stanzas that a client with stream management (XEP-0198) has not acknowledged before its " \
		"session is closed") \
	X(unacked_bytes, "unacked-bytes", 8388608, 65536, 1073741824, "the same in bytes") \
	X(ack_s, "ack-timeout", 30, 1, 3600, \
		"seconds of silence after a question for an acknowledgement; then the connection is dead") \
	X(missed_s, "missed-timeout", 10, 1, 3600, \
		"seconds after which a message that a client with stream management has not acknowledged " \
		"counts as missed: it is kept like one for somebody who is away, until the client has it " \
		"after all") \
	X(resume_s, "resume-timeout", 300, 1, 86400, \
		"seconds that a session waits for its client to come back") \
	X(detached_sessions, "detached-sessions", 5, 0, 1000, \
		"sessions of one account that wait for their clients") \
	X(resend_s, "resend-window", 86400, 300, 604800, \
		"seconds in which a message that a client sends once more, with the same origin-id " \
		"(XEP-0359), is known again, and neither archived nor delivered twice; the same id and " \
		"content, where there is no origin-id, count for five minutes, unless the client closed " \
		"its stream when all that it had sent was acknowledged") \
	X(disk_s, "disk-timeout", 60, 1, 3600, \
		"seconds that a client waits for a disk that stands still before its stream is ended; a " \
		"session that can be resumed stays") \
	X(hold_s, "hold-timeout", 10, 1, 600, "seconds that an event may be held") \
	X(iq_s, "iq-timeout", 60, 1, 3600, "seconds for an answer to an iq of the server")

struct limits {
#define X(field, key, preset, least, most, about) long field;
	LIMITS(X)
#undef X
};

#endif
