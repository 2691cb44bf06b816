# SPDX-License-Identifier: BSD-2-Clause
dist_man_MANS += \
	%D%/ifdhandler.8 \
	%D%/libctapi.3 \
	%D%/openct-control.8 \
	%D%/openct-ifd.8 \
	%D%/openct-tool.1 \
	%D%/openct.conf.5 \
	%D%/slotctl.1 \
	%D%/slotd.8 \
	%D%/slotemu.1
# End of dist_man_MANS

dist_doc_DATA = \
	%D%/control.md \
	%D%/hibiscus.md
# End of dist_doc_DATA

EXTRA_DIST += %D%/design.md
