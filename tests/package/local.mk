# SPDX-License-Identifier: BSD-2-Clause
# Run by ./check package, not by `make check'.
EXTRA_DIST += \
	%D%/check \
	%D%/inside
# End of EXTRA_DIST
