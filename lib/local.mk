# SPDX-License-Identifier: BSD-2-Clause
# What both client libraries need. Few of the other folders' files are, so these
# are named one by one and the rest stays out of programs.
noinst_LTLIBRARIES += %D%/libclient.la
%C%_libclient_la_SOURCES = \
	%D%/await.c \
	%D%/card.c \
	%D%/conn.c \
	%D%/conn.h \
	%D%/handle.h \
	%D%/path.c \
	%D%/path.h \
	%D%/record.c \
	base/clock.c \
	protocols/openct_wire.c
# End of libclient_la_SOURCES
%C%_libclient_la_CFLAGS = $(AM_CFLAGS) -pthread

# OpenCT's client library.
lib_LTLIBRARIES += %D%/libopenct.la
%C%_libopenct_la_SOURCES = \
	%D%/logging.c \
	%D%/reader.c \
	%D%/status.c \
	base/err.c \
	base/hex.c
# End of libopenct_la_SOURCES
%C%_libopenct_la_CFLAGS = $(AM_CFLAGS) -pthread
%C%_libopenct_la_LDFLAGS = $(AM_LDFLAGS) -pthread -version-info 1:0:0 \
	-no-undefined
%C%_libopenct_la_LIBADD = %D%/libclient.la

# CT-API, for home banking; also under the name of OpenCT's module.
lib_LTLIBRARIES += %D%/libctapi.la
%C%_libctapi_la_SOURCES = \
	%D%/ctapi.c \
	%D%/ctapi.h \
	%D%/ctapi_bcs.c \
	%D%/ctapi_log.c \
	%D%/ctapi_log.h \
	%D%/ctapi_port.c \
	%D%/ctapi_port.h \
	%D%/ctbcs.h \
	%D%/terminal.c \
	%D%/terminal.h \
	protocols/apdu.c \
	protocols/atr.c \
	protocols/ctbcs.c \
	protocols/sw.c
# End of libctapi_la_SOURCES
%C%_libctapi_la_CFLAGS = $(AM_CFLAGS) -pthread
%C%_libctapi_la_LDFLAGS = $(AM_LDFLAGS) -pthread -version-info 0:0:0 \
	-no-undefined -export-symbols-regex '^CT_(init|data|close)$$'
%C%_libctapi_la_LIBADD = %D%/libclient.la
LINKS += $(libdir)/libopenctapi.so:libctapi.so.0

EXTRA_DIST += %D%/Info.plist.in %D%/reader.conf.in
if DAEMON
# pcscd's driver for readers of slotd's, in a bundle as pcscd has them. Drivers
# that reader.conf names have another place: pcscd warns of a bundle there.
IFD_BUNDLE = openct-ifd.bundle/Contents
LINKS += $(bundledir)/serial/openct-ifd.so:../$(IFD_BUNDLE)/Linux/openct-ifd.so
ifdbundledir = $(bundledir)/$(IFD_BUNDLE)
ifdbundle_DATA = %D%/Info.plist
doc_DATA = %D%/reader.conf
CLEANFILES += %D%/Info.plist %D%/reader.conf
ifdlibdir = $(ifdbundledir)/Linux
ifdlib_LTLIBRARIES = %D%/openct-ifd.la
%C%_openct_ifd_la_SOURCES = \
	%D%/ifdh.c \
	%D%/ifdh.h \
	%D%/ifdh_bell.c \
	%D%/ifdh_bell.h \
	%D%/ifdh_channel.c \
	%D%/ifdh_channel.h \
	%D%/ifdh_log.c \
	%D%/ifdh_log.h \
	%D%/ifdh_name.c \
	%D%/ifdh_name.h \
	base/err.c
# End of openct_ifd_la_SOURCES
%C%_openct_ifd_la_CFLAGS = $(AM_CFLAGS) -pthread
%C%_openct_ifd_la_LDFLAGS = $(AM_LDFLAGS) -pthread -module -avoid-version \
	-shared -no-undefined -export-symbols-regex '^IFDH'
%C%_openct_ifd_la_LIBADD = %D%/libclient.la

%D%/Info.plist: %D%/Info.plist.in
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	$(SED) -e 's|@version[@]|$(PACKAGE_VERSION)|' \
		$(srcdir)/%D%/Info.plist.in > $@.new && mv $@.new $@

%D%/reader.conf: %D%/reader.conf.in
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	$(SED) -e 's|@serialdir[@]|$(bundledir)/serial|' \
		$(srcdir)/%D%/reader.conf.in > $@.new && mv $@.new $@
endif DAEMON

include_HEADERS = \
	%D%/ctapi.h \
	%D%/ctbcs.h
# End of include_HEADERS

openctincludedir = $(includedir)/openct
openctinclude_HEADERS = \
	%D%/openct/error.h \
	%D%/openct/logging.h \
	%D%/openct/openct.h
# End of openctinclude_HEADERS

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = lib/libctapi.pc lib/libopenct.pc
