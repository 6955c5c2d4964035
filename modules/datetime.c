/* datetime.c - reads XEP-0082's DateTime profile
 * SPDX-License-Identifier: MIT */

#include "datetime.h"

struct scanner {
	const char *at;
	bool is_wrong;
};

static int take_number(struct scanner *scanner, int digits, int least, int most)
{
	int number = 0;

	for (; digits > 0 && *scanner->at >= '0' && *scanner->at <= '9'; digits--)
		number = 10 * number + *scanner->at++ - '0';
	if (digits > 0 || number < least || number > most)
		scanner->is_wrong = true;
	return number;
}

static void take_char(struct scanner *scanner, char expected)
{
	if (*scanner->at == expected)
		scanner->at++;
	else
		scanner->is_wrong = true;
}

/* Microseconds; what is finer is cut off. */
static int take_fraction(struct scanner *scanner)
{
	int us = 0, unit = 100000;

	if (*scanner->at != '.')
		return 0;
	scanner->at++;
	if (*scanner->at < '0' || *scanner->at > '9')
		scanner->is_wrong = true;
	for (; *scanner->at >= '0' && *scanner->at <= '9'; unit /= 10)
		us += unit * (*scanner->at++ - '0');
	return us;
}

static int take_offset_minutes(struct scanner *scanner)
{
	int sign = *scanner->at == '-' ? -1 : 1, hours, minutes;

	if (*scanner->at == 'Z') {
		scanner->at++;
		return 0;
	}
	if (*scanner->at != '+' && *scanner->at != '-') {
		scanner->is_wrong = true;
		return 0;
	}
	scanner->at++;
	hours = take_number(scanner, 2, 0, 23);
	take_char(scanner, ':');
	minutes = take_number(scanner, 2, 0, 59);
	return sign * (60 * hours + minutes);
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Since 1970-01-01; negative before. */
static int64_t days_since_epoch(int year, int month, int day)
{
	int64_t before = year - 1;
	int64_t days = 365 * before + before / 4 - before / 100 + before / 400 - 719162;

	for (int i = 1; i < month; i++)
		days += days_of_month(year, i);
	return days + day - 1;
}

bool datetime_read(const char *text, uint64_t *ret_us)
{
	struct scanner scanner = { text, false };
	int year = take_number(&scanner, 4, 1, 9999), month, day, hour, minute, second, us;
	int64_t minutes;

	take_char(&scanner, '-');
	month = take_number(&scanner, 2, 1, 12);
	take_char(&scanner, '-');
	day = take_number(&scanner, 2, 1, 31);
	take_char(&scanner, 'T');
	hour = take_number(&scanner, 2, 0, 23);
	take_char(&scanner, ':');
	minute = take_number(&scanner, 2, 0, 59);
	take_char(&scanner, ':');
	second = take_number(&scanner, 2, 0, 60); /* a leap second */
	us = take_fraction(&scanner);
	minutes = -take_offset_minutes(&scanner);
	if (scanner.is_wrong || *scanner.at || day > days_of_month(year, month))
		return false;
	minutes += (days_since_epoch(year, month, day) * 24 + hour) * 60 + minute;
	*ret_us = minutes < 0 ? 0 : (uint64_t)(minutes * 60 + second) * 1000000 + (uint64_t)us;
	return true;
}
