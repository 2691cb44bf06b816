# SPDX-License-Identifier: BSD-2-Clause
"""slotd and its ifdhandlers: how they are born, hang, lie, die and come back.
The handler is fake_ifdhandler.py, the USB/IP server is this test."""
import os
import signal
import time

from harness import ERR, FAKE_IFDHANDLER, FakeServer, Slotd, Tap, Timeout, kill

POLLS = 8               # of channel_info's flags


def fake(slotd):
    return FakeServer(slotd.dir)


def new_slotd():
    return Slotd(handler=FAKE_IFDHANDLER)


def birth(t):
    os.environ["SECRET"] = "not for handlers"
    with new_slotd() as d, fake(d) as server:
        d.start(d.reader(server.address, "1-7", driver="odd"))
        b = server.handler().born
        t.eq(b["argv"], ["--driver", "odd", "--kind", "usbip", "--debug", "3",
                         "--devid", str(1 << 16 | 2), "--speed", "2"], "argv")
        t.eq({k: v for k, v in b["env"].items() if k != "LC_CTYPE"}, {},
             "an empty environment")
        t.eq(b["fds"][:5], [0, 1, 2, 3, 4], "its descriptors")
        t.ok(len(b["fds"]) == 6, "and no other (but its look at them)")
        t.eq(b["pgid"], b["pid"], "a Ctrl-C is not for it")


def ready_and_quit(t):
    with new_slotd() as d, fake(d) as server:
        d.start(d.reader(server.address, "1-1"))
        h = server.handler()
        h.do("READY", slots=2)
        h.do("CARD", slot=1, arg=0)
        h.do("CARD", slot=0, arg=1)
        m = h.expect("POWER_ON")
        t.eq((m["slot"], m["arg"]), (0, 0), "the card is powered on, cold")
        h.answer(m, data="3b00")
        t.ok("Fake Reader" in d.wait_log("is ready"), "ready when all is known")
        code, took = d.stop()
        t.eq(h.expect("QUIT")["said"], "QUIT", "told to go")
        t.ok(code == 0 and took < 1, "SIGTERM: out in %.3f s" % took)
        t.eq(os.listdir(d.run), [f for f in os.listdir(d.run)
                                 if f == "status"], "nothing is left behind")


def deaf_to_quit(t):
    with new_slotd() as d, fake(d) as server:
        d.start(d.reader(server.address, "1-1"))
        h = server.handler().become_ready()
        d.wait_log("is ready")
        h.do("hang")
        code, took = d.stop()
        t.ok(code == 0 and took < 1, "deaf handler: out in %.3f s" % took)
        t.ok(h.gone(), "and the handler is dead")


def killed_and_back(t):
    with new_slotd() as d, fake(d) as server:
        d.start(d.reader(server.address, "1-1"))
        h = server.handler().become_ready()
        d.wait_log("is ready")
        for i in range(2):
            began = time.monotonic()
            kill(h.born["pid"])
            d.wait_log(r"killed by signal 9 \(Killed\)")
            h = server.handler().become_ready()
            d.wait_log("is ready")
            t.ok(time.monotonic() - began < 1, "killed, back in a second")


def lies(t):
    """Messages no handler of ours sends; each costs that handler only."""
    rows = [
        ("a message cut short", dict(what="raw", hex="0b0000"), "malformed"),
        ("an unknown type", dict(what="raw", hex="7f" + "00" * 11),
         "malformed"),
        ("an unknown error", dict(what="raw", hex="0d00ff00" + "00" * 8),
         "malformed"),
        ("our own request", dict(what="TRANSMIT"), "wrong direction"),
        ("a slot it has not", dict(what="CARD", slot=9, arg=1), "has not"),
        ("READY cut short", dict(what="raw", hex="0b" + "00" * 12),
         "makes no sense"),
    ]
    for name, order, words in rows:
        with new_slotd() as d, fake(d) as server, \
                FakeServer(d.dir, "other") as other:
            d.start(d.reader(server.address, "1-1") +
                    d.reader(other.address, "1-1", name="s"))
            keep = other.handler().become_ready()
            h = server.handler()
            h.do(order.pop("what"), **order)
            t.ok(words in d.wait_log("its handler was killed"), name)
            t.ok(h.gone(), "the end of it")
            h = server.handler().become_ready()
            t.ok(d.wait_log("reader 0: .* is ready"), "a fresh one works")
            t.ok(not any("reader 1" in line and "handler" in line
                         for line in d.log), "the other heard nothing")
            keep.do("exit")


def ready_twice(t):
    with new_slotd() as d, fake(d) as server:
        d.start(d.reader(server.address, "1-1"))
        h = server.handler().become_ready()
        d.wait_log("is ready")
        h.do("READY")
        t.ok(d.wait_log("READY that makes no sense"), "READY twice")
        t.ok(h.gone(), "the end of it")


