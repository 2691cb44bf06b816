#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Rust's pcsc: the examples that come with Debian's librust-pcsc-dev, built
offline. They stay in the build directory for the next time."""
import functools
import glob
import os
import shutil
import subprocess
import sys
import time

from backend import Skip, arguments, backend, in_build, need, need_file, run, \
    same, test
from dialog import TIMEOUT, Dialog

ARGS = arguments()
REGISTRY = "/usr/share/cargo/registry"
PACKAGE = """[package]
name = "examples"
version = "0.1.0"
edition = "2018"

[dependencies]
pcsc = "2"
"""
CONFIG = """[source.crates-io]
replace-with = "debian"

[source.debian]
directory = "%s"
""" % REGISTRY
BUILD_LIMIT = 110


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


@functools.lru_cache
def build():
    """Builds the examples; their directory."""
    need("cargo")
    found = glob.glob(os.path.join(REGISTRY, "pcsc-2*", "examples"))
    need_file(found[0] if found else REGISTRY + "/pcsc", "librust-pcsc-dev")
    top = in_build("rust-examples")
    shutil.copytree(found[0], os.path.join(top, "examples"),
                    dirs_exist_ok=True)
    write(os.path.join(top, "Cargo.toml"), PACKAGE)
    write(os.path.join(top, "src", "lib.rs"), "")
    write(os.path.join(top, ".cargo", "config.toml"), CONFIG)
    # Debian's own where it is installed, whatever else comes first
    env = dict(os.environ, CARGO_HOME=os.path.join(top, "home"))
    if os.path.exists("/usr/bin/cargo"):
        env["PATH"] = "/usr/bin:" + env["PATH"]
    p = subprocess.run(["cargo", "build", "--offline", "--examples"], cwd=top,
                       env=env, capture_output=True, text=True,
                       timeout=BUILD_LIMIT)
    if p.returncode != 0:
        raise AssertionError(p.stderr)
    return os.path.join(top, "target", "debug", "examples")


def example(name):
    return os.path.join(build(), name)


@test
def readers_are_listed():
    programs = [example("list-readers"), example("list-readers-owned")]
    with backend(ARGS, cards=["sample", "sample"]) as b:
        for program in programs:
            said = b.run(program)
            for name in b.reader_names:
                assert '"%s"' % name in said, said


@test
def an_apdu_is_sent():
    program = example("readme")
    with backend(ARGS, cards=["sample"]) as b:
        said = b.run(program).splitlines()
        same(said[0], 'Using reader: "%s"' % b.reader_names[0])
        same(said[-1], "APDU response: [106, 130]")


@test
def a_card_in_a_transaction_and_attributes():
    programs = [example("connect"), example("connect-owned")]
    if ARGS.backend != "slotd":
        raise Skip("vpcd has no attributes")
    with backend(ARGS, cards=["sample"]) as b:
        for program in programs:
            said = b.run(program)
            for text in ('Reader names from status: ["%s"]' %
                         b.reader_names[0], "Protocol from status: T1",
                         "RAPDU: [106, 130]", "Vendor name: Cherry GmbH"):
                assert text in said, said


def wait_until_blocked(pid):
    """Until the program's main thread is in the same system call for a while:
    libpcsclite forgets a cancel that comes before the wait."""
    since = began = time.monotonic()
    last = "running\n"
    while time.monotonic() < min(since + 0.5, began + TIMEOUT):
        with open("/proc/%d/syscall" % pid) as f:
            now = f.read()
        if now != last or now == "running\n":
            last, since = now, time.monotonic()
        time.sleep(0.05)


@test
def a_wait_is_cancelled():
    program = example("cancel")
    with backend(ARGS, cards=["sample"]) as b, Dialog(b, program) as d:
        d.expect("press Enter to cancel")
        wait_until_blocked(d.p.pid)
        d.say()
        # it asks for the first state of all, so the change may come first
        assert d.expect("^Blocking call (canceled|exited normally)$")
        d.end()


@test
def a_monitor_sees_cards_and_readers_come_and_go():
    program = example("monitor")
    with backend(ARGS, cards=["sample", "sample"]) as b, \
            Dialog(b, program) as d:
        first, second = b.reader_names
        d.expect('"%s".*CHANGED.*PRESENT' % second)
        b.remove(1)
        d.expect('"%s".*CHANGED.*EMPTY' % second)
        b.insert(1)
        d.expect('"%s".*CHANGED.*PRESENT' % second)
        if ARGS.backend != "slotd":
            return      # vpcd's readers stay
        b.emulator.ctl("unplug", "1-1")
        d.expect('Removing "%s"' % first)
        b.emulator.ctl("plug", "1-1")
        d.expect('Adding "%s"' % first)


if __name__ == "__main__":
    sys.exit(run())
