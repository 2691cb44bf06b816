#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""opensc-tool: readers, ATR, APDUs, files."""
import sys

from backend import arguments, backend, need, run, same, test

ARGS = arguments()


@test
def opensc_tool_lists_readers_and_cards():
    need("opensc-tool")
    with backend(ARGS, cards=["cardos", "sample"]) as b:
        said = b.run("opensc-tool", "-l")
        for name in b.reader_names:
            assert name in said, said
        assert said.count("Yes") == 2, said
        for i, atr in enumerate([
                "3b:f2:18:00:02:c1:0a:31:fe:58:c8:09:75",
                "3b:9d:13:81:31:fe:45:80:73:b6:21:40:57:73:6c:6f:74:65:6d:"
                "75:8f"]):
            same(b.run("opensc-tool", "-r", str(i), "-a").split()[-1], atr)


@test
def opensc_tool_sends_apdus():
    need("opensc-tool")
    with backend(ARGS, cards=["sample"]) as b:
        said = b.run("opensc-tool", "-s", "00a4000c023f00", "-s", "0084000008")
        same(said.count("(SW1=0x90, SW2=0x00)"), 2)
        same(b.run("opensc-tool", "--reset", "-s", "0084000008").count(
            "(SW1=0x90, SW2=0x00)"), 1)


@test
def opensc_tool_knows_the_card_and_walks_its_files():
    need("opensc-tool", "pkcs15-init")
    with backend(ARGS, cards=["cardos"]) as b:
        assert "CardOS" in b.run("opensc-tool", "-n")
        b.run("pkcs15-init", "-C", "--so-pin", "12345678", "--so-puk",
              "87654321")
        said = b.run("opensc-tool", "-f")
        assert "3F005015" in said.replace(" ", ""), said


if __name__ == "__main__":
    sys.exit(run())
