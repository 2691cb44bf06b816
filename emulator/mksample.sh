#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Prints a card file as the C string that is built into slotemu.
printf '/* Made from %s by mksample.sh. */\n' "$(basename "$1")"
printf '#include "config.h"\n#include "emulator/card.h"\n\n'
printf 'const char card_sample[] =\n'
sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g; s/^/	"/; s/$/\\n"/' "$1"
printf '	;\n'
