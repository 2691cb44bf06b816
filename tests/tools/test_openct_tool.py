# SPDX-License-Identifier: BSD-2-Clause
"""openct-tool's output, to the byte what OpenCT's printed."""
import os
import subprocess
import sys
import tempfile

from fake_openct import (DISPLAY, KEYPAD, LOCK, MEMORY_READ, RESET, TRANSACT,
                         FakeOpenct, reader, tlv)
from tap import run, same, test

BUILD = os.environ.get("top_builddir", ".")
# the program itself, not libtool's script around it: argv[0] is the point
REAL = os.path.join(BUILD, "tools/.libs/slotctl")
PROGRAM = REAL if os.path.exists(REAL) else os.path.join(BUILD, "tools/slotctl")
LIBRARIES = os.path.join(BUILD, "lib/.libs")
TOKEN = {0: reader("Cherry")}
ANSWERS = {LOCK: tlv(0x04, b"\0"), RESET: tlv(0x03, b"\x3b\x80\x01\x01")}


def openct_tool(*args, records=TOKEN, answers=None):
    """(exit status, standard output, standard error), and the requests."""
    with tempfile.TemporaryDirectory() as directory:
        server = FakeOpenct(directory, records, ANSWERS | (answers or {}))
        process = subprocess.run(
            ["/usr/bin/openct-tool", *args], executable=PROGRAM,
            env=os.environ | {"OPENCT_SOCKETDIR": directory,
                              "LD_LIBRARY_PATH": LIBRARIES},
            capture_output=True, text=True, timeout=60)
        server.close()
        result = (process.returncode, process.stdout, process.stderr)
        return result, server.requests


@test
def list_has_a_line_a_reader():
    records = {0: reader("Cherry"), 1: reader("Two", (0, 1)),
               3: reader("Pad", flags=DISPLAY | KEYPAD),
               4: reader("Dead", pid=2 ** 30),
               15: reader("All", (0,) * 8, DISPLAY), 12: reader("K", flags=2)}
    same(openct_tool("list", records=records)[0], (0,
         "  0 Cherry\n"
         "  1 Two (2 slots)\n"
         "  3 Pad (display, keypad)\n"
         " 12 K (keypad)\n"
         " 15 All (8 slots, display)\n", ""))
    same(openct_tool("list", records={})[0], (0, "", ""))


@test
def list_without_slotd_is_1():
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.run(
            ["/usr/bin/openct-tool", "list"], executable=PROGRAM,
            env=os.environ | {"OPENCT_SOCKETDIR": directory,
                              "LD_LIBRARY_PATH": LIBRARIES},
            capture_output=True, text=True, timeout=60)
    same((process.returncode, process.stdout, process.stderr),
         (1, "", "slotd is not running\n"))


@test
def atr_in_hex():
    same(openct_tool("atr")[0], (0,
         "Detected Cherry\n"
         "Card present, status changed\n"
         "ATR: 3b 80 01 01\n", ""))


@test
def atr_of_a_card_without_one():
    same(openct_tool("atr", answers={RESET: b""})[0][1].splitlines()[-1],
         "ATR:<empty>")


@test
def atr_without_card():
    records = {0: reader("Cherry", (0,))}
    same(openct_tool("atr", records=records, answers={RESET: -6})[0], (1,
         "Detected Cherry\nCard not present\n", "failed to reset card\n"))


@test
def a_lock_of_somebody_else_is_told():
    same(openct_tool("atr", answers={LOCK: -7})[0],
         (1, "Detected Cherry\n", "ct_card_lock: err=-7\n"))


@test
def the_slot_is_the_one_asked_for():
    records = {0: reader("Two", (0, 5))}
    result, requests = openct_tool("-s", "1", "atr", records=records)
    same(result[0], 0)
    same({body[1] for body in requests}, {1})


@test
def wait_says_when_a_card_is_there():
    same(openct_tool("wait")[0], (0, "Card detected\n", ""))


@test
def rwait_is_silent():
    same(openct_tool("rwait")[0], (0, "", ""))


@test
def mf_dumps_the_answer():
    fci = bytes.fromhex("6f15810200288201388302" "3f008406534c4f54" "3132") \
        + b"\x90\x00"
    result, requests = openct_tool("mf", answers={TRANSACT: tlv(0x05, fci)})
    same(result, (0,
         "Detected Cherry\n"
         "Card present, status changed\n"
         "Selected MF, response:\n"
         "0000: 6f 15 81 02 00 28 82 01 38 83 02 3f 00 84 06 53   "
         "o....(..8..?...S\n"
         "0010: 4c 4f 54 31 32 90 00" + " " * 30 + "LOT12..\n", ""))
    apdu = bytes.fromhex("00a40000023f0000")
    same([apdu in body for body in requests if body[0] == TRANSACT], [True])


@test
def mf_tries_class_c0():
    answers = {TRANSACT: [tlv(0x05, b"\x6a\x86"), tlv(0x05, b"\x90\x00")]}
    result, requests = openct_tool("mf", answers=answers)
    same(result[1].splitlines()[-1], "0000: 90 00" + " " * 45 + "..")
    same([bytes.fromhex("c0a40000023f0000") in body
          for body in requests if body[0] == TRANSACT], [False, True])


@test
def mf_that_fails_is_1():
    status, _, err = openct_tool("mf", answers={TRANSACT: -5})[0]
    same((status, err), (1, "card communication failure, err=-5\n"))


@test
def read_dumps_a_memory_card():
    answers = {MEMORY_READ: tlv(0x86, b"OpenCT\n\x80")}
    result, requests = openct_tool("read", "0x20", "8", answers=answers)
    same(result, (0,
         "Detected Cherry\n"
         "Card present, status changed\n"
         "Read 8 bytes at address 0x0020\n"
         "0000: 4f 70 65 6e 43 54 0a 80" + " " * 27 + "OpenCT..\n", ""))
    same(any(body[0] == MEMORY_READ for body in requests), True)


@test
def unknown_readers_and_commands_are_1():
    same(openct_tool("-r", "9", "atr")[0], (1, "", "Unknown reader #9\n"))
    (status, out, err), _ = openct_tool("dance")
    same((status, out, err.splitlines()[0]),
         (1, "", 'Unknown command "dance"'))
    same(openct_tool()[0][0], 1)
    same(openct_tool("-x")[0][0], 1)
    same(openct_tool("-d", "-d", "-f", "/nowhere", "list")[0][0], 0)
    same(openct_tool("-h")[0][0], 0)
    same(openct_tool("-v")[0][1].startswith("OpenCT "), True)


sys.exit(run())
