#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""hbci4java, what Hibiscus is made of, with home-banking cards: over CT-API (its
passport bound to libctapi by CtApiPassport.java) and over PC/SC, through Java's
javax.smartcardio and libpcsclite."""
import os
import sys
import tempfile

from backend import TOP, Skip, arguments, backend, in_build, run, same, test
from jdk import compile_java, jar

ARGS = arguments()
PIN_BLOCK = "2512345f"
# The commands of one session over CT-API, as headers, to the terminal (1) and
# to the card (0), and the answers.
OPENING = """1 20 11 00 00 9000, 1 20 13 00 81 9000, 1 20 12 01 01 9001,
1 20 11 01 01 9001, 0 00 a4 00 0c 9000"""
READING = "0 00 b2 01 cc 9000, 0 00 b2 01 d4 9000"
SIGNING = {
    "ddv-1": "0 00 dc 01 dc 9000, 0 08 b2 01 dc 9000",
    "ddv-0": "0 00 dc 01 dc 9000, 0 00 da 01 00 9000, 0 04 b2 01 dc 9000",
}
KEYS = {
    "ddv-1": "0 b0 ee 80 02 9000, 0 b0 ee 80 03 9000",
    "ddv-0": "0 00 a4 02 0c 9000, 0 00 b2 01 04 9000, "
             "0 00 a4 02 0c 9000, 0 00 b2 01 04 9000",
}
CLOSING = "1 20 15 01 04 9000, 1 20 11 00 00 9000, 1 20 13 00 81 9000"


def hbci4java(b, *words, **how):
    """Compiles the program and runs it; what it said."""
    jars = [jar("hbci4j-core.jar", "libhbci4j-core-java"),
            jar("jna.jar", "libjna-java"),
            jar("jaxb-api.jar", "libjaxb-api-java")]
    java, *path = compile_java(b, "CtApiPassport", "Hbci4java", jars=jars)
    # the card's number goes through a string and back in this encoding
    return b.run(java, "-Dfile.encoding=ISO-8859-1", *path, *words, **how)


def rows(text):
    return [row.strip() for row in text.split(",")]


def opening_rows(card):
    aid = ["0 00 a4 04 0c 9000"] if card == "ddv-0" else \
        rows("0 00 a4 04 0c 6a82, 0 00 a4 00 0c 9000, 0 00 a4 04 0c 9000")
    return rows(OPENING) + aid + rows(READING) + rows(KEYS[card]) + \
        ["0 00 b2 01 e4 9000"]


def session_rows(card):
    crypt = rows("0 00 84 00 00 9000, 0 00 88 00 83 9000") * 2 + \
        rows("0 00 88 00 83 9000") * 2
    return opening_rows(card) + \
        rows("1 20 13 00 81 9000, 0 00 20 00 81 9000") + \
        rows(SIGNING[card]) * 3 + crypt + ["0 00 dc 01 e4 9000"] + \
        rows(CLOSING)


def logged_rows(log):
    """The commands in the log, in the same form."""
    found = []
    for line in log.splitlines():
        words = line.replace(":", " ").replace(",", " ").split()
        if "CT_data" in words:
            at = words.index("to")
            sw = words[words.index("bytes") + 1]
            found.append(" ".join([words[at + 1]] + words[at + 2:at + 6] +
                                  [sw]))
    return found


def ctapi(card, *more, **how):
    """What is said, and the log."""
    if ARGS.backend != "slotd":
        raise Skip("CT-API is slotd's")
    with backend(ARGS, cards=[card]) as b:
        log = b.path("ctapi.log")
        b.env.update(OPENCT_SOCKETDIR=b.slotd.run, CTAPI_LOG=log)
        said = hbci4java(b, "ctapi", in_build("lib", ".libs", "libctapi.so.0"),
                         *more, **how)
        return said, b.read("ctapi.log").decode()


def ctapi_works(card):
    said, log = ctapi(card)
    same(said, "all is well\n")
    same(logged_rows(log), session_rows(card) + opening_rows(card) +
         session_rows(card))
    same(log.count("CT_init ctn 0 port 1: 0, done"), 3)
    same(log.count("CT_close ctn 0: 0, done"), 2)
    assert PIN_BLOCK not in log.replace(" ", ""), "the PIN is in the log"


@test
def hbci4java_over_ctapi_with_a_ddv_1_card():
    ctapi_works("ddv-1")


@test
def hbci4java_over_ctapi_with_a_ddv_0_card():
    ctapi_works("ddv-0")


@test
def hbci4java_over_ctapi_with_a_wrong_pin():
    """One try is lost, not three; hbci4java hears of it by the next command."""
    said, log = ctapi("ddv-1", "54321", code=1)
    assert "Fehler 6982: Sicherheitszustand nicht erf" in said, said
    same(logged_rows(log), opening_rows("ddv-1") + rows(
        "1 20 13 00 81 9000, 0 00 20 00 81 63c2, 0 00 dc 01 dc 6982"))


@test
def hbci4java_over_pcsc_with_a_ddv_1_card():
    with backend(ARGS, cards=["ddv-1"]) as b:
        same(hbci4java(b, "pcsc", b.reader_names[0]), "all is well\n")


@test
def hbci4java_over_pcsc_with_a_ddv_0_card():
    """Which it takes for one only when the card says T=0; real ones say T=1."""
    with open(os.path.join(TOP, "emulator", "cards", "ddv-0.card")) as f:
        lines = ["atr 3b 02 14 50\n" if line.startswith("atr") else line
                 for line in f]
    with tempfile.NamedTemporaryFile("w", suffix=".card") as card:
        card.writelines(lines)
        card.flush()
        with backend(ARGS, cards=[card.name]) as b:
            same(hbci4java(b, "pcsc", b.reader_names[0]), "all is well\n")


if __name__ == "__main__":
    sys.exit(run())
