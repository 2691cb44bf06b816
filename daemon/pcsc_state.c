/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/pcsc_state.h"

#include <stdio.h>
#include <string.h>

#include "daemon/reader.h"
#include "daemon/registry.h"
#include "daemon/slot.h"
#include "protocols/pcsc_names.h"

enum { NAME_HEAD_MAX = PCSC_NAME_MAX - 6 };

_Static_assert((int)PCSC_T0 == (int)CHANNEL_T0 &&
    (int)PCSC_T1 == (int)CHANNEL_T1,
    "protocols have the same bits on both sides");
_Static_assert((int)PCSC_ATR_MAX == (int)ATR_MAX, "ATRs fit");

void
pcsc_state_init(struct pcsc_state *s, bool many)
{
	*s = (struct pcsc_state){ .events = 1,
		.size = many ? PCSC_PLACES_MAX : PCSC_PLACES_FEW };
}

/* Appends to a name what fits, as printable ASCII. */
static void
append(char *dst, const char *text)
{
	size_t n = strlen(dst);

	for (; *text != '\0' && n < NAME_HEAD_MAX; text++)
		dst[n++] = *text >= ' ' && *text <= '~' ? *text : '.';
	dst[n] = '\0';
}

/* What the reader says of itself, around its name. */
static void
append_details(char *dst, const struct channel_info *info)
{
	if (info->interface[0] != '\0') {
		append(dst, " [");
		append(dst, info->interface);
		append(dst, "]");
	}
	if (info->serial[0] != '\0' &&
	    strstr(info->interface, info->serial) == NULL) {
		append(dst, " (");
		append(dst, info->serial);
		append(dst, ")");
	}
}

void
pcsc_name(char dst[PCSC_NAME_MAX + 1], const char *name,
    const struct channel_info *info, unsigned number, unsigned slot)
{
	const char *known = info != NULL ?
	    pcsc_friendly_name(info->vid, info->pid) : NULL;
	size_t n;

	dst[0] = '\0';
	append(dst, known != NULL ? known : name);
	if (info != NULL)
		append_details(dst, info);
	n = strlen(dst);
	snprintf(dst + n, PCSC_NAME_MAX + 1 - n, " %02X %02X", number & 0xff,
	    slot & 0xff);
}

/* pcscd counts the readers of each driver library on their own: vsmartcard's is
   one, libccid is all others. */
static bool
is_virtual(const struct reader *reader)
{
	struct reader_status st;

	reader_status(reader, &st);
	return strcmp(st.driver, "vpcd") == 0;
}

static bool
is_number_taken(const struct pcsc_state *s, const struct reader *reader,
    unsigned number)
{
	for (unsigned i = 0; i < PCSC_PLACES_MAX; i++) {
		const struct pcsc_place *p = &s->places[i];

		if (p->reader != NULL && p->number == number &&
		    is_virtual(p->reader) == is_virtual(reader))
			return true;
	}
	return false;
}

static struct pcsc_place *
free_place(struct pcsc_state *s)
{
	for (unsigned i = 0; i < PCSC_PLACES_MAX; i++) {
		if (s->places[i].reader != NULL)
			continue;
		if (i >= s->size)
			s->size = PCSC_PLACES_MAX;
		return &s->places[i];
	}
	return NULL;
}

static void
count_event(struct pcsc_state *s)
{
	s->events = s->events == INT16_MAX ? 1 : (uint16_t)(s->events + 1);
}

/* How many of its kind come before it. */
static unsigned
rank(const struct registry *registry, const struct reader *reader)
{
	const struct reader *r = NULL;
	struct reader_status st;
	unsigned n = 0;

	while ((r = registry_next(registry, r)) != NULL && r != reader) {
		reader_status(r, &st);
		n += st.is_expected && is_virtual(r) == is_virtual(reader);
	}
	return n;
}

enum err
pcsc_state_add(struct pcsc_state *s, const struct registry *registry,
    const struct reader *reader)
{
	struct reader_status st;
	struct pcsc_place *p;
	unsigned number = rank(registry, reader);

	reader_status(reader, &st);
	while (is_number_taken(s, reader, number))
		number++;
	count_event(s);
	for (unsigned i = 0; i < st.slots; i++) {
		p = free_place(s);
		if (p == NULL)
			return ERR_QUOTA;
		*p = (struct pcsc_place){ .reader = reader, .slot = i,
			.number = number };
		pcsc_name(p->name, st.name, st.is_named ? NULL : st.info,
		    number, i);
	}
	return ERR_OK;
}

