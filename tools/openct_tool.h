/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_OPENCT_TOOL_H
#define TOOLS_OPENCT_TOOL_H

#include <stdbool.h>

/*
 * openct-tool: the commands of OpenCT's program of that name and their output,
 * to the byte, over libopenct. The same binary as slotctl, told by its name.
 */

/* Whether argv[0] calls for it. */
bool	openct_tool_is(const char *argv0);

/* Its main. Returns the exit status: 0 or 1, as OpenCT's. */
int	openct_tool_main(int argc, char **argv);

#endif
