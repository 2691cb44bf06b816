# SPDX-License-Identifier: BSD-2-Clause
"""Tests as functions, results as TAP."""
import traceback

TESTS = []


class Skip(Exception):
    """Raised by a test that cannot run here; its text says why."""


def test(function):
    """Marks a function as a test; its name is the test's."""
    TESTS.append(function)
    return function


def same(got, want):
    """Fails, showing both sides, when they differ."""
    if got != want:
        raise AssertionError(f"got\n{got!r}\nwanted\n{want!r}")


def run():
    """Runs all tests; returns the exit status."""
    print(f"1..{len(TESTS)}")
    failed = 0
    for number, function in enumerate(TESTS, 1):
        name = function.__name__.replace("_", " ")
        try:
            function()
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except Exception:
            failed += 1
            for line in traceback.format_exc().splitlines():
                print("#", line)
            print(f"not ok {number} - {name}", flush=True)
        else:
            print(f"ok {number} - {name}", flush=True)
    return failed != 0
