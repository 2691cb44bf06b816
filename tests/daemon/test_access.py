# SPDX-License-Identifier: BSD-2-Clause
"""The access block of openct.conf, enforced by the real slotd on clients of
other users, through each of its dialects. The card is played by this test."""
import contextlib
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import Tap, Timeout  # noqa: E402
from openct_wire import Connection, status, transact  # noqa: E402
from pcsc_wire import NAME, OK, UNKNOWN_READER, World  # noqa: E402

ALICE, BOB, STAFF = 64001, 64002, 64003
SECURITY_VIOLATION = 0x8010006a
ESCAPE = 0x42000001
CHALLENGE = "0084000008"
NOBODY = ("", 0, [0] * 8, 0, 0)


@contextlib.contextmanager
def user(uid, *groups):
    """What connects in here is this user's; the connection stays so."""
    os.setgroups(groups)
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups([])


@contextlib.contextmanager
def world(rules, **more):
    """rules None: no access block."""
    config = "" if rules is None else "access { %s };\n" % rules
    with World(config=config, **more) as w:
        os.chmod(w.d.dir, 0o755)        # others may come to the sockets
        yield w


def by_control(w, uid, *groups):
    """What a user can do: "", "see", "use"."""
    with user(uid, *groups):
        c = w.d.control()
    with c:
        seen = c.ask(cmd="list")["readers"]
        got = c.ask(cmd="transmit", reader=0, apdu=CHALLENGE)
        info = c.ask(cmd="info", reader=0)
        who = c.ask(cmd="who")
    assert bool(seen) == info["ok"], (seen, info)
    assert who["ok"]
    if not seen:
        assert got["error"] == "NO_READER", got
        return ""
    if got["ok"]:
        return "use"
    assert (got["error"], got["text"]) == (
        "DENIED", "you may not use this reader (access in openct.conf)"), got
    return "see"


def by_pcsc(w, uid, *groups):
    with user(uid, *groups):
        c = w.client()
    with c:
        seen = NAME in [s.name for s in c.states()]
        rv = c.connect()[0]
        if rv == OK:
            return "use"
    assert rv == (SECURITY_VIOLATION if seen else UNKNOWN_READER), hex(rv)
    return "see" if seen else ""


def by_openct(w, uid, *groups):
    with user(uid, *groups):
        c = Connection(w.d)
    with c:
        try:
            error, _ = c.ask(bytes([0, 0]))         # STATUS
        except (EOFError, ConnectionError):
            return ""
        assert error == 0
        error, body = c.ask(transact(bytes.fromhex(CHALLENGE)))
    return "use" if error == 0 else "see"


WAYS = {"control": by_control, "pcsc": by_pcsc, "openct": by_openct}


def may(w, uid, *groups):
    return [way(w, uid, *groups) for way in WAYS.values()]


def users_and_groups(t):
    use, see, none = ["use"] * 3, ["see"] * 3, [""] * 3
    rows = [
        (None, use, use, use, "no block: everybody"),
        ("", none, none, none, "an empty block: nobody but root"),
        ("user %d { may = use; };" % ALICE, use, none, none, "a user"),
        ("group %d { may = see; };" % STAFF, none, none, see, "a group"),
        ("group %d { may = use; };" % BOB, none, use, use, "a main group"),
        ("user %d { may = nothing; }; other { may = use; };" % ALICE, none,
         use, use, "all but one"),
        ("group %d { may = nothing; }; other { may = see; };" % STAFF, see,
         see, none, "all but a group"),
        ("other { may = see; }; user %d { may = use; };" % ALICE, see, see,
         see, "the first rule counts"),
        ("user no-such-user-here { may = use; };", none, none, none,
         "a user that nobody knows"),
        ("user %d { may = use; readers = { r, }; };" % ALICE, use, none, none,
         "a reader by its label"),
        ("user %d { may = use; readers = { usb:046a/002d, }; };" % ALICE, use,
         none, none, "a reader by its ids"),
        ("user %d { may = use; readers = { x, usb:046a/002e, }; };" % ALICE,
         none, none, none, "other readers"),
        ("user %d { may = use; dialects = { pcsc, }; };"
         "other { may = see; dialects = control; };" % ALICE,
         ["see", "use", ""], ["see", "", ""], ["see", "", ""],
         "one dialect, and another"),
        ("usr %d { may = nothing; }; other { may = use; };" % ALICE, none,
         none, none, "a mistake lets nobody in"),
    ]
    for rules, alice, bob, staff, name in rows:
        with world(rules) as w:
            t.eq([may(w, ALICE), may(w, BOB), may(w, BOB, STAFF)],
                 [alice, bob, staff], name)
            t.eq(may(w, 0), use, "root may, always")


