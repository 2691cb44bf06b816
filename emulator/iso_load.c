/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/iso.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/card_text.h"

enum { PATH_DEPTH_MAX = 8, MF_FID = 0x3f00 };

static bool
sorry(char *why, const char *text, const char *word)
{
	snprintf(why, CARD_WHY_MAX, "%s '%.50s'", text, word);
	return false;
}

/* Words in pairs, "name value", from a table. */
struct setting {
	const char *name;
	unsigned words;		/* how many follow the name */
	bool (*set)(void *arg, char *const *value, char *why);
};

static bool
set_all(const struct setting *table, void *arg, size_t n, char *const *words,
    char *why)
{
	while (n != 0) {
		const struct setting *t = table;

		while (t->name != NULL && strcmp(t->name, words[0]) != 0)
			t++;
		if (t->name == NULL)
			return sorry(why, "unknown word", words[0]);
		if (n <= t->words)
			return sorry(why, "something is missing after",
			    words[0]);
		if (!t->set(arg, words + 1, why))
			return false;
		n -= 1 + t->words;
		words += 1 + t->words;
	}
	return true;
}

/* "pin NUMBER value ... " */

static bool
secret_value(struct iso_secret *k, char *const *value, char *why)
{
	struct wr w = { k->value, sizeof(k->value), 0, false };

	if (!card_text_bytes(&w, 1, value, why))
		return false;
	k->n = w.n;
	return true;
}

static bool
secret_tries(struct iso_secret *k, char *const *value, char *why)
{
	unsigned long x;

	if (!card_text_number(&x, 15, value[0], why))
		return false;
	k->tries = k->left = (unsigned)x;
	return true;
}

static bool
pin_value(void *arg, char *const *value, char *why)
{
	return secret_value(&((struct iso_pin *)arg)->pin, value, why);
}

static bool
pin_tries(void *arg, char *const *value, char *why)
{
	return secret_tries(&((struct iso_pin *)arg)->pin, value, why);
}

static bool
unblock_value(void *arg, char *const *value, char *why)
{
	return secret_value(&((struct iso_pin *)arg)->unblock, value, why);
}

static bool
unblock_tries(void *arg, char *const *value, char *why)
{
	return secret_tries(&((struct iso_pin *)arg)->unblock, value, why);
}

static bool
pin_min(void *arg, char *const *value, char *why)
{
	unsigned long x;

	if (!card_text_number(&x, ISO_PIN_MAX, value[0], why))
		return false;
	((struct iso_pin *)arg)->min = x;
	return true;
}

static bool
pin_max(void *arg, char *const *value, char *why)
{
	unsigned long x;

	if (!card_text_number(&x, ISO_PIN_MAX, value[0], why))
		return false;
	((struct iso_pin *)arg)->max = x;
	return true;
}

static const struct setting pin_settings[] = {
	{ "max",		1, pin_max },
	{ "min",		1, pin_min },
	{ "tries",		1, pin_tries },
	{ "unblock",		1, unblock_value },
	{ "unblock-tries",	1, unblock_tries },
	{ "value",		1, pin_value },
	{ NULL,			0, NULL },
};

static bool
line_pin(struct iso *s, size_t n, char *const *words, char *why)
{
	struct iso_pin *p = &s->pin[s->n_pins];
	unsigned long number;

	if (s->n_pins == ISO_PINS_MAX || n < 2)
		return sorry(why, "pin NUMBER is expected, 8 at most, at",
		    words[0]);
	if (!card_text_number(&number, 31, words[1], why))
		return false;
	*p = (struct iso_pin){ .number = (uint8_t)number, .min = 4, .max = 8 };
	p->pin.tries = p->pin.left = 3;
	p->unblock.tries = p->unblock.left = 10;
	if (!set_all(pin_settings, p, n - 2, words + 2, why))
		return false;
	if (number == 0 || p->pin.n < p->min || p->pin.n > p->max)
		return sorry(why, "the number or the length does not fit: pin",
		    words[1]);
	s->n_pins++;
	return true;
}

/* "object TAG BYTES..." */
static bool
line_object(struct iso *s, size_t n, char *const *words, char *why)
{
	struct iso_object *o = &s->object[s->n_objects];
	uint8_t tag[2];
	struct wr t = { tag, sizeof(tag), 0, false };
	struct wr w = { o->value, sizeof(o->value), 0, false };

	if (s->n_objects == ISO_OBJECTS_MAX || n < 3)
		return sorry(why, "object TAG BYTES is expected at", words[0]);
	if (!card_text_bytes(&t, 1, words + 1, why))
		return false;
	if (t.n != 2)
		return sorry(why, "four hex digits are expected, not",
		    words[1]);
	if (!card_text_bytes(&w, n - 2, words + 2, why))
		return false;
	o->tag = (uint16_t)(tag[0] << 8 | tag[1]);
	o->n = w.n;
	s->n_objects++;
	return true;
}

