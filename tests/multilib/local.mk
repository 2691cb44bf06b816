# SPDX-License-Identifier: BSD-2-Clause
# Run by ./check multilib, not by `make check'.
EXTRA_DIST += %D%/check
