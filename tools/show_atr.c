/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tools/show_atr.h"

#include <stdio.h>

#include "base/hex.h"
#include "protocols/atr_text.h"
#include "tools/print.h"

enum {
	BYTES_MAX = 64,		/* an ATR has at most 33 */
	BYTES_A_LINE = 8,
	BYTES_WIDTH = BYTES_A_LINE * 3 + 1,
};

/* The bytes of a row, eight a line; name and text stand in the first. */
static void
print_row_text(const struct atr_row *row, struct view bytes)
{
	char hex[BYTES_A_LINE * 3];

	hex_from_bytes(hex, sizeof(hex), view_first(bytes, BYTES_A_LINE), ' ');
	printf("  %-*s%-*s  %s\n", BYTES_WIDTH, hex, 10, row->name, row->text);
	for (size_t at = BYTES_A_LINE; at < bytes.n; at += BYTES_A_LINE)
		printf("  %s\n", hex_from_bytes(hex, sizeof(hex),
		    view_first(view_skip(bytes, at), BYTES_A_LINE), ' '));
}

static json_t *
row_json(const struct atr_row *row, struct view bytes)
{
	char hex[2 * BYTES_MAX + 1];

	hex_from_bytes(hex, sizeof(hex), bytes, 0);
	return json_pack("{s:s, s:s, s:s}", "bytes", hex, "name", row->name,
	    "text", row->text);
}

static void
decode(struct view atr, json_t *into)
{
	struct atr_row rows[ATR_ROWS_MAX];
	size_t n = atr_explain(rows, atr);

	for (size_t i = 0; i < n; i++) {
		struct view bytes = view_first(view_skip(atr, rows[i].offset),
		    rows[i].n);

		if (into != NULL)
			json_array_append_new(into, row_json(&rows[i], bytes));
		else
			print_row_text(&rows[i], bytes);
	}
}

static void
show_json(const struct ctl *ctl, const struct target *t, const char *hex,
    struct view atr)
{
	json_t *object = json_pack("{s:i, s:i, s:s}", "reader", t->number,
	    "slot", t->slot, "atr", hex);

	if (ctl->decode) {
		json_t *array = json_array();

		decode(atr, array);
		json_object_set_new(object, "decode", array);
	}
	print_json(object);
	json_decref(object);
}

enum status
show_atr(const struct ctl *ctl, const struct target *t, const json_t *answer)
{
	const char *hex = get_string(answer, "atr");
	uint8_t bytes[BYTES_MAX];
	size_t n;

	if (hex_to_bytes(bytes, sizeof(bytes), &n, hex) != ERR_OK || n == 0)
		return ctl_complain(STATUS_OTHER, "slotd sent an ATR that is "
						  "none");
	if (ctl->json) {
		show_json(ctl, t, hex, (struct view){ bytes, n });
		return STATUS_OK;
	}
	print_hex_digits(stdout, hex);
	putchar('\n');
	if (ctl->decode)
		decode((struct view){ bytes, n }, NULL);
	return STATUS_OK;
}
