# SPDX-License-Identifier: BSD-2-Clause
EXTRA_DIST += \
	%D%/peer.h \
	%D%/reader.h \
	%D%/registry.h \
	%D%/session.h \
	%D%/slot.h
