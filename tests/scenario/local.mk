# SPDX-License-Identifier: BSD-2-Clause
scenario_scripts = \
	%D%/test_bad_readers.py \
	%D%/test_crowd.py \
	%D%/test_keygen.py \
	%D%/test_losses.py \
	%D%/test_old_readers.py \
	%D%/test_pcsc_path.py \
	%D%/test_pcsc_programs.py \
	%D%/test_secrets.py \
	%D%/test_tokens.py \
	%D%/test_valgrind.py \
	%D%/test_vpcd.py
# End of scenario_scripts
TESTS += $(scenario_scripts)
EXTRA_DIST += $(scenario_scripts)

# A long rough ride, for SOAK_SECONDS (60) with SOAK_SEED (the time).
EXTRA_DIST += %D%/soak.py
.PHONY: soak
soak: all
	$(TESTS_ENVIRONMENT) $(PY_LOG_COMPILER) $(top_srcdir)/%D%/soak.py $(SOAK_SECONDS) $(SOAK_SEED)

# what the scripts start
check_PROGRAMS += %D%/send_apdu
%C%_send_apdu_LDADD = lib/libopenct.la
