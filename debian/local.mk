# SPDX-License-Identifier: BSD-2-Clause
# The Debian package; tests/package builds it from the tarball.
EXTRA_DIST += \
	%D%/changelog \
	%D%/control \
	%D%/copyright \
	%D%/libctapi-dev.install \
	%D%/libctapi0.install \
	%D%/libctapi0.symbols \
	%D%/libopenct-dev.install \
	%D%/libopenct1.install \
	%D%/libopenct1.symbols \
	%D%/rules \
	%D%/slotd-emulator.install \
	%D%/slotd-ifd.install \
	%D%/slotd.README.Debian \
	%D%/slotd.docs \
	%D%/slotd.install \
	%D%/slotd.lintian-overrides \
	%D%/slotd.postinst \
	%D%/slotd.postrm \
	%D%/source/format
# End of EXTRA_DIST