/* "df PATH ..." and "file PATH KIND ..." */

static bool
file_aid(void *arg, char *const *value, char *why)
{
	struct iso_file *f = arg;
	struct wr w = { f->aid, sizeof(f->aid), 0, false };

	if (!card_text_bytes(&w, 1, value, why))
		return false;
	f->aid_len = w.n;
	return true;
}

static bool
file_label(void *arg, char *const *value, char *why)
{
	struct iso_file *f = arg;
	struct wr w = { (uint8_t *)f->label, ISO_LABEL_MAX, 0, false };

	return card_text_bytes(&w, 1, value, why);
}

static bool
file_size(void *arg, char *const *value, char *why)
{
	unsigned long x;

	if (!card_text_number(&x, ISO_FILE_SIZE_MAX, value[0], why))
		return false;
	((struct iso_file *)arg)->size = x;
	return true;
}

static bool
file_records(void *arg, char *const *value, char *why)
{
	unsigned long x;

	if (!card_text_number(&x, ISO_RECORDS_MAX, value[0], why))
		return false;
	((struct iso_file *)arg)->max_records = x;
	return true;
}

static bool
file_sfi(void *arg, char *const *value, char *why)
{
	unsigned long x;

	if (!card_text_number(&x, 30, value[0], why))
		return false;
	((struct iso_file *)arg)->sfi = (uint8_t)x;
	return true;
}

/* "always", "never", or the number of a PIN */
static bool
rule(uint8_t *dst, const char *word, char *why)
{
	unsigned long x;

	if (strcmp(word, "always") == 0) {
		*dst = ISO_ALWAYS;
		return true;
	}
	if (strcmp(word, "never") == 0) {
		*dst = ISO_NEVER;
		return true;
	}
	if (strncmp(word, "pin:", 4) != 0)
		return sorry(why, "always, never or pin:NUMBER is expected, "
		    "not", word);
	if (!card_text_number(&x, 31, word + 4, why))
		return false;
	*dst = (uint8_t)x;
	return true;
}

static bool
file_read(void *arg, char *const *value, char *why)
{
	return rule(&((struct iso_file *)arg)->read, value[0], why);
}

static bool
file_update(void *arg, char *const *value, char *why)
{
	return rule(&((struct iso_file *)arg)->update, value[0], why);
}

static const struct setting df_settings[] = {
	{ "aid",	1, file_aid },
	{ "label",	1, file_label },
	{ NULL,		0, NULL },
};

static const struct setting ef_settings[] = {
	{ "read",	1, file_read },
	{ "records",	1, file_records },
	{ "sfi",	1, file_sfi },
	{ "size",	1, file_size },
	{ "update",	1, file_update },
	{ NULL,		0, NULL },
};

static int
find_child(const struct iso *s, int parent, uint16_t fid)
{
	for (size_t i = 0; i < s->n_files; i++)
		if (s->file[i].parent == parent && s->file[i].fid == fid)
			return (int)i;
	return ISO_NO_FILE;
}

/* "3f00/5015/4401": all but the last must exist and be DFs. */
static bool
add_path(struct iso *s, const char *path, struct iso_file **f, char *why)
{
	uint8_t fids[2 * PATH_DEPTH_MAX];
	char copy[5 * PATH_DEPTH_MAX + 1], *rest = copy, *word;
	struct wr w = { fids, sizeof(fids), 0, false };
	int parent = ISO_NO_FILE;
	uint16_t fid = 0;

	if (strlen(path) >= sizeof(copy) || s->n_files == ISO_FILES_MAX)
		return sorry(why, "too deep a path or too many files:", path);
	memcpy(copy, path, strlen(path) + 1);
	while ((word = strsep(&rest, "/")) != NULL) {
		if (strlen(word) != 4 || !card_text_bytes(&w, 1, &word, why))
			return sorry(why, "3f00/FILE/... is expected, not",
			    path);
		fid = (uint16_t)(fids[w.n - 2] << 8 | fids[w.n - 1]);
		if (rest == NULL)
			break;
		parent = find_child(s, parent, fid);
		if (parent == ISO_NO_FILE || s->file[parent].kind != ISO_DF)
			return sorry(why, "no such DF yet:", path);
	}
	if ((parent == ISO_NO_FILE) != (fid == MF_FID) ||
	    find_child(s, parent, fid) != ISO_NO_FILE)
		return sorry(why, "the path does not start with 3f00, or is "
		    "there already:", path);
	*f = &s->file[s->n_files++];
	**f = (struct iso_file){ .fid = fid, .parent = parent };
	return true;
}

