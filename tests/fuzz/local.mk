# SPDX-License-Identifier: BSD-2-Clause
# A target is: fuzz_x.c with LLVMFuzzerTestOneInput, one line in fuzz_targets, one
# _LDADD line, and seeds in corpus/x/. As a rule it is linked with replay.c and
# runs its seeds in `make check`; configured with CC=clang --enable-fuzzers
# --enable-sanitizers it is a libFuzzer program, and `make fuzz` runs each one for
# FUZZ_SECONDS. What libFuzzer finds is left in tests/fuzz/found/ of the build.
fuzz_targets = \
	%D%/fuzz_apdu \
	%D%/fuzz_atr \
	%D%/fuzz_ccid_desc \
	%D%/fuzz_ccid_driver \
	%D%/fuzz_ccid_exchange \
	%D%/fuzz_ccid_msg \
	%D%/fuzz_conf \
	%D%/fuzz_cyberjack \
	%D%/fuzz_frame \
	%D%/fuzz_ctbcs \
	%D%/fuzz_openct_wire \
	%D%/fuzz_pcsc_wire \
	%D%/fuzz_pps \
	%D%/fuzz_script \
	%D%/fuzz_t0 \
	%D%/fuzz_t1 \
	%D%/fuzz_tlv \
	%D%/fuzz_vpcd
# End of fuzz_targets

%C%_fuzz_apdu_LDADD = $(FUZZ_LDADD)
%C%_fuzz_atr_LDADD = $(FUZZ_LDADD)
%C%_fuzz_ccid_desc_LDADD = $(FUZZ_LDADD)
%C%_fuzz_ccid_driver_LDADD = ifd/libifd.la $(FUZZ_LDADD)
%C%_fuzz_ccid_exchange_LDADD = $(FUZZ_LDADD)
%C%_fuzz_ccid_msg_LDADD = $(FUZZ_LDADD)
%C%_fuzz_conf_LDADD = $(FUZZ_LDADD)
%C%_fuzz_cyberjack_LDADD = $(FUZZ_LDADD)
%C%_fuzz_frame_LDADD = $(FUZZ_LDADD)
%C%_fuzz_ctbcs_LDADD = $(FUZZ_LDADD)
%C%_fuzz_openct_wire_LDADD = $(FUZZ_LDADD)
%C%_fuzz_pcsc_wire_LDADD = $(FUZZ_LDADD)
%C%_fuzz_pps_LDADD = $(FUZZ_LDADD)
%C%_fuzz_script_LDADD = $(FUZZ_LDADD)
%C%_fuzz_t0_LDADD = $(FUZZ_LDADD)
%C%_fuzz_t1_LDADD = $(FUZZ_LDADD)
%C%_fuzz_tlv_LDADD = $(FUZZ_LDADD)
%C%_fuzz_vpcd_LDADD = ifd/libifd.la $(FUZZ_LDADD)
# End of fuzz LDADD

FUZZ_LIBS = protocols/libprotocols.la base/libbase.la
FUZZ_SECONDS = 60
EXTRA_DIST += %D%/corpus %D%/fuzz.h

if FUZZERS
FUZZ_LDADD = $(FUZZ_LIBS) $(LIB_FUZZING_ENGINE)
EXTRA_PROGRAMS += $(fuzz_targets)
fuzz: $(fuzz_targets)
	@for t in $(fuzz_targets); do \
		x=$${t##*/fuzz_}; found=%D%/found/$$x; mkdir -p $$found; \
		echo "== $$x"; \
		$$t -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
		    -print_final_stats=1 -verbosity=0 \
		    -artifact_prefix=$$found- $$found \
		    $(srcdir)/%D%/corpus/$$x || exit 1; \
	done
else
FUZZ_LDADD = %D%/libreplay.la $(FUZZ_LIBS)
check_LTLIBRARIES += %D%/libreplay.la
%C%_libreplay_la_SOURCES = %D%/replay.c
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
fuzz:
	@echo "make fuzz: configure with CC=clang --enable-fuzzers" \
	    "--enable-sanitizers" >&2; exit 1
endif
.PHONY: fuzz
