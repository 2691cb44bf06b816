# SPDX-License-Identifier: BSD-2-Clause
noinst_PROGRAMS += %D%/genids
%C%_genids_SOURCES = %D%/genids.c
%C%_genids_LDADD = protocols/libprotocols.la base/libbase.la

# 69: after usb_id has found the interfaces (50), before uaccess (70) looks.
udevrules_DATA = %D%/69-slotd.rules
CLEANFILES += %D%/69-slotd.rules

%D%/69-slotd.rules: %D%/genids$(EXEEXT)
	$(AM_V_GEN)%D%/genids$(EXEEXT) rules > $@.new && mv $@.new $@
