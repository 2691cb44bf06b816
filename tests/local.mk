# SPDX-License-Identifier: BSD-2-Clause
# What every unit test program is linked with.
UNIT_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
UNIT_LDADD = protocols/libprotocols.la base/libbase.la $(CHECK_LIBS)
EXTRA_DIST += %D%/unit.h

# Tests in Python print TAP too.
TEST_EXTENSIONS = .py
PY_LOG_DRIVER = $(LOG_DRIVER)
PY_LOG_COMPILER = python3
AM_PY_LOG_FLAGS = -B