static bool
line_df(struct iso *s, size_t n, char *const *words, char *why)
{
	struct iso_file *f;

	if (n < 2)
		return sorry(why, "a path is expected after", words[0]);
	if (!add_path(s, words[1], &f, why))
		return false;
	f->kind = ISO_DF;
	return set_all(df_settings, f, n - 2, words + 2, why);
}

static bool
file_kind(struct iso_file *f, const char *word, char *why)
{
	static const struct {
		const char *name;
		enum iso_kind kind;
	} kinds[] = {
		{ "cyclic", ISO_CYCLIC },
		{ "fixed", ISO_FIXED },
		{ "transparent", ISO_TRANSPARENT },
		{ "variable", ISO_VARIABLE },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, word) != 0)
			continue;
		f->kind = kinds[i].kind;
		return true;
	}
	return sorry(why, "transparent, fixed, variable or cyclic is expected, "
	    "not", word);
}

static bool
line_file(struct iso *s, size_t n, char *const *words, char *why)
{
	struct iso_file *f;

	if (n < 3 || s->n_files == 0)
		return sorry(why, "the MF first, then PATH KIND after",
		    words[0]);
	if (!add_path(s, words[1], &f, why) || !file_kind(f, words[2], why) ||
	    !set_all(ef_settings, f, n - 3, words + 3, why))
		return false;
	if (f->size == 0 ||
	    (f->kind == ISO_TRANSPARENT) != (f->max_records == 0))
		return sorry(why, "the size or the number of records does not "
		    "fit:", words[1]);
	f->data = calloc(f->max_records == 0 ? 1 : f->max_records, f->size);
	f->record_len = calloc(f->max_records + 1, sizeof(uint16_t));
	if (f->data == NULL || f->record_len == NULL)
		return sorry(why, "out of memory for", words[1]);
	f->records = 0;
	return true;
}

/* "data BYTES..." goes on where the last one ended, "record" is one record. */

static struct iso_file *
last_file(struct iso *s, bool transparent)
{
	struct iso_file *f = s->n_files == 0 ? NULL : &s->file[s->n_files - 1];

	return f == NULL || f->kind == ISO_DF ||
	    (f->kind == ISO_TRANSPARENT) != transparent ? NULL : f;
}

static bool
line_data(struct iso *s, size_t n, char *const *words, char *why)
{
	struct iso_file *f = last_file(s, true);
	struct wr w;

	if (f == NULL)
		return sorry(why, "no transparent file before", words[0]);
	/* record_len[0] is not in use here: it counts what was filled */
	w = (struct wr){ f->data, f->size, f->record_len[0], false };
	if (!card_text_bytes(&w, n - 1, words + 1, why))
		return false;
	f->record_len[0] = (uint16_t)w.n;
	return true;
}

static bool
line_record(struct iso *s, size_t n, char *const *words, char *why)
{
	struct iso_file *f = last_file(s, false);
	uint8_t buf[ISO_FILE_SIZE_MAX];
	struct wr w = { buf, sizeof(buf), 0, false };
	size_t at;

	if (f == NULL || f->records == f->max_records)
		return sorry(why, "no record file, or it is full, before",
		    words[0]);
	if (!card_text_bytes(&w, n - 1, words + 1, why))
		return false;
	if (w.n == 0 || w.n > f->size)
		return sorry(why, "too long or empty:", words[0]);
	at = f->records;
	if (f->kind == ISO_CYCLIC) {	/* the newest is number 1 */
		memmove(f->data + f->size, f->data, at * f->size);
		memset(f->data, 0, f->size);
		memmove(f->record_len + 1, f->record_len,
		    at * sizeof(f->record_len[0]));
		at = 0;
	}
	memcpy(f->data + at * f->size, buf, w.n);
	f->record_len[at] =
	    (uint16_t)(f->kind == ISO_VARIABLE ? w.n : f->size);
	f->records++;
	return true;
}

static const struct {
	const char *name;
	bool (*line)(struct iso *, size_t, char *const *, char *);
} lines[] = {
	{ "data",	line_data },
	{ "df",		line_df },
	{ "file",	line_file },
	{ "object",	line_object },
	{ "pin",	line_pin },
	{ "record",	line_record },
};

bool
iso_line(struct card *card, size_t n, char *const *words, char *why)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strcmp(lines[i].name, words[0]) == 0)
			return lines[i].line(card->state, n, words, why);
	return sorry(why, "unknown line", words[0]);
}

bool
iso_ready(struct card *card, char *why)
{
	struct iso *s = card->state;

	if (s->n_files == 0)
		return sorry(why, "the card has no MF:", "df 3f00");
	s->ef = ISO_NO_FILE;
	return true;
}

void
iso_fini(struct card *card)
{
	struct iso *s = card->state;

	for (size_t i = 0; i < s->n_files; i++) {
		free(s->file[i].data);
		free(s->file[i].record_len);
	}
	explicit_bzero(s, sizeof(*s));
}
