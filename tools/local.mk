# SPDX-License-Identifier: BSD-2-Clause
bin_PROGRAMS += %D%/slotctl
%C%_slotctl_SOURCES = \
	%D%/cmd_atr.c \
	%D%/cmd_config.c \
	%D%/cmd_ctapi_test.c \
	%D%/cmd_help.c \
	%D%/cmd_info.c \
	%D%/cmd_list.c \
	%D%/cmd_mf.c \
	%D%/cmd_reload.c \
	%D%/cmd_reset.c \
	%D%/cmd_send.c \
	%D%/cmd_wait.c \
	%D%/cmd_watch.c \
	%D%/cmd_who.c \
	%D%/conf_text.c \
	%D%/conf_text.h \
	%D%/control_client.c \
	%D%/control_client.h \
	%D%/ctl.c \
	%D%/exchange.c \
	%D%/exchange.h \
	%D%/openct_tool.c \
	%D%/openct_tool.h \
	%D%/options.c \
	%D%/options.h \
	%D%/print.c \
	%D%/print.h \
	%D%/show_atr.c \
	%D%/show_atr.h \
	%D%/slotctl.c \
	%D%/slotctl.h
# End of slotctl_SOURCES
%C%_slotctl_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
%C%_slotctl_LDADD = \
	lib/libctapi.la \
	lib/libopenct.la \
	protocols/libprotocols.la \
	base/libbase.la \
	$(JANSSON_LIBS)
# End of slotctl_LDADD

# One binary, two names: argv[0] says which program it is.
LINKS += $(bindir)/openct-tool:slotctl

sbin_PROGRAMS += %D%/openct-control
%C%_openct_control_SOURCES = \
	%D%/control_client.c \
	%D%/control_client.h \
	%D%/openct_control.c \
	%D%/print.c \
	%D%/print.h \
	%D%/start_slotd.c \
	%D%/start_slotd.h
# End of openct_control_SOURCES
%C%_openct_control_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
%C%_openct_control_LDADD = \
	lib/libopenct.la \
	protocols/libprotocols.la \
	base/libbase.la \
	$(JANSSON_LIBS)
# End of openct_control_LDADD
