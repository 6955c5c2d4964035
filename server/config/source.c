/* source.c - reads configuration files into one text that libconfuse cannot misread
 * SPDX-License-Identifier: MIT */

#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"

#define DEPTH_MAX 10           /* files within files */
#define OPEN_MAX_COUNT 64      /* sections and lists within each other */
#define FILE_BYTES_MAX (4 * 1024 * 1024)
#define PIECE_BYTES 65536
#define ALL_BYTES_MAX (16 * 1024 * 1024)
#define FILE_BYTES_LEAST 4096   /* as which each counts: files may include each other */
#define WORD_ENDS " \t\r\n#\"'={}()+,*"

/* One file under way. */
struct reader {
	struct source *source;
	const char *file;
	const char *at;
	unsigned line;
	unsigned depth;
	unsigned open[OPEN_MAX_COUNT]; /* lines of `{` */
	size_t open_count;
};

static const char *read_file(struct source *source, const char *path, struct reader *from);

static const char *complain(struct reader *reader, unsigned line, const char *what)
{
	return arena_printf(reader->source->arena, "%s:%u: %s", reader->file, line, what);
}

static void add_line(struct reader *reader)
{
	struct source *source = reader->source;

	source->places = arena_grow(source->arena, source->places,
		source->line_count * sizeof *source->places,
		(source->line_count + 1) * sizeof *source->places);
	source->places[source->line_count++] = (struct place){ reader->file, reader->line };
}

static void put(struct reader *reader, char byte)
{
	buffer_add(&reader->source->text, &byte, 1);
	if (byte == '\n') {
		reader->line++;
		add_line(reader);
	}
}

static void skip_line_comment(struct reader *reader)
{
	while (*reader->at && *reader->at != '\n')
		reader->at++;
}

static const char *skip_long_comment(struct reader *reader)
{
	unsigned start = reader->line;

	for (reader->at += 2; *reader->at; reader->at++) {
		if (strncmp(reader->at, "*/", 2) == 0) {
			reader->at += 2;
			put(reader, ' ');
			return NULL;
		}
		if (*reader->at == '\n')
			put(reader, '\n');
	}
	return complain(reader, start, "this comment is never closed");
}

static const char *copy_string(struct reader *reader)
{
	unsigned start = reader->line;
	char quote = *reader->at;

	put(reader, *reader->at++);
	while (*reader->at && *reader->at != quote) {
		if (*reader->at == '\\' && reader->at[1])
			put(reader, *reader->at++);
		put(reader, *reader->at++);
	}
	if (!*reader->at)
		return complain(reader, start, "this string is never closed");
	put(reader, *reader->at++);
	return NULL;
}

static const char *note_brace(struct reader *reader)
{
	if (*reader->at == '{') {
		if (reader->open_count == OPEN_MAX_COUNT)
			return complain(reader, reader->line, "too many sections within sections");
		reader->open[reader->open_count++] = reader->line;
	} else if (reader->open_count == 0) {
		return complain(reader, reader->line, "this `}` closes nothing");
	} else {
		reader->open_count--;
	}
	put(reader, *reader->at++);
	return NULL;
}

/* The path within `("...")` at `at`, with *ret_end behind it; NULL when it is not that. */
static const char *included_path(struct reader *reader, const char *at, const char **ret_end)
{
	const char *start, *end;

	at += strspn(at, " \t");
	if (*at++ != '(')
		return NULL;
	at += strspn(at, " \t");
	if (*at != '"' && *at != '\'')
		return NULL;
	start = at + 1;
	end = start + strcspn(start, "\"'\n");
	if (*end != *at)
		return NULL;
	at = end + 1 + strspn(end + 1, " \t");
	if (*at != ')')
		return NULL;
	*ret_end = at + 1;
	return arena_strndup(reader->source->arena, start, end - start);
}

const char *source_beside(struct arena *arena, const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');

	if (*path == '/' || !slash)
		return path;
	return arena_printf(arena, "%.*s/%s", (int)(slash - file), file, path);
}

static const char *include(struct reader *reader)
{
	const char *end, *why;
	const char *path = included_path(reader, reader->at + strlen("include"), &end);

	if (!path)
		return complain(reader, reader->line, "write include(\"file\")");
	if (reader->depth == DEPTH_MAX)
		return complain(reader, reader->line, "files include files too deeply");
	why = read_file(reader->source,
		source_beside(reader->source->arena, reader->file, path), reader);
	if (why)
		return why;
	reader->at = end;
	buffer_add(&reader->source->text, "\n", 1);
	add_line(reader);
	return NULL;
}

