# SPDX-License-Identifier: BSD-2-Clause
EXTRA_DIST += \
	%D%/examples/mdev.conf.in \
	%D%/examples/openwrt-hotplug.in \
	%D%/examples/slotd.init.in \
	%D%/examples/slotd.openrc.in \
	%D%/openct.conf.in \
	%D%/slotd.service.in \
	%D%/slotd.socket.in \
	%D%/slotd.sysusers \
	%D%/slotd.tmpfiles.in
# End of EXTRA_DIST

noinst_DATA += %D%/openct.conf
CLEANFILES += %D%/openct.conf %D%/slotd.service %D%/slotd.socket \
	%D%/sysusers/slotd.conf %D%/tmpfiles/slotd.conf

PUT_PATHS = $(SED) -e 's|@sbindir[@]|$(sbindir)|g' \
	-e 's|@libexecdir[@]|$(libexecdir)|g' \
	-e 's|@socketdir[@]|$(socketdir)|g' \
	-e 's|@rundirectory[@]|$(patsubst /run/%,%,$(socketdir))|g'

# The driver blocks are those of protocols/ids.c.
%D%/openct.conf: %D%/openct.conf.in udev/genids$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	udev/genids$(EXEEXT) conf > $@.ids && \
	$(PUT_PATHS) -e '/^@drivers[@]$$/{' -e 'r $@.ids' -e 'd' -e '}' \
		$(srcdir)/%D%/openct.conf.in > $@.new && \
	rm -f $@.ids && mv $@.new $@

PUT_FILE = $(AM_V_GEN)$(MKDIR_P) $(@D) && $(PUT_PATHS)

%D%/slotd.service: %D%/slotd.service.in
	$(PUT_FILE) $(srcdir)/%D%/slotd.service.in > $@.new && mv $@.new $@

%D%/slotd.socket: %D%/slotd.socket.in
	$(PUT_FILE) $(srcdir)/%D%/slotd.socket.in > $@.new && mv $@.new $@

# Both are installed as slotd.conf.
%D%/sysusers/slotd.conf: %D%/slotd.sysusers
	$(PUT_FILE) $(srcdir)/%D%/slotd.sysusers > $@.new && mv $@.new $@

%D%/tmpfiles/slotd.conf: %D%/slotd.tmpfiles.in
	$(PUT_FILE) $(srcdir)/%D%/slotd.tmpfiles.in > $@.new && mv $@.new $@

# For systems without systemd, without udev.
EXAMPLES = \
	%D%/examples/mdev.conf \
	%D%/examples/openwrt-hotplug \
	%D%/examples/slotd.init \
	%D%/examples/slotd.openrc
# End of EXAMPLES
$(EXAMPLES): %D%/examples/%: %D%/examples/%.in
	$(PUT_FILE) $< > $@.new && mv $@.new $@
CLEANFILES += $(EXAMPLES)

examplesdir = $(docdir)/examples
examples_DATA = $(EXAMPLES)
dist_systemdunit_DATA = %D%/slotd-pcscd.socket
systemdunit_DATA = %D%/slotd.service %D%/slotd.socket
sysusersdir = $(prefix)/lib/sysusers.d
sysusers_DATA = %D%/sysusers/slotd.conf
tmpfilesdir = $(prefix)/lib/tmpfiles.d
tmpfiles_DATA = %D%/tmpfiles/slotd.conf

# An administrator's openct.conf is never written over, nor taken away.
install-data-hook:
	$(MKDIR_P) $(DESTDIR)$(sysconfdir)
	test -e $(DESTDIR)$(sysconfdir)/openct.conf || \
		$(INSTALL_DATA) %D%/openct.conf $(DESTDIR)$(sysconfdir)/openct.conf
uninstall-local:
	! cmp -s %D%/openct.conf $(DESTDIR)$(sysconfdir)/openct.conf || \
		rm -f $(DESTDIR)$(sysconfdir)/openct.conf