unsigned
pcsc_state_end(const struct pcsc_state *s, const struct reader *reader)
{
	unsigned end = PCSC_PLACES_MAX;

	while (end != 0 && s->places[end - 1].reader != reader)
		end--;
	return end;
}

bool
pcsc_state_remove(struct pcsc_state *s, const struct reader *reader)
{
	bool found = false;

	for (unsigned i = 0; i < PCSC_PLACES_MAX; i++) {
		if (s->places[i].reader != reader)
			continue;
		s->places[i] = (struct pcsc_place){ .reader = NULL };
		found = true;
	}
	if (found)
		count_event(s);
	return found;
}

struct pcsc_place *
pcsc_state_find(struct pcsc_state *s, struct view name)
{
	for (unsigned i = 0; i < PCSC_PLACES_MAX; i++) {
		struct pcsc_place *p = &s->places[i];
		size_t n = strlen(p->name);

		if (p->reader != NULL && n < name.n &&
		    memcmp(p->name, name.p, n + 1) == 0)
			return p;
	}
	return NULL;
}

struct pcsc_place *
pcsc_state_at(struct pcsc_state *s, const struct reader *reader, unsigned slot)
{
	for (unsigned i = 0; i < PCSC_PLACES_MAX; i++) {
		if (s->places[i].reader == reader && s->places[i].slot == slot)
			return &s->places[i];
	}
	return NULL;
}

/* A card that nobody uses loses its power and looks as before; one whose power
   a program took away does not. */
static uint32_t
state_of(const struct pcsc_place *p, enum slot_card card)
{
	switch (card) {
	case SLOT_UNKNOWN:
		return PCSC_UNKNOWN;
	case SLOT_ABSENT:
		return PCSC_ABSENT;
	case SLOT_PRESENT:
		if (p->off)
			return PCSC_PRESENT;
		break;
	case SLOT_MUTE:
		return PCSC_PRESENT | PCSC_SWALLOWED;
	case SLOT_POWERED:
		break;
	}
	return PCSC_PRESENT | PCSC_POWERED | PCSC_NEGOTIABLE;
}

static int32_t
sharing_of(const struct pcsc_place *p, unsigned sessions)
{
	if (p->exclusive != NULL)
		return PCSC_SHARING_EXCLUSIVE;
	return sessions > p->connecting ?
	    (int32_t)(sessions - p->connecting) : 0;
}

int32_t
pcsc_place_sharing(const struct pcsc_place *p)
{
	const struct slot *slot = reader_slot(p->reader, p->slot);
	struct slot_status st;

	if (slot == NULL)
		return 0;
	slot_status(slot, &st);
	return sharing_of(p, st.sessions);
}

void
pcsc_place_fresh(struct pcsc_place *p)
{
	p->protocol = 0;
	p->off = false;
}

static void
write_place(const struct pcsc_place *p, struct wr *w)
{
	struct pcsc_reader_state rs = { .name = NULL };
	const struct slot *slot = p->reader == NULL ? NULL :
	    reader_slot(p->reader, p->slot);
	struct slot_status st;

	if (slot != NULL) {
		slot_status(slot, &st);
		rs.name = p->name;
		rs.events = st.events & 0xffff;
		rs.state = state_of(p, st.card);
		rs.sharing = sharing_of(p, st.sessions);
		rs.atr = st.atr;
		rs.protocol = st.card == SLOT_POWERED ? p->protocol : 0;
	}
	pcsc_state_write(w, &rs);
}

void
pcsc_state_array(const struct pcsc_state *s, struct wr *w, unsigned n,
    const struct peer *peer)
{
	static const struct pcsc_place nobody = { .reader = NULL };

	for (unsigned i = 0; i < n; i++) {
		const struct pcsc_place *p = i < PCSC_PLACES_MAX ?
		    &s->places[i] : &nobody;
		bool shown = p->reader != NULL &&
		    reader_may(p->reader, peer, RIGHT_SEE);

		write_place(shown ? p : &nobody, w);
	}
}
