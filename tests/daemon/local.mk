# SPDX-License-Identifier: BSD-2-Clause
daemon_tests = \
	%D%/test_session \
	%D%/test_settings \
	%D%/test_slot
# End of daemon_tests
check_PROGRAMS += $(daemon_tests)
TESTS += $(daemon_tests)
EXTRA_DIST += %D%/fake_handler.h %D%/fake_ifdhandler.py

%C%_test_session_CFLAGS = $(UNIT_CFLAGS)
%C%_test_session_LDADD = daemon/libslotd.la $(UNIT_LDADD)
%C%_test_settings_CFLAGS = $(UNIT_CFLAGS)
%C%_test_settings_LDADD = daemon/libslotd.la $(UNIT_LDADD)
%C%_test_slot_CFLAGS = $(UNIT_CFLAGS)
%C%_test_slot_LDADD = daemon/libslotd.la $(UNIT_LDADD)
