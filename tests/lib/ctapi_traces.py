# SPDX-License-Identifier: BSD-2-Clause
"""libctapi, used as home banking and others use it, on the real chain: slotd,
ifdhandler and emulated readers with DDV cards. The steps are in
ctapi_traces.c."""
import os

from ctapi_world import play

PIN = "2512345f"


def log_is_right(t, d):
    log = os.path.join(d.dir, "ctapi.log")
    with open(log) as f:
        text = f.read()
    t.ok("CT_init ctn 0 port 1: 0, done" in text, "the log has CT_init")
    t.ok("00 20 00 81, 16 bytes: 9000" in text, "and VERIFY")
    t.ok(PIN not in text.replace(" ", ""), "but not the PIN")
    t.eq(os.stat(log).st_mode & 0o777, 0o600, "and is the user's own")


play("ctapi_traces", log_is_right)
