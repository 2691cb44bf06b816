# SPDX-License-Identifier: BSD-2-Clause
ifd_tests = \
	%D%/test_cardman \
	%D%/test_ccid \
	%D%/test_ccid_iccd \
	%D%/test_ccid_quirks \
	%D%/test_ccid_tpdu \
	%D%/test_cyberjack \
	%D%/test_etoken \
	%D%/test_etoken_errors \
	%D%/test_eutron \
	%D%/test_framed \
	%D%/test_ikey \
	%D%/test_link \
	%D%/test_sandbox \
	%D%/test_token_faults \
	%D%/test_token_t0 \
	%D%/test_usb_usbip \
	%D%/test_usb_vpcd \
	%D%/test_vpcd
# End of ifd_tests
check_PROGRAMS += $(ifd_tests)
TESTS += $(ifd_tests)
IFD_TEST_LDADD = ifd/libifd.la $(UNIT_LDADD)

%C%_test_cardman_SOURCES = %D%/test_cardman.c %D%/old_rows.h %D%/talk.c \
	%D%/talk.h
%C%_test_cardman_CFLAGS = $(UNIT_CFLAGS)
%C%_test_cardman_LDADD = $(IFD_TEST_LDADD)
%C%_test_ccid_SOURCES = %D%/test_ccid.c %D%/talk.c %D%/talk.h
%C%_test_ccid_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ccid_LDADD = $(IFD_TEST_LDADD)
%C%_test_ccid_iccd_SOURCES = %D%/test_ccid_iccd.c %D%/ccid_rows.h %D%/talk.c \
	%D%/talk.h
%C%_test_ccid_iccd_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ccid_iccd_LDADD = $(IFD_TEST_LDADD)
%C%_test_ccid_quirks_SOURCES = %D%/test_ccid_quirks.c %D%/ccid_rows.h \
	%D%/talk.c %D%/talk.h
%C%_test_ccid_quirks_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ccid_quirks_LDADD = $(IFD_TEST_LDADD)
%C%_test_ccid_tpdu_SOURCES = %D%/test_ccid_tpdu.c %D%/ccid_rows.h %D%/talk.c \
	%D%/talk.h
%C%_test_ccid_tpdu_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ccid_tpdu_LDADD = $(IFD_TEST_LDADD)
%C%_test_cyberjack_SOURCES = %D%/test_cyberjack.c %D%/old_rows.h %D%/talk.c \
	%D%/talk.h
%C%_test_cyberjack_CFLAGS = $(UNIT_CFLAGS)
%C%_test_cyberjack_LDADD = $(IFD_TEST_LDADD)
%C%_test_etoken_SOURCES = %D%/test_etoken.c %D%/etoken_talk.c \
	%D%/etoken_talk.h %D%/talk.c %D%/talk.h
%C%_test_etoken_CFLAGS = $(UNIT_CFLAGS)
%C%_test_etoken_LDADD = $(IFD_TEST_LDADD)
%C%_test_etoken_errors_SOURCES = %D%/test_etoken_errors.c %D%/etoken_talk.c \
	%D%/etoken_talk.h %D%/talk.c %D%/talk.h
%C%_test_etoken_errors_CFLAGS = $(UNIT_CFLAGS)
%C%_test_etoken_errors_LDADD = $(IFD_TEST_LDADD)
%C%_test_eutron_SOURCES = %D%/test_eutron.c %D%/talk.c %D%/talk.h
%C%_test_eutron_CFLAGS = $(UNIT_CFLAGS)
%C%_test_eutron_LDADD = $(IFD_TEST_LDADD)
%C%_test_ikey_SOURCES = %D%/test_ikey.c %D%/talk.c %D%/talk.h
%C%_test_ikey_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ikey_LDADD = $(IFD_TEST_LDADD)
%C%_test_framed_SOURCES = %D%/test_framed.c %D%/old_rows.h %D%/talk.c \
	%D%/talk.h
%C%_test_framed_CFLAGS = $(UNIT_CFLAGS)
%C%_test_framed_LDADD = $(IFD_TEST_LDADD)
%C%_test_link_CFLAGS = $(UNIT_CFLAGS)
%C%_test_link_LDADD = $(IFD_TEST_LDADD)
%C%_test_sandbox_CFLAGS = $(UNIT_CFLAGS)
%C%_test_sandbox_LDADD = $(IFD_TEST_LDADD)
%C%_test_token_t0_SOURCES = %D%/test_token_t0.c %D%/talk.c %D%/talk.h
%C%_test_token_t0_CFLAGS = $(UNIT_CFLAGS)
%C%_test_token_t0_LDADD = $(IFD_TEST_LDADD)
%C%_test_token_faults_SOURCES = %D%/test_token_faults.c \
	%D%/etoken_talk.c %D%/etoken_talk.h %D%/talk.c %D%/talk.h
%C%_test_token_faults_CFLAGS = $(UNIT_CFLAGS)
%C%_test_token_faults_LDADD = $(IFD_TEST_LDADD)
%C%_test_usb_usbip_CFLAGS = $(UNIT_CFLAGS)
%C%_test_usb_usbip_LDADD = $(IFD_TEST_LDADD)
%C%_test_usb_vpcd_CFLAGS = $(UNIT_CFLAGS)
%C%_test_usb_vpcd_LDADD = $(IFD_TEST_LDADD)
%C%_test_vpcd_SOURCES = %D%/test_vpcd.c %D%/old_rows.h %D%/talk.c %D%/talk.h
%C%_test_vpcd_CFLAGS = $(UNIT_CFLAGS)
%C%_test_vpcd_LDADD = $(IFD_TEST_LDADD)

ifd_scripts = \
	%D%/test_block_errors.py \
	%D%/test_cherry.py \
	%D%/test_faults.py \
	%D%/test_levels.py \
	%D%/test_models.py \
	%D%/test_old_readers.py \
	%D%/test_token_models.py
# End of ifd_scripts
TESTS += $(ifd_scripts)
EXTRA_DIST += $(ifd_scripts) %D%/handler.py
