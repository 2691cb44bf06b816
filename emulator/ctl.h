/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_CTL_H
#define EMULATOR_CTL_H

/* "slotemu ctl": sends one request to a running slotemu; the exit code. */
int	ctl_main(int argc, char **argv);

#endif
