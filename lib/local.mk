# SPDX-License-Identifier: BSD-2-Clause
# OpenCT's client library. Few of the convenience libraries' files are needed,
# so these are named one by one and the rest stays out of programs.
lib_LTLIBRARIES += %D%/libopenct.la
%C%_libopenct_la_SOURCES = \
	%D%/card.c \
	%D%/conn.c \
	%D%/conn.h \
	%D%/handle.h \
	%D%/logging.c \
	%D%/path.c \
	%D%/path.h \
	%D%/reader.c \
	%D%/status.c \
	base/clock.c \
	base/err.c \
	base/hex.c \
	protocols/openct_wire.c
# End of libopenct_la_SOURCES
%C%_libopenct_la_CFLAGS = $(AM_CFLAGS) -pthread
%C%_libopenct_la_LDFLAGS = $(AM_LDFLAGS) -pthread -version-info 1:0:0 \
	-no-undefined

openctincludedir = $(includedir)/openct
openctinclude_HEADERS = \
	%D%/openct/error.h \
	%D%/openct/logging.h \
	%D%/openct/openct.h
# End of openctinclude_HEADERS

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = lib/libopenct.pc
