# SPDX-License-Identifier: BSD-2-Clause
# make bench prints what an APDU and an idle second cost; nothing is asserted.
EXTRA_PROGRAMS += %D%/bench_apdu
%C%_bench_apdu_SOURCES = %D%/bench_apdu.c
%C%_bench_apdu_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/lib
%C%_bench_apdu_LDADD = lib/libopenct.la base/libbase.la
EXTRA_DIST += %D%/bench.py %D%/readers.py %D%/tokens.py

.PHONY: bench
bench: all %D%/bench_apdu$(EXEEXT)
	$(top_srcdir)/%D%/bench.py .
	$(top_srcdir)/%D%/readers.py .
	$(top_srcdir)/%D%/tokens.py .
