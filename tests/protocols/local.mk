# SPDX-License-Identifier: BSD-2-Clause
protocols_tests = \
	%D%/test_atr \
	%D%/test_atr_text \
	%D%/test_channel \
	%D%/test_conf \
	%D%/test_ids \
	%D%/test_openct_wire \
	%D%/test_usbip
# End of protocols_tests
check_PROGRAMS += $(protocols_tests)
TESTS += $(protocols_tests)

%C%_test_atr_CFLAGS = $(UNIT_CFLAGS)
%C%_test_atr_LDADD = $(UNIT_LDADD)
%C%_test_atr_text_CFLAGS = $(UNIT_CFLAGS)
%C%_test_atr_text_LDADD = $(UNIT_LDADD)
%C%_test_channel_CFLAGS = $(UNIT_CFLAGS)
%C%_test_channel_LDADD = $(UNIT_LDADD)
%C%_test_conf_CFLAGS = $(UNIT_CFLAGS)
%C%_test_conf_LDADD = $(UNIT_LDADD)
%C%_test_ids_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ids_LDADD = $(UNIT_LDADD)
%C%_test_openct_wire_CFLAGS = $(UNIT_CFLAGS)
%C%_test_openct_wire_LDADD = $(UNIT_LDADD)
%C%_test_usbip_CFLAGS = $(UNIT_CFLAGS)
%C%_test_usbip_LDADD = $(UNIT_LDADD)
