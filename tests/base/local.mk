# SPDX-License-Identifier: BSD-2-Clause
base_tests = \
	%D%/test_bytes \
	%D%/test_err \
	%D%/test_file \
	%D%/test_hex \
	%D%/test_log \
	%D%/test_secret_block \
	%D%/test_usb_holder
# End of base_tests
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)

%C%_test_bytes_CFLAGS = $(UNIT_CFLAGS)
%C%_test_bytes_LDADD = $(UNIT_LDADD)
%C%_test_err_CFLAGS = $(UNIT_CFLAGS)
%C%_test_err_LDADD = $(UNIT_LDADD)
%C%_test_file_CFLAGS = $(UNIT_CFLAGS)
%C%_test_file_LDADD = $(UNIT_LDADD)
%C%_test_hex_CFLAGS = $(UNIT_CFLAGS)
%C%_test_hex_LDADD = $(UNIT_LDADD)
%C%_test_log_CFLAGS = $(UNIT_CFLAGS)
%C%_test_log_LDADD = $(UNIT_LDADD)
%C%_test_secret_block_CFLAGS = $(UNIT_CFLAGS)
%C%_test_secret_block_LDADD = $(UNIT_LDADD)
%C%_test_usb_holder_CFLAGS = $(UNIT_CFLAGS)
%C%_test_usb_holder_LDADD = $(UNIT_LDADD)
