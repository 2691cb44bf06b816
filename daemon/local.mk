# SPDX-License-Identifier: BSD-2-Clause
# Everything but main, so that tests can be linked with it.
noinst_LTLIBRARIES += %D%/libslotd.la
%C%_libslotd_la_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) $(JANSSON_CFLAGS) \
	$(UDEV_CFLAGS)
%C%_libslotd_la_SOURCES = \
	%D%/arbiter.c \
	%D%/peer.c \
	%D%/peer.h \
	%D%/reader.h \
	%D%/registry.h \
	%D%/session.c \
	%D%/session.h \
	%D%/settings.c \
	%D%/settings.h \
	%D%/slot.c \
	%D%/slot.h \
	%D%/slot_state.h
# End of libslotd_la_SOURCES
%C%_libslotd_la_LIBADD = protocols/libprotocols.la base/libbase.la \
	$(EVENT_LIBS) $(JANSSON_LIBS) $(UDEV_LIBS)
