# SPDX-License-Identifier: BSD-2-Clause
lib_tests = \
	%D%/test_conn \
	%D%/test_openct
# End of lib_tests
check_PROGRAMS += $(lib_tests) %D%/opensc_walk
TESTS += $(lib_tests)

dist_check_SCRIPTS += %D%/exports.test
TESTS += %D%/exports.test %D%/opensc_walk.py
EXTRA_DIST += %D%/exports.list %D%/opensc_walk.py %D%/fake_server.h

%C%_test_conn_SOURCES = %D%/test_conn.c %D%/fake_server.c \
	lib/conn.c lib/path.c
%C%_test_conn_CFLAGS = $(UNIT_CFLAGS) -pthread
%C%_test_conn_LDADD = $(UNIT_LDADD)

%C%_test_openct_SOURCES = %D%/test_openct.c %D%/fake_server.c
%C%_test_openct_CFLAGS = $(UNIT_CFLAGS) -pthread
%C%_test_openct_LDADD = lib/libopenct.la $(UNIT_LDADD)

%C%_opensc_walk_LDADD = lib/libopenct.la
