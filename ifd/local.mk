# SPDX-License-Identifier: BSD-2-Clause
# Everything but main, so that the tests can link it.
noinst_LTLIBRARIES += %D%/libifd.la
%C%_libifd_la_SOURCES = \
	%D%/cardman.c \
	%D%/ccid.c \
	%D%/ccid.h \
	%D%/ccid_card.c \
	%D%/ccid_iccd.c \
	%D%/ccid_open.c \
	%D%/ccid_power.c \
	%D%/ccid_pseudo.c \
	%D%/ccid_setup.c \
	%D%/cyberjack.c \
	%D%/driver.h \
	%D%/drivers.c \
	%D%/egate.c \
	%D%/engine.c \
	%D%/engine.h \
	%D%/engine_pipes.c \
	%D%/engine_state.h \
	%D%/epass3000.c \
	%D%/etoken.c \
	%D%/etoken64.c \
	%D%/eutron.c \
	%D%/exchange.c \
	%D%/exchange.h \
	%D%/framed.c \
	%D%/framed.h \
	%D%/framed_card.c \
	%D%/handler.c \
	%D%/handler.h \
	%D%/identify.c \
	%D%/identify.h \
	%D%/ikey.c \
	%D%/link.c \
	%D%/link.h \
	%D%/pertosmart.c \
	%D%/pipes.c \
	%D%/pipes.h \
	%D%/rutoken.c \
	%D%/sandbox.c \
	%D%/sandbox.h \
	%D%/starkey.c \
	%D%/token.c \
	%D%/token.h \
	%D%/token_blocks.c \
	%D%/token_blocks.h \
	%D%/token_request.c \
	%D%/token_request.h \
	%D%/token_t0.c \
	%D%/token_t0.h \
	%D%/usb.c \
	%D%/usb.h \
	%D%/usb_libusb.c \
	%D%/usb_usbip.c \
	%D%/usb_vpcd.c \
	%D%/vpcd.c \
	%D%/vpcd.h
# End of libifd_la_SOURCES
%C%_libifd_la_CFLAGS = $(AM_CFLAGS) $(LIBUSB_CFLAGS) $(SECCOMP_CFLAGS)
%C%_libifd_la_LIBADD = protocols/libprotocols.la base/libbase.la \
	$(LIBUSB_LIBS) $(SECCOMP_LIBS)

sbin_PROGRAMS += %D%/ifdhandler
%C%_ifdhandler_SOURCES = \
	%D%/main.c
# End of ifdhandler_SOURCES
%C%_ifdhandler_LDADD = %D%/libifd.la
