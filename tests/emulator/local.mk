# SPDX-License-Identifier: BSD-2-Clause
emulator_scripts = \
	%D%/test_ccid.py \
	%D%/test_cherry.py \
	%D%/test_hostile.py \
	%D%/test_iso.py \
	%D%/test_models.py
# End of emulator_scripts
TESTS += $(emulator_scripts)
EXTRA_DIST += $(emulator_scripts) %D%/usbip_client.py
