# SPDX-License-Identifier: BSD-2-Clause
# Programs written by others; tests/clients/check runs the executable scripts.
EXTRA_DIST += \
	%D%/CtApiPassport.java \
	%D%/Hbci4java.java \
	%D%/Smartcardio.java \
	%D%/backend.py \
	%D%/check \
	%D%/dialog.py \
	%D%/gnupg.py \
	%D%/hbci4java.py \
	%D%/ifd_bundle.py \
	%D%/java.py \
	%D%/jdk.py \
	%D%/mktlin.py \
	%D%/openpgp_tool.py \
	%D%/opensc_tool.py \
	%D%/pcsc.pl \
	%D%/pcsc.py \
	%D%/pcsc_tools.py \
	%D%/perl.py \
	%D%/pinentry.py \
	%D%/pkcs15_init.py \
	%D%/pyscard.py \
	%D%/rust.py \
	%D%/ykman.py
# End of EXTRA_DIST
