#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Prints card files as C: the cards that are built into slotemu, by name.
printf '/* Made from the card files by mkbuiltin.sh. */\n'
printf '#include "config.h"\n#include "emulator/card.h"\n\n'
printf 'const struct card_builtin card_builtins[] = {\n'
for f; do
	printf '\t{ "%s",\n' "$(basename "$f" .card)"
	sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g; s/^/	"/; s/$/\\n"/' "$f"
	printf '\t},\n'
done
printf '\t{ NULL, NULL },\n};\n'
