# SPDX-License-Identifier: BSD-2-Clause
EXTRA_DIST += \
	%D%/check \
	%D%/guest-init \
	%D%/guest-systemd \
	%D%/guest_systemd.py \
	%D%/guest_tests.py \
	%D%/initrd-init \
	%D%/suspend-init \
	%D%/suspend.py \
	%D%/vm.py
# End of EXTRA_DIST
