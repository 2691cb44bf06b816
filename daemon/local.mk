# SPDX-License-Identifier: BSD-2-Clause
# Everything but main, so that tests can be linked with it.
noinst_LTLIBRARIES += %D%/libslotd.la
%C%_libslotd_la_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) $(JANSSON_CFLAGS) \
	$(UDEV_CFLAGS)
%C%_libslotd_la_SOURCES = \
	%D%/access.c \
	%D%/access.h \
	%D%/activation.c \
	%D%/activation.h \
	%D%/arbiter.c \
	%D%/attach.c \
	%D%/attach.h \
	%D%/background.c \
	%D%/background.h \
	%D%/conf_file.c \
	%D%/conf_file.h \
	%D%/control.c \
	%D%/control.h \
	%D%/control_commands.c \
	%D%/control_commands.h \
	%D%/control_find.c \
	%D%/control_find.h \
	%D%/control_json.c \
	%D%/control_json.h \
	%D%/dialects.c \
	%D%/dialects.h \
	%D%/exchange_log.c \
	%D%/exchange_log.h \
	%D%/handler.c \
	%D%/handler.h \
	%D%/hotplug.c \
	%D%/hotplug.h \
	%D%/identity.c \
	%D%/identity.h \
	%D%/import.c \
	%D%/import.h \
	%D%/iobuf.c \
	%D%/iobuf.h \
	%D%/listener.c \
	%D%/listener.h \
	%D%/openct_client.c \
	%D%/openct_client.h \
	%D%/openct_commands.c \
	%D%/openct_commands.h \
	%D%/openct_server.c \
	%D%/openct_server.h \
	%D%/options.c \
	%D%/options.h \
	%D%/pcsc_call.h \
	%D%/pcsc_client.c \
	%D%/pcsc_client.h \
	%D%/pcsc_cmds.c \
	%D%/pcsc_connect.c \
	%D%/pcsc_control.c \
	%D%/pcsc_handle.c \
	%D%/pcsc_server.c \
	%D%/pcsc_server.h \
	%D%/pcsc_state.c \
	%D%/pcsc_state.h \
	%D%/pcsc_transaction.c \
	%D%/peer.c \
	%D%/peer.h \
	%D%/quota.c \
	%D%/quota.h \
	%D%/reader.c \
	%D%/reader.h \
	%D%/reader_life.h \
	%D%/reader_slots.c \
	%D%/refusal.c \
	%D%/refusal.h \
	%D%/registry.c \
	%D%/registry.h \
	%D%/registry_conf.c \
	%D%/registry_life.h \
	%D%/resolve.c \
	%D%/resolve.h \
	%D%/rundir.c \
	%D%/rundir.h \
	%D%/session.c \
	%D%/session.h \
	%D%/slot.c \
	%D%/slot.h \
	%D%/slot_news.c \
	%D%/slot_state.h \
	%D%/slow_cards.c \
	%D%/slow_cards.h \
	%D%/spawn.c \
	%D%/spawn.h \
	%D%/status_file.c \
	%D%/status_file.h \
	%D%/stream.c \
	%D%/stream.h \
	%D%/vpcd.c \
	%D%/vpcd.h \
	%D%/watch.c \
	%D%/watch.h
# End of libslotd_la_SOURCES
%C%_libslotd_la_LIBADD = protocols/libprotocols.la base/libbase.la \
	$(EVENT_LIBS) $(JANSSON_LIBS) $(UDEV_LIBS)

sbin_PROGRAMS += %D%/slotd
%C%_slotd_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
%C%_slotd_SOURCES = %D%/main.c
%C%_slotd_LDADD = %D%/libslotd.la
