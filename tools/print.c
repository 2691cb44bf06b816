/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tools/print.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

static int
continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t
text_width(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += !continues(*text);
	return n;
}

void
print_text(FILE *f, const char *text, size_t width)
{
	size_t n = text_width(text);
	unsigned char before = 0;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		/* C0, DEL, and C1, which is U+0080 to U+009F in UTF-8 */
		int control = c < 0x20 || c == 0x7f ||
		    (before == 0xc2 && c >= 0x80 && c < 0xa0);

		putc(control ? '?' : c, f);
		before = c;
	}
	for (; n < width; n++)
		putc(' ', f);
}

void
print_hex_digits(FILE *f, const char *digits)
{
	for (size_t i = 0; digits[i] != '\0'; i++) {
		if (i != 0 && i % 2 == 0)
			putc(' ', f);
		putc(isxdigit((unsigned char)digits[i]) ? digits[i] : '?', f);
	}
}

void
print_row(FILE *f, struct view bytes)
{
	for (size_t i = 0; i < 16; i++) {
		if (i < bytes.n)
			fprintf(f, " %02x", bytes.p[i]);
		else
			fputs("   ", f);
	}
	fputs("   ", f);
	for (size_t i = 0; i < 16 && i < bytes.n; i++) {
		uint8_t c = bytes.p[i];

		putc(c >= 0x20 && c < 0x7f ? c : '.', f);
	}
	putc('\n', f);
}

void
print_rows(FILE *f, const char *prefix, struct view bytes)
{
	for (size_t at = 0; at < bytes.n; at += 16) {
		fprintf(f, "%*s", (int)strlen(prefix), at == 0 ? prefix : "");
		print_row(f, view_skip(bytes, at));
	}
}

void
print_time(FILE *f, uint64_t realtime_ms)
{
	time_t seconds = (time_t)(realtime_ms / 1000);
	char text[16] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm) != NULL)
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	fprintf(f, "%s.%03u", text, (unsigned)(realtime_ms % 1000));
}