def failure(t):
    with new_slotd() as d, fake(d) as server:
        d.start(d.reader(server.address, "1-1"))
        h = server.handler()
        h.do("FAILED", err=ERR["READER"], data=b"no bulk endpoint".hex())
        h.do("exit")
        t.ok("no bulk endpoint" in d.wait_log("bulk"), "its words are told")
        server.handler().do("exit", status=3)
        t.ok(d.wait_log("ended with status 3"), "its exit status too")
        server.handler().become_ready()
        t.ok(d.wait_log("is ready"), "third time lucky")


def failure_without_end(t):
    with new_slotd() as d, fake(d) as server:
        d.start(d.reader(server.address, "1-1"))
        h = server.handler().become_ready()
        d.wait_log("is ready")
        h.do("FAILED", err=ERR["STALL"], data=b"stuck".hex())
        d.wait_log("stuck")
        t.ok(h.gone(), "a handler that failed and stays is killed")
        server.handler().become_ready()
        t.ok(d.wait_log("is ready"), "the next one works")


def unplugged(t):
    with new_slotd() as d, fake(d) as server:
        d.start(d.reader(server.address, "1-1"))
        h = server.handler().become_ready()
        d.wait_log("is ready")
        h.do("FAILED", err=ERR["GONE"])
        h.do("exit")
        t.ok(d.wait_log("unplugged"), "unplugged")
        server.accept()[0].sendall(bytes.fromhex("0111000300000004"))
        server.handler().become_ready()
        t.ok(d.wait_log("reader 0: .*is ready"), "back with its number")


def silence(t):
    with new_slotd() as d, fake(d) as server:
        d.start(d.reader(server.address, "1-1"))
        h = server.handler()
        h.do("READY")
        h.do("CARD", arg=1)
        h.expect("POWER_ON")
        t.eq(h.expect("PING")["said"], "PING", "asked for a sign of life")
        h.do("PONG")
        t.eq(h.expect("PING")["said"], "PING", "and again")
        h.do("hang")
        t.ok(d.wait_log("no sign of life"), "killed for its silence")
        server.handler().become_ready()
        t.ok(d.wait_log("is ready"), "the next one does better")


def ready_without_a_card(server):
    """slotd owes it no power-off later, so nothing is ever asked of it."""
    h = server.handler()
    h.do("READY")
    h.do("CARD", arg=0)
    return h


def stopped(t):
    """One that is stopped while idle is noticed by that alone."""
    with new_slotd() as d, fake(d) as server:
        d.start(d.reader(server.address, "1-1"))
        h = ready_without_a_card(server)
        d.wait_log("is ready")
        os.kill(h.born["pid"], signal.SIGSTOP)
        t.ok(d.wait_log("no sign of life"), "a stopped handler is replaced")
        server.handler().become_ready()
        t.ok(d.wait_log("is ready"), "the next one goes on")


def hung_without_a_card(t):
    """slotd knows by itself that no card is in, yet asks whether it is true."""
    with new_slotd() as d, fake(d) as server:
        d.start(d.reader(server.address, "1-1"))
        h = ready_without_a_card(server)
        d.wait_log("is ready")
        h.do("hang")
        with d.control() as c:
            end = time.monotonic() + 10
            while time.monotonic() < end:       # it was heard of just now
                error = c.ask(cmd="transmit", reader=0, apdu="00840000")["error"]
                if error != "NO_CARD":
                    break
                time.sleep(0.1)
        t.ok(d.wait_log("no sign of life"), "a client's question finds it out")
        server.handler().become_ready()
        t.ok(d.wait_log("is ready"), "the next one does better")


def hung_in_a_look(t):
    """It is asked which cards are in, and says nothing at all any more."""
    with new_slotd() as d, fake(d) as server:
        d.start(d.reader(server.address, "1-1"))
        h = server.handler()
        h.do("READY", flags=POLLS)
        h.do("CARD", arg=0)
        while h.expect("WATCH")["arg"] != 0:
            pass
        h.do("hang")
        with d.control() as c:
            t.ok(c.ask(cmd="list")["ok"], "an answer without a look")
            c.send(cmd="transmit", reader=0, apdu="00840000")
            t.ok(d.wait_log("no sign of life"), "the silence is noticed")
            t.ok(not c.answer()["ok"], "nobody waits for it any longer")


def log_lines(t):
    with new_slotd() as d, fake(d) as server:
        d.start(d.reader(server.address, "1-1"))
        h = server.handler()
        h.do("LOG", arg=1, data=b"a\x1b[31mb\nc".hex())
        t.ok(d.wait_log(r"warning: reader 0: a\?\[31mb\?c"),
             "a handler cannot forge lines")
        for _ in range(300):
            h.do("LOG", arg=1, data=b"flood".hex())
        h.become_ready()
        d.wait_log("is ready")
        t.ok(sum("flood" in line for line in d.log) < 201,
             "nor flood the log")


