# SPDX-License-Identifier: BSD-2-Clause
emulator_scripts = \
	%D%/test_cherry.py
# End of emulator_scripts
TESTS += $(emulator_scripts)
EXTRA_DIST += $(emulator_scripts) %D%/usbip_client.py
