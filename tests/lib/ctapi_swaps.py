# SPDX-License-Identifier: BSD-2-Clause
"""Cards exchanged in the middle of sessions with libctapi, on four kinds of
readers. The steps are in ctapi_swaps.c."""
from ctapi_world import play

play("ctapi_swaps")