def bad_servers(t):
    """None of them holds up the others."""
    with new_slotd() as d, fake(d) as good, \
            FakeServer(d.dir, "closes") as closes, \
            FakeServer(d.dir, "lies") as lies_, \
            FakeServer(d.dir, "busy") as busy, \
            FakeServer(d.dir, "slow") as slow:
        servers = [slow, closes, lies_, busy, good]
        d.start("".join(d.reader(s.address, "1-%d" % i, name="r%d" % i)
                        for i, s in enumerate(servers)))
        quiet, busid = slow.accept()
        t.eq(busid, "1-0", "its bus id is asked for")
        closes.accept()[0].close()
        t.ok(d.wait_log("reader 1: .*closed the connection"), "one hangs up")
        lies_.accept()[0].sendall(b"HTTP/1.1 400 Bad Request\r\n")
        t.ok(d.wait_log("reader 2: .*no USB/IP server"), "one is no server")
        busy.accept()[0].sendall(bytes.fromhex("0111000300000002"))
        t.ok(d.wait_log("reader 3: .*in use by another"), "one is in use")
        good.handler().become_ready()
        t.ok(d.wait_log("reader 4: .*is ready"), "one is good")
        began = time.monotonic()
        closes.accept()[0].close()
        t.ok(time.monotonic() - began < 2, "asked again soon")
        quiet.close()


def signals(t):
    with new_slotd() as d, fake(d) as server, \
            FakeServer(d.dir, "second") as second:
        d.start(d.reader(server.address, "1-1"))
        server.handler().become_ready()
        d.wait_log("is ready")
        d.configure("colour = ")
        d.signal(signal.SIGHUP)
        t.ok(d.wait_log(r"openct.conf:1:\d+: expected"), "SIGHUP: the error")
        t.ok(d.wait_log("old configuration stays"), "and nothing changes")
        d.configure(d.reader(server.address, "1-1") +
                    d.reader(second.address, "1-1", name="s"))
        d.signal(signal.SIGHUP)
        h = second.handler().become_ready()
        t.ok(d.wait_log("reader 1: .* is ready"), "SIGHUP: a new reader")
        d.configure(d.reader(server.address, "1-1"))
        d.signal(signal.SIGHUP)
        t.ok(h.gone(), "SIGHUP: and gone again")


def one_per_directory(t):
    import subprocess
    with new_slotd() as d:
        d.start()
        p = subprocess.run(d.command("--foreground"), capture_output=True,
                           text=True, timeout=20)
        t.eq(p.returncode, 1, "a second slotd is refused")
        t.ok("already runs in %s, pid %d" % (d.run, d.process.pid)
             in p.stderr, "in words")
        with open(d.run + "/slotd.pid") as f:
            t.eq(int(f.read()), d.process.pid, "pid file")
        d.stop()
        d.configure("x")
        p = subprocess.run(d.command("--foreground"), capture_output=True,
                           text=True, timeout=20)
        t.eq(p.returncode, 1, "a bad configuration is refused")
        t.ok(d.config + ":1:2: expected" in p.stderr, "with its place")
        os.unlink(d.config)
        p = subprocess.run(d.command("--foreground"), capture_output=True,
                           text=True, timeout=20)
        t.ok(p.returncode == 1 and d.config + ": No such file" in p.stderr,
             "so is one that is not there")
        d.configure("")
        os.chmod(d.run, 0o777)
        p = subprocess.run(d.command("--foreground"), capture_output=True,
                           text=True, timeout=20)
        t.ok(p.returncode == 1 and "written to by others" in p.stderr,
             "so is a directory anybody can write to")


def background(t):
    import subprocess
    with new_slotd() as d:
        d.configure("")
        p = subprocess.run(d.command(), capture_output=True, timeout=20)
        t.eq(p.returncode, 0, "it says when it is ready")
        with open(d.run + "/slotd.pid") as f:
            pid = int(f.read())
        with open("/proc/%d/stat" % pid) as f:
            stat = f.read().rsplit(")", 1)[1].split()
        t.eq(int(stat[4]), 0, "no terminal")
        t.ok(int(stat[3]) != pid, "and never again one")
        watch = os.pidfd_open(pid)
        kill(pid, signal.SIGTERM)
        import select
        t.ok(select.select([watch], [], [], 20)[0], "SIGTERM ends it")
        os.close(watch)
        d.configure("x")
        p = subprocess.run(d.command(), capture_output=True, timeout=20)
        t.eq(p.returncode, 1, "errors are told before")


def main():
    t = Tap()
    for test in (birth, ready_and_quit, deaf_to_quit, killed_and_back, lies,
                 ready_twice, failure, failure_without_end, unplugged,
                 silence, stopped, hung_without_a_card, hung_in_a_look,
                 log_lines, bad_servers, signals, one_per_directory, background):
        try:
            test(t)
        except (Timeout, AssertionError, OSError, EOFError) as e:
            t.ok(False, "%s: %r" % (test.__name__, e))
    t.done()


main()
