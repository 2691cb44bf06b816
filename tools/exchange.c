/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tools/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/secret.h"
#include "protocols/sw.h"
#include "tools/print.h"

enum {
	APDU_MIN = 4,
	APDU_MAX = 65544,	/* extended case 4: 4 + 3 + 65535 + 2 */
	RESPONSE_MAX = 65536 + 2,
	LOCK_WAIT_MS = 10000,
};

/* One buffer for both ways: it is wiped as a whole. */
struct apdu {
	size_t n;
	uint8_t bytes[APDU_MAX];
};

struct response {
	size_t n;
	uint8_t bytes[RESPONSE_MAX];
};

struct apdu *
apdu_new(const char *hex, const char *what)
{
	struct apdu *a = calloc(1, sizeof(*a));
	enum err err;

	if (a == NULL) {
		ctl_complain(STATUS_OTHER, "%s", err_text(ERR_MEMORY));
		return NULL;
	}
	err = hex_to_bytes(a->bytes, sizeof(a->bytes), &a->n, hex);
	if (err == ERR_OK && a->n >= APDU_MIN)
		return a;
	if (err == ERR_FORMAT)
		ctl_complain(STATUS_USAGE, "%s: pairs of hex digits expected",
		    what);
	else if (err == ERR_TOO_LONG)
		ctl_complain(STATUS_USAGE, "%s: longer than %d bytes", what,
		    APDU_MAX);
	else
		ctl_complain(STATUS_USAGE,
		    "%s: %zu bytes, but an APDU has at least 4 (one argument is "
		    "one whole APDU)", what, a->n);
	apdu_free(&a);
	return NULL;
}

void
apdu_free(struct apdu **a)
{
	secret_free(a, sizeof(**a));
}

/* The header and the length, never the data: it may be a PIN. */
static void
print_command(const struct apdu *a)
{
	printf("> %02x %02x %02x %02x, %zu bytes\n", a->bytes[0], a->bytes[1],
	    a->bytes[2], a->bytes[3], a->n);
}

static void
print_response(const struct apdu *a, const struct response *r, uint16_t sw)
{
	struct view data = { r->bytes, r->n - 2 };
	char text[SW_TEXT_MAX];

	print_command(a);
	print_rows(stdout, "<", data);
	printf("< %02x %02x  %s\n", sw >> 8, sw & 0xff,
	    sw_text(text, sizeof(text), sw));
}

static void
print_response_json(const char *hex, uint16_t sw)
{
	char digits[8], text[SW_TEXT_MAX];
	json_t *line;

	snprintf(digits, sizeof(digits), "%04x", sw);
	line = json_pack("{s:s, s:s, s:s}", "response", hex, "sw", digits,
	    "text", sw_text(text, sizeof(text), sw));
	print_json(line);
	json_decref(line);
}

static json_t *
request(const struct target *t, const struct apdu *a)
{
	size_t cap = a->n * 2 + 1;
	char *hex = malloc(cap);
	json_t *req = NULL;

	if (hex != NULL)
		req = target_request(t, "transmit");
	if (req != NULL)
		json_object_set_new(req, "apdu",
		    json_string(hex_from_bytes(hex, cap,
			(struct view){ a->bytes, a->n }, 0)));
	secret_free(&hex, cap);
	return req;
}

static enum status
judge(const struct ctl *ctl, const struct apdu *a, struct response *r,
    const char *hex, uint16_t *sw)
{
	enum err err = hex_to_bytes(r->bytes, sizeof(r->bytes), &r->n, hex);

	if (err != ERR_OK || r->n < 2)
		return ctl_complain(STATUS_OTHER,
		    "slotd sent a response that is none");
	*sw = (uint16_t)(r->bytes[r->n - 2] << 8 | r->bytes[r->n - 1]);
	if (ctl->json)
		print_response_json(hex, *sw);
	else
		print_response(a, r, *sw);
	return *sw == 0x9000 || *sw >> 8 == 0x61 ? STATUS_OK : STATUS_CARD;
}

enum status
exchange(struct ctl *ctl, const struct target *t, const struct apdu *a,
    uint16_t *sw)
{
	struct response *r;
	json_t *answer;
	enum status st;

	*sw = 0;
	st = ctl_ask(ctl, request(t, a), &answer);
	if (st != STATUS_OK)
		return st;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		st = ctl_complain(STATUS_OTHER, "%s", err_text(ERR_MEMORY));
	else
		st = judge(ctl, a, r, get_string(answer, "response"), sw);
	secret_free(&r, sizeof(*r));
	json_decref(answer);
	return st;
}

enum status
lock_card(struct ctl *ctl, const struct target *t)
{
	json_t *answer, *req = target_request(t, "lock");
	enum status st;

	if (req != NULL)
		json_object_set_new(req, "wait_ms", json_integer(LOCK_WAIT_MS));
	st = ctl_ask(ctl, req, &answer);
	if (st == STATUS_OK)
		json_decref(answer);
	return st;
}
