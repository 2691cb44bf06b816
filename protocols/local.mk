# SPDX-License-Identifier: BSD-2-Clause
noinst_LTLIBRARIES += %D%/libprotocols.la
%C%_libprotocols_la_SOURCES = \
	%D%/channel.c \
	%D%/channel.h \
	%D%/conf.c \
	%D%/conf.h \
	%D%/ids.c \
	%D%/ids.h \
	%D%/openct_wire.c \
	%D%/openct_wire.h \
	%D%/step.h \
	%D%/usbip.c \
	%D%/usbip.h
# End of libprotocols_la_SOURCES
%C%_libprotocols_la_LIBADD = base/libbase.la
