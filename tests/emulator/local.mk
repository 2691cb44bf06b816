# SPDX-License-Identifier: BSD-2-Clause
emulator_tests = \
	%D%/test_card \
	%D%/test_card_t1 \
	%D%/test_card_time \
	%D%/test_cardos \
	%D%/test_ddv \
	%D%/test_fault \
	%D%/test_openpgp \
	%D%/test_t0_ends \
	%D%/test_t1_ends
# End of emulator_tests
check_PROGRAMS += $(emulator_tests)

# These start slotemu itself.
emulator_scripts = \
	%D%/test_ccid.py \
	%D%/test_cherry.py \
	%D%/test_hostile.py \
	%D%/test_iso.py \
	%D%/test_models.py \
	%D%/test_opensc.py \
	%D%/test_token.py \
	%D%/test_vendor_tokens.py
# End of emulator_scripts
TESTS += $(emulator_tests) $(emulator_scripts)
EXTRA_DIST += $(emulator_scripts) %D%/usbip_client.py

EMULATOR_LDADD = emulator/libemulator.la $(UNIT_LDADD)
EXTRA_DIST += \
	%D%/cardos-m4.0-opensc.talk \
	%D%/cardos-opensc.talk \
	%D%/cardos.talk \
	%D%/openpgp.talk
# End of EXTRA_DIST
# Not a test: carries a card to a virtual reader.
check_PROGRAMS += %D%/vpcd_bridge
%C%_vpcd_bridge_SOURCES = %D%/vpcd_bridge.c %D%/vpcd_serve.c %D%/vpcd_serve.h
%C%_vpcd_bridge_LDADD = emulator/libemulator.la \
	protocols/libprotocols.la base/libbase.la

%C%_test_card_CFLAGS = $(UNIT_CFLAGS)
%C%_test_card_LDADD = $(EMULATOR_LDADD)
%C%_test_card_t1_CFLAGS = $(UNIT_CFLAGS)
%C%_test_card_t1_LDADD = $(EMULATOR_LDADD)
%C%_test_card_time_CFLAGS = $(UNIT_CFLAGS)
%C%_test_card_time_LDADD = $(EMULATOR_LDADD)
%C%_test_cardos_SOURCES = \
	%D%/card_talk.c \
	%D%/card_talk.h \
	%D%/test_cardos.c
# End of test_cardos_SOURCES
%C%_test_cardos_CFLAGS = $(UNIT_CFLAGS) $(CRYPTO_CFLAGS)
%C%_test_cardos_LDADD = $(EMULATOR_LDADD) $(CRYPTO_LIBS)
%C%_test_ddv_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ddv_LDADD = $(EMULATOR_LDADD)
%C%_test_fault_CFLAGS = $(UNIT_CFLAGS)
%C%_test_fault_LDADD = $(EMULATOR_LDADD)
%C%_test_openpgp_SOURCES = \
	%D%/card_talk.c \
	%D%/card_talk.h \
	%D%/test_openpgp.c
# End of test_openpgp_SOURCES
%C%_test_openpgp_CFLAGS = $(UNIT_CFLAGS) $(CRYPTO_CFLAGS)
%C%_test_openpgp_LDADD = $(EMULATOR_LDADD) $(CRYPTO_LIBS)
%C%_test_t1_ends_CFLAGS = $(UNIT_CFLAGS)
%C%_test_t1_ends_LDADD = $(EMULATOR_LDADD)
%C%_test_t0_ends_CFLAGS = $(UNIT_CFLAGS)
%C%_test_t0_ends_LDADD = $(EMULATOR_LDADD)
