# SPDX-License-Identifier: BSD-2-Clause
# What every unit test program is linked with.
UNIT_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
UNIT_LDADD = protocols/libprotocols.la base/libbase.la $(CHECK_LIBS)
EXTRA_DIST += %D%/unit.h
