# SPDX-License-Identifier: BSD-2-Clause
daemon_tests = \
	%D%/test_conf_file \
	%D%/test_hotplug \
	%D%/test_one_card \
	%D%/test_openct_commands \
	%D%/test_registry \
	%D%/test_session \
	%D%/test_slot \
	%D%/test_status_file \
	%D%/test_stream \
	%D%/test_vpcd
# End of daemon_tests
check_PROGRAMS += $(daemon_tests) %D%/ctapi_say
TESTS += $(daemon_tests)
daemon_scripts = \
	%D%/test_access.py \
	%D%/test_activation.py \
	%D%/test_config.py \
	%D%/test_control.py \
	%D%/test_dialects.py \
	%D%/test_escape.py \
	%D%/test_etoken.py \
	%D%/test_handlers.py \
	%D%/test_openct.py \
	%D%/test_pcsc.py \
	%D%/test_pcsc_replay.py \
	%D%/test_pcsc_turns.py \
	%D%/test_quota.py \
	%D%/test_readers.py \
	%D%/test_start.py \
	%D%/test_slow_cards.py \
	%D%/test_watch.py
# End of daemon_scripts
TESTS += $(daemon_scripts) %D%/libudev.test
dist_check_SCRIPTS += %D%/libudev.test
EXTRA_DIST += $(daemon_scripts) %D%/fake_handler.h \
	%D%/fake_ifdhandler.py %D%/harness.py %D%/openct_wire.py \
	%D%/pcsc %D%/pcsc_wire.py %D%/vpcd_card.py

%C%_test_conf_file_CFLAGS = $(UNIT_CFLAGS)
%C%_test_conf_file_LDADD = daemon/libslotd.la $(UNIT_LDADD)
%C%_test_hotplug_CFLAGS = $(UNIT_CFLAGS)
%C%_test_hotplug_LDADD = daemon/libslotd.la $(UNIT_LDADD)
%C%_test_one_card_CFLAGS = $(UNIT_CFLAGS)
%C%_test_one_card_LDADD = daemon/libslotd.la $(UNIT_LDADD)
%C%_test_registry_CFLAGS = $(UNIT_CFLAGS) $(EVENT_CFLAGS)
%C%_test_registry_LDADD = daemon/libslotd.la $(UNIT_LDADD)
%C%_test_session_CFLAGS = $(UNIT_CFLAGS)
%C%_test_session_LDADD = daemon/libslotd.la $(UNIT_LDADD)
%C%_test_slot_CFLAGS = $(UNIT_CFLAGS)
%C%_test_slot_LDADD = daemon/libslotd.la $(UNIT_LDADD)
%C%_test_openct_commands_CFLAGS = $(UNIT_CFLAGS)
%C%_test_openct_commands_LDADD = daemon/libslotd.la $(UNIT_LDADD)
%C%_test_status_file_CFLAGS = $(UNIT_CFLAGS)
%C%_test_status_file_LDADD = daemon/libslotd.la $(UNIT_LDADD)
%C%_test_stream_CFLAGS = $(UNIT_CFLAGS)
%C%_test_stream_LDADD = daemon/libslotd.la $(UNIT_LDADD)
%C%_test_vpcd_CFLAGS = $(UNIT_CFLAGS) $(EVENT_CFLAGS)
%C%_test_vpcd_LDADD = daemon/libslotd.la $(UNIT_LDADD)
%C%_ctapi_say_LDADD = lib/libctapi.la base/libbase.la