def the_status_file(t):
    """Everybody can read it, so it shows what everybody may see."""
    for rules, shown in (("user %d { may = use; };" % ALICE, False),
                         ("other { may = see; dialects = openct; };", True),
                         ("group %d { may = nothing; }; other { may = use; };"
                          % STAFF, False)):
        with world(rules) as w:
            t.eq(status(w.d) != NOBODY, shown, "the status file: " + rules)
            w.remove()
            w.insert()
            t.eq(status(w.d) != NOBODY, shown, "after a new card")


def events(t):
    with world("user %d { may = see; };" % ALICE) as w:
        with user(ALICE):
            a = w.d.control()
        with user(BOB):
            b = w.d.control()
        with a, b:
            t.eq([len(c.ask(cmd="watch")["readers"]) for c in (a, b)], [1, 0],
                 "who may see it watches it")
            w.remove()
            t.eq(a.event()["event"], "card-removed", "and is told of events")
            b.ask(cmd="hello")
            t.eq(b.events, [], "others are not")


def escapes(t):
    """A right of its own, and nothing where the reader lets none through."""
    rules = "access { user %d { may = escape; }; other { may = use; }; };" % \
        ALICE
    for switch, alice in (("yes", OK), ("no", SECURITY_VIOLATION)):
        with World(config="escape = %s; %s\n" % (switch, rules)) as w:
            os.chmod(w.d.dir, 0o755)
            for uid, want in ((ALICE, alice), (BOB, SECURITY_VIOLATION),
                              (0, alice)):
                with user(uid):
                    c = w.client()
                with c:
                    card = c.card()
                    t.eq((c.control(card, ESCAPE, b"\x99")[0],
                          c.transmit(card)[0]), (want, OK),
                         "escape = %s: user %d" % (switch, uid))


def reload(t):
    """Rights that are taken away are taken away at once."""
    with world("user %d { may = use; };" % ALICE) as w:
        with user(ALICE):
            c, p, o = w.d.control(), w.client(), Connection(w.d)
        with c, p, o:
            card = p.card()
            ask = transact(bytes.fromhex(CHALLENGE))
            t.eq((c.ask(cmd="transmit", apdu=CHALLENGE)["ok"],
                  p.transmit(card)[0], o.ask(ask)[0]), (True, OK, 0),
                 "a user at work")
            w.d.configure("access { };\n" + w.reader)
            w.d.signal(signal.SIGHUP)
            w.d.wait_log("again")
            t.eq(c.ask(cmd="transmit", apdu=CHALLENGE)["error"], "NO_READER",
                 "the rules are new: control")
            t.eq(p.transmit(card)[0], SECURITY_VIOLATION, "pcsc")
            t.eq(o.ask(ask)[0], -1, "openct")
            w.d.configure(w.reader)
            w.d.signal(signal.SIGHUP)
            w.d.wait_log("again")
            t.eq((c.ask(cmd="transmit", apdu=CHALLENGE)["ok"],
                  p.transmit(card)[0], o.ask(ask)[0]), (True, OK, 0),
                 "and given back")


def reload_shows(t):
    """The status file follows openct.conf, too, with no card that moves."""
    with world("other { may = see; };") as w:
        for rules, shown in (("access { };\n", False),
                             ("access { other { may = see; }; };\n", True)):
            w.d.configure(rules + w.reader)
            w.d.signal(signal.SIGHUP)
            w.d.wait_log("again")
            t.eq(status(w.d) != NOBODY, shown, "the status file: " + rules)


def reload_wakes(t):
    """Whoever waits for readers hears of those that may be seen now."""
    with world("") as w:
        with user(ALICE):
            p = w.client()
        with p:
            t.eq(p.wait(), [], "a PC/SC program that sees no reader waits")
            w.d.configure(w.reader)
            w.d.signal(signal.SIGHUP)
            t.eq(p.pair()[1], OK, "a reload gives it one: it is told")
            t.eq(len(p.states()), 1, "and sees it")


def many_groups(t):
    """With more groups than slotd looks at nobody gets by a rule."""
    rules = "group %d { may = nothing; }; other { may = use; };" % STAFF
    crowd = list(range(65001, 65101))
    with world(rules) as w:
        t.eq(by_control(w, ALICE, *crowd[:60]), "use", "60 groups")
        t.eq(by_control(w, ALICE, *crowd, STAFF), "", "101, the last kept out")


def main():
    t = Tap()
    if os.geteuid() != 0:
        t.ok(True, "access # SKIP only root can be several users")
        t.done()
    for test in (users_and_groups, the_status_file, events, escapes,
                 reload, reload_shows, reload_wakes, many_groups):
        try:
            test(t)
        except (Timeout, AssertionError, OSError, EOFError) as e:
            t.ok(False, "%s: %r" % (test.__name__, e))
    t.done()


main()
