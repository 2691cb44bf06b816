# SPDX-License-Identifier: BSD-2-Clause
# Programs written by others; tests/clients/check runs the executable scripts.
# What they have that is ours is built with the tests.
if HAVE_CACARD
check_PROGRAMS += %D%/cac_card
endif
%C%_cac_card_SOURCES = %D%/cac_card.c tests/emulator/vpcd_serve.c \
	tests/emulator/vpcd_serve.h
%C%_cac_card_CFLAGS = $(AM_CFLAGS) $(CACARD_CFLAGS)
%C%_cac_card_LDADD = base/libbase.la $(CACARD_LIBS)

EXTRA_DIST += \
	%D%/CtApiPassport.java \
	%D%/Hbci4java.java \
	%D%/HibiscusPlugin.java \
	%D%/Smartcardio.java \
	%D%/backend.py \
	%D%/check \
	%D%/compare.py \
	%D%/conversation.py \
	%D%/dialog.py \
	%D%/differences.txt \
	%D%/gnupg.py \
	%D%/hbci4java.py \
	%D%/hibiscus.py \
	%D%/ifd_bundle.py \
	%D%/java.py \
	%D%/jdk.py \
	%D%/mktlin.py \
	%D%/module.py \
	%D%/nss.py \
	%D%/openpgp_tool.py \
	%D%/opensc_tool.py \
	%D%/openssl_engine.py \
	%D%/p11tool.py \
	%D%/pam_p11.py \
	%D%/pcsc.pl \
	%D%/pcsc.py \
	%D%/pcsc_tools.py \
	%D%/perl.py \
	%D%/pinentry.py \
	%D%/pkcs11_tool.py \
	%D%/pkcs15_init.py \
	%D%/pyscard.py \
	%D%/rust.py \
	%D%/semantics.py \
	%D%/ssh.py \
	%D%/ykman.py
# End of EXTRA_DIST
