# SPDX-License-Identifier: BSD-2-Clause
lib_tests = \
	%D%/test_conn \
	%D%/test_ifdh \
	%D%/test_openct
# End of lib_tests
check_PROGRAMS += $(lib_tests) %D%/ctapi_swaps %D%/ctapi_traces \
	%D%/ctapi_walk %D%/opensc_walk
TESTS += $(lib_tests)

dist_check_SCRIPTS += %D%/ctapi_exports.test %D%/exports.test
TESTS += %D%/ctapi_exports.test %D%/exports.test
if DAEMON
TESTS += %D%/ctapi_log.py %D%/ctapi_swaps.py %D%/ctapi_traces.py \
	%D%/ctapi_walk.py %D%/opensc_walk.py
endif DAEMON
EXTRA_DIST += %D%/ctapi_client.h %D%/ctapi_log.py %D%/ctapi_swaps.py \
	%D%/ctapi_traces.py %D%/ctapi_walk.py %D%/ctapi_world.py %D%/exports.list \
	%D%/fake_server.h %D%/opensc_walk.py

%C%_test_conn_SOURCES = %D%/test_conn.c %D%/fake_server.c \
	lib/conn.c lib/path.c
%C%_test_conn_CFLAGS = $(UNIT_CFLAGS) -pthread
%C%_test_conn_LDADD = $(UNIT_LDADD)

# pcscd's driver is no library: its sources are linked.
%C%_test_ifdh_SOURCES = %D%/test_ifdh.c %D%/fake_server.c \
	lib/ifdh.c \
	lib/ifdh_bell.c \
	lib/ifdh_channel.c \
	lib/ifdh_log.c \
	lib/ifdh_name.c
# End of test_ifdh_SOURCES
%C%_test_ifdh_CFLAGS = $(UNIT_CFLAGS) -pthread
%C%_test_ifdh_LDADD = lib/libclient.la $(UNIT_LDADD)

%C%_test_openct_SOURCES = %D%/test_openct.c %D%/fake_server.c
%C%_test_openct_CFLAGS = $(UNIT_CFLAGS) -pthread
%C%_test_openct_LDADD = lib/libopenct.la $(UNIT_LDADD)

%C%_opensc_walk_LDADD = lib/libopenct.la

# They load libctapi themselves.
%C%_ctapi_swaps_SOURCES = %D%/ctapi_swaps.c %D%/ctapi_client.c
%C%_ctapi_swaps_CFLAGS = $(AM_CFLAGS) -pthread
%C%_ctapi_swaps_LDADD = base/libbase.la -ldl
%C%_ctapi_traces_SOURCES = %D%/ctapi_traces.c %D%/ctapi_client.c
%C%_ctapi_traces_LDADD = base/libbase.la -ldl
%C%_ctapi_walk_SOURCES = %D%/ctapi_walk.c %D%/ctapi_client.c
%C%_ctapi_walk_CFLAGS = $(AM_CFLAGS) -pthread
%C%_ctapi_walk_LDADD = base/libbase.la -ldl