static const char *copy_word(struct reader *reader)
{
	size_t len = strcspn(reader->at, WORD_ENDS);

	if (len == strlen("include") && strncmp(reader->at, "include", len) == 0)
		return include(reader);
	/* libconfuse would skip these without a word. */
	if (*reader->at == '*' || (*reader->at == '+' && reader->at[1] != '='))
		return complain(reader, reader->line,
			arena_printf(reader->source->arena, "put `%c` in quotes", *reader->at));
	if (len == 0)
		len = 1;
	while (len--)
		put(reader, *reader->at++);
	return NULL;
}

static const char *copy_token(struct reader *reader)
{
	switch (*reader->at) {
	case '#':
		skip_line_comment(reader);
		return NULL;
	case '/':
		if (reader->at[1] == '/') {
			skip_line_comment(reader);
			return NULL;
		}
		return reader->at[1] == '*' ? skip_long_comment(reader) : copy_word(reader);
	case '"':
	case '\'':
		return copy_string(reader);
	case '{':
	case '}':
		return note_brace(reader);
	case '$': /* ${NAME} of the environment: its braces are no section's */
		while (*reader->at && *reader->at != '}' && *reader->at != '\n')
			put(reader, *reader->at++);
		if (*reader->at == '}')
			put(reader, *reader->at++);
		return NULL;
	default:
		return copy_word(reader);
	}
}

/* Its first FILE_BYTES_MAX bytes, and a few that say that there are more.  0 or -errno. */
static int slurp(const char *path, struct buffer *bytes)
{
	FILE *file = fopen(path, "re");
	size_t got = 1;
	int result;

	if (!file)
		return -errno;
	while (got && bytes->len <= FILE_BYTES_MAX) {
		got = fread(buffer_reserve(bytes, PIECE_BYTES), 1, PIECE_BYTES, file);
		buffer_grown(bytes, got);
	}
	result = ferror(file) ? -errno : 0;
	fclose(file);
	return result;
}

/* NULL, or what is wrong. */
static const char *judge(struct source *source, const char *path, const struct buffer *bytes)
{
	source->bytes_read += bytes->len > FILE_BYTES_LEAST ? bytes->len : FILE_BYTES_LEAST;
	if (bytes->len > FILE_BYTES_MAX)
		return arena_printf(source->arena, "%s is too large (more than %d MiB)", path,
			FILE_BYTES_MAX >> 20);
	if (source->bytes_read > ALL_BYTES_MAX)
		return arena_printf(source->arena, "%s is too much, with what was read before it (more "
			"than %d MiB; a file counts as %d bytes at least)", path, ALL_BYTES_MAX >> 20,
			FILE_BYTES_LEAST);
	if (memchr(buffer_at(bytes), '\0', bytes->len))
		return arena_printf(source->arena, "%s is no text: there is a NUL byte in it", path);
	return NULL;
}

static const char *take_file(struct source *source, const char *path, const char **ret_text)
{
	struct buffer bytes = { 0 };
	int result = slurp(path, &bytes);
	const char *why = result < 0
		? arena_printf(source->arena, "%s cannot be read (%s)", path, strerror(-result))
		: judge(source, path, &bytes);

	if (!why)
		*ret_text = arena_strndup(source->arena, buffer_at(&bytes), bytes.len);
	buffer_finish(&bytes);
	return why;
}

static const char *read_file(struct source *source, const char *path, struct reader *from)
{
	struct reader reader = { .source = source, .file = path, .line = 1,
		.depth = from ? from->depth + 1 : 0 };
	const char *what = take_file(source, path, &reader.at);

	if (what)
		return from ? complain(from, from->line, what) : what;
	if (from)
		buffer_add(&source->text, "\n", 1);
	add_line(&reader);
	while (*reader.at) {
		const char *why = copy_token(&reader);

		if (why)
			return why;
	}
	if (reader.open_count)
		return complain(&reader, reader.open[reader.open_count - 1],
			"this `{` is still open at the end of the file");
	return NULL;
}

const char *source_read(struct source *source, struct arena *arena, const char *path)
{
	const char *why;

	*source = (struct source){ .arena = arena };
	why = read_file(source, path, NULL);
	buffer_add(&source->text, "", 1);
	source->text.len--;
	return why;
}

void source_finish(struct source *source)
{
	buffer_finish(&source->text);
}

struct place source_place(const struct source *source, unsigned line)
{
	if (source->line_count == 0)
		return (struct place){ "", 0 };
	if (line < 1)
		line = 1;
	if (line > source->line_count)
		line = source->line_count;
	return source->places[line - 1];
}
