# SPDX-License-Identifier: BSD-2-Clause
scenario_scripts = \
	%D%/test_keygen.py \
	%D%/test_losses.py
# End of scenario_scripts
TESTS += $(scenario_scripts)
EXTRA_DIST += $(scenario_scripts)
