# SPDX-License-Identifier: BSD-2-Clause
noinst_LTLIBRARIES += %D%/libbase.la
%C%_libbase_la_SOURCES = \
	%D%/bytes.h \
	%D%/clock.c \
	%D%/clock.h \
	%D%/err.c \
	%D%/err.h \
	%D%/file.c \
	%D%/file.h \
	%D%/hex.c \
	%D%/hex.h \
	%D%/log.c \
	%D%/log.h \
	%D%/must_use.h \
	%D%/secret.h \
	%D%/secret_block.c \
	%D%/secret_block.h \
	%D%/usb_holder.c \
	%D%/usb_holder.h
# End of libbase_la_SOURCES
