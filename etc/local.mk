# SPDX-License-Identifier: BSD-2-Clause
EXTRA_DIST += \
	%D%/openct.conf.in \
	%D%/slotd.service.in \
	%D%/slotd.sysusers
# End of EXTRA_DIST

noinst_DATA += %D%/openct.conf
CLEANFILES += %D%/openct.conf %D%/slotd.service %D%/slotd.conf

PUT_PATHS = $(SED) -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@libexecdir[@]|$(libexecdir)|g'

# The driver blocks are those of protocols/ids.c.
%D%/openct.conf: %D%/openct.conf.in udev/genids$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	udev/genids$(EXEEXT) conf > $@.ids && \
	$(PUT_PATHS) -e '/^@drivers[@]$$/{' -e 'r $@.ids' -e 'd' -e '}' \
		$(srcdir)/%D%/openct.conf.in > $@.new && \
	rm -f $@.ids && mv $@.new $@

%D%/slotd.service: %D%/slotd.service.in
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	$(PUT_PATHS) $(srcdir)/%D%/slotd.service.in > $@.new && mv $@.new $@

%D%/slotd.conf: %D%/slotd.sysusers
	$(AM_V_GEN)$(MKDIR_P) %D% && cp $(srcdir)/%D%/slotd.sysusers $@

systemdunit_DATA = %D%/slotd.service
sysusersdir = $(prefix)/lib/sysusers.d
sysusers_DATA = %D%/slotd.conf

# An administrator's openct.conf is never written over, nor taken away.
install-data-hook:
	$(MKDIR_P) $(DESTDIR)$(sysconfdir)
	test -e $(DESTDIR)$(sysconfdir)/openct.conf || \
		$(INSTALL_DATA) %D%/openct.conf $(DESTDIR)$(sysconfdir)/openct.conf
uninstall-local:
	! cmp -s %D%/openct.conf $(DESTDIR)$(sysconfdir)/openct.conf || \
		rm -f $(DESTDIR)$(sysconfdir)/openct.conf
