# SPDX-License-Identifier: BSD-2-Clause
tools_tests = \
	%D%/test_config.py \
	%D%/test_ctapi_test.py \
	%D%/test_openct_control.py \
	%D%/test_openct_tool.py \
	%D%/test_slotctl.py
# End of tools_tests
TESTS += $(tools_tests)
EXTRA_DIST += \
	$(tools_tests) \
	%D%/ccid-table.py \
	%D%/fake_control.py \
	%D%/fake_openct.py \
	%D%/tap.py \
	%D%/tap.sh
# End of EXTRA_DIST
