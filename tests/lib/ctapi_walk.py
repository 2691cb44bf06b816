# SPDX-License-Identifier: BSD-2-Clause
"""What programs that use libctapi run into, on the real chain: slotd, ifdhandler
and emulated readers with DDV cards. The steps are in ctapi_walk.c."""
from ctapi_world import play

play("ctapi_walk")
