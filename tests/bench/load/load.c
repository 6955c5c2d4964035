/* load.c - the load generator: plays one scenario against any XMPP server, then reports */
/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <string.h>
#include <sys/resource.h>

static int show_help(FILE *file)
{
	fputs("usage: load SCENARIO [--option value ...]\n\nscenarios:\n", file);
	for (const struct scenario *row = scenarios; row->name; row++)
		fprintf(file, "  %-14s %s\n", row->name, row->help);
	fputs("\noptions:\n", file);
	options_help(file);
	return 2;
}

static const struct scenario *find_scenario(const char *name)
{
	const struct scenario *row = scenarios;

	while (row->name && strcmp(row->name, name) != 0)
		row++;
	return row->name ? row : NULL;
}

static bool read_all(const struct scenario *scenario, int count, char **words,
		struct options *options)
{
	int presets = 0;

	*options = options_preset;
	while (scenario->presets[presets])
		presets++;
	return options_read(options, presets, (char **)scenario->presets) &&
		options_read(options, count, words);
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void print_line(const struct scenario *scenario, struct bench *bench, bool is_good)
{
	const struct report *report = &bench->report;

	printf("%s (%s, window %g, rate %g): ", scenario->name, bench->options->tls,
			bench->options->window, bench->options->rate);
	if (bench->failure[0])
		printf("FAILED: %s; ", bench->failure);
	printf("%.2f us of server CPU a %s, %.0f/s, ", report_find(report, "cpu_us"),
			scenario->unit, report_find(report, "rate"));
	if (report_find(report, "bytes_per_session") > 0)
		printf("%.0f bytes a session, ", report_find(report, "bytes_per_session"));
	if (report_find(report, "p50_us") > 0)
		printf("median %.0f us, 99 %% %.0f us, ", report_find(report, "p50_us"),
				report_find(report, "p99_us"));
	printf("server %.0f %%, generator %.0f %% of a core; ",
			100 * report_find(report, "server_load"),
			100 * report_find(report, "own_load"));
	if (is_good)
		printf("%llu verified\n", (unsigned long long)bench->operations);
	else
		printf("%llu lost, %llu misplaced, %llu wrong\n", (unsigned long long)bench->lost,
				(unsigned long long)bench->misplaced,
				(unsigned long long)bench->errors);
}

static void fill_report(const struct scenario *scenario, struct bench *bench, bool is_good)
{
	const struct options *options = bench->options;
	struct report *report = &bench->report;

	report_text(report, "scenario", scenario->name);
	report_text(report, "unit", scenario->unit);
	report_text(report, "tls", options->tls);
	report_number(report, "sessions", options->sessions);
	report_number(report, "idle", options->idle);
	report_number(report, "window", options->window);
	report_number(report, "acks", options->acks);
	report_number(report, "offered_rate", options->rate);
	report_number(report, "sent", (double)bench->sent);
	report_number(report, "copy_bytes", bench->operations ?
			(double)bench->copy_bytes / (double)bench->operations : 0);
	report_number(report, "lost", (double)bench->lost);
	report_number(report, "misplaced", (double)bench->misplaced);
	report_number(report, "errors", (double)bench->errors);
	report_number(report, "ok", is_good);
	if (bench->failure[0])
		report_text(report, "failure", bench->failure);
}

int main(int count, char **words)
{
	const struct scenario *scenario = count > 1 ? find_scenario(words[1]) : NULL;
	static struct bench bench;
	struct options options;
	bool is_good;

	if (!scenario || !read_all(scenario, count - 2, words + 2, &options))
		return show_help(stderr);
	raise_descriptor_limit();
	if (bench_open(&bench, &options, scenario->clients(&options)) < 0)
		return 2;
	is_good = scenario->run(&bench) == 0 && bench.lost + bench.misplaced + bench.errors == 0;
	print_line(scenario, &bench, is_good);
	fill_report(scenario, &bench, is_good);
	report_print(&bench.report, stdout);
	bench_close(&bench);
	return is_good ? 0 : 1;
}
