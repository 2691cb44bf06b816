# SPDX-License-Identifier: BSD-2-Clause
noinst_LTLIBRARIES += %D%/libprotocols.la
%C%_libprotocols_la_SOURCES = \
	%D%/apdu.c \
	%D%/apdu.h \
	%D%/atr.c \
	%D%/atr.h \
	%D%/atr_text.c \
	%D%/atr_text.h \
	%D%/ccid_chain.c \
	%D%/ccid_chain.h \
	%D%/ccid_desc.c \
	%D%/ccid_desc.h \
	%D%/ccid_exchange.c \
	%D%/ccid_exchange.h \
	%D%/ccid_msg.c \
	%D%/ccid_msg.h \
	%D%/ccid_params.c \
	%D%/ccid_params.h \
	%D%/ccid_plan.c \
	%D%/ccid_plan.h \
	%D%/ccid_quirks.c \
	%D%/ccid_quirks.h \
	%D%/channel.c \
	%D%/channel.h \
	%D%/conf.c \
	%D%/conf.h \
	%D%/ctbcs.c \
	%D%/ctbcs.h \
	%D%/cyberjack.c \
	%D%/cyberjack.h \
	%D%/frame.h \
	%D%/frame_ac1030.c \
	%D%/frame_ac1038.c \
	%D%/frame_epass3000.c \
	%D%/iccd.c \
	%D%/iccd.h \
	%D%/ids.c \
	%D%/ids.h \
	%D%/openct_wire.c \
	%D%/openct_wire.h \
	%D%/pps.c \
	%D%/pps.h \
	%D%/rutoken.c \
	%D%/rutoken.h \
	%D%/script.c \
	%D%/script.h \
	%D%/step.h \
	%D%/sw.c \
	%D%/sw.h \
	%D%/t0.c \
	%D%/t0.h \
	%D%/t0_char.c \
	%D%/t0_char.h \
	%D%/t1.c \
	%D%/t1.h \
	%D%/t1_block.c \
	%D%/t1_block.h \
	%D%/tlv.c \
	%D%/tlv.h \
	%D%/usb_desc.c \
	%D%/usb_desc.h \
	%D%/usb_setup.h \
	%D%/usbip.c \
	%D%/usbip.h
# End of libprotocols_la_SOURCES
%C%_libprotocols_la_LIBADD = base/libbase.la
