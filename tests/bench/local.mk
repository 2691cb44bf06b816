# SPDX-License-Identifier: BSD-2-Clause
# make bench prints what things cost and how long who waits; nothing is asserted.
EXTRA_PROGRAMS += %D%/bench_apdu %D%/bench_pcsc
%C%_bench_apdu_SOURCES = %D%/bench_apdu.c
%C%_bench_apdu_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/lib
%C%_bench_apdu_LDADD = lib/libopenct.la base/libbase.la
%C%_bench_pcsc_LDADD = base/libbase.la -ldl
EXTRA_DIST += %D%/bench.py %D%/contention.py %D%/readers.py %D%/tokens.py \
	%D%/transmit.py %D%/vpcd.py

.PHONY: bench
bench: all %D%/bench_apdu$(EXEEXT) %D%/bench_pcsc$(EXEEXT) \
		tests/emulator/vpcd_bridge$(EXEEXT)
	$(top_srcdir)/%D%/bench.py .
	$(top_srcdir)/%D%/contention.py .
	$(top_srcdir)/%D%/readers.py .
	$(top_srcdir)/%D%/tokens.py .
	$(top_srcdir)/%D%/transmit.py .
	$(top_srcdir)/%D%/vpcd.py .
