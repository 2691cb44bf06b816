#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""slotctl against a played control socket: words, JSON, exit statuses."""
import json
import os
import re
import subprocess
import sys
import tempfile

from fake_control import CHERRY, EMPTY, FakeControl, refuse
from tap import Skip, run, same, test

SLOTCTL = os.path.join(os.environ.get("top_builddir", "."), "tools/slotctl")
CLEAN = {k: v for k, v in os.environ.items() if k != "OPENCT_SOCKETDIR"}
SELECT = "00a4000c023f00"
READ = "00b0000000"


class Result:
    def __init__(self, process, requests, directory):
        self.status = process.returncode
        self.out = process.stdout.replace(directory, "DIR")
        self.err = process.stderr.replace(directory, "DIR")
        self.requests = requests

    def all(self):
        return self.status, self.out, self.err


def slotctl(*args, fake=None, stdin="", env=None):
    """Runs slotctl against a FakeControl made with the arguments in fake."""
    with tempfile.TemporaryDirectory() as directory:
        server = FakeControl(directory, **fake) if fake is not None else None
        process = subprocess.run(
            [SLOTCTL, "--socket-dir", directory, *args], input=stdin,
            env=CLEAN | (env or {}), capture_output=True, text=True,
            timeout=60)
        if server is not None:
            server.close()
        return Result(process, server.requests if server else [], directory)


def one(**answers):
    return {"readers": [CHERRY], "answers": answers}


# root without the right to pass every door
CLOSED_DOORS = ["setpriv", "--clear-groups",
                "--bounding-set=-dac_override,-dac_read_search"]


# the ways to fail, each with its status

@test
def no_daemon_is_3_and_says_how_to_start_it():
    same(slotctl("list").all(), (3, "",
         "slotctl: slotd is not running (no DIR/control)\n"
         "  start it: systemctl start slotd (or by hand: slotd --foreground)\n"
         ))


@test
def a_socket_nobody_listens_at_is_3():
    with tempfile.TemporaryDirectory() as directory:
        FakeControl(directory).close()
        process = subprocess.run(
            [SLOTCTL, "list"], env=CLEAN | {"OPENCT_SOCKETDIR": directory},
            capture_output=True, text=True)
        same(process.returncode, 3)
        same(process.stderr.splitlines()[0],
             "slotctl: slotd is not running (nobody answers at "
             f"{directory}/control)")


@test
def the_environment_names_the_directory():
    process = subprocess.run(
        [SLOTCTL, "list"], env=CLEAN | {"OPENCT_SOCKETDIR": "/nowhere"},
        capture_output=True, text=True)
    same(process.stderr.splitlines()[0],
         "slotctl: slotd is not running (no /nowhere/control)")


@test
def permission_denied_is_1_and_names_the_socket():
    if os.geteuid() != 0:
        raise Skip("only root can close a socket to itself")
    with tempfile.TemporaryDirectory() as directory:
        server = FakeControl(directory)
        os.chown(server.path, 65534, 4)     # 4 is adm
        os.chmod(server.path, 0o660)
        server.close()
        process = subprocess.run(
            [*CLOSED_DOORS, SLOTCTL, "--socket-dir", directory, "list"],
            env=CLEAN, capture_output=True, text=True)
        same(process.returncode, 1)
        same(process.stderr.splitlines()[0],
             f"slotctl: {directory}/control: permission denied; it is for "
             "members of group adm (an administrator can add you: adduser "
             "USER adm)")


@test
def a_path_too_long_for_a_socket_is_1():
    r = slotctl("--socket-dir", "/" + "x" * 200, "list")
    same(r.status, 1)
    same("longer than a socket's name may be" in r.err, True)


@test
def no_reader_is_4():
    same(slotctl("atr", fake={}).all(),
         (4, "", "slotctl: no reader is plugged in\n"))
    same(slotctl("info", fake={}).all(),
         (4, "", "slotctl: no reader is plugged in\n"))


@test
def an_unknown_reader_is_4_and_the_known_ones_are_named():
    same(slotctl("-r", "omnikey", "atr", fake=one()).all(), (4, "",
         "slotctl: no reader 'omnikey'; there are\n"
         "   0  Cherry GmbH SmartTerminal XX44\n"))


@test
def a_name_that_two_readers_have_is_2():
    fake = {"readers": [CHERRY, CHERRY | {"reader": 4, "name": "Cherry 2"}]}
    same(slotctl("-r", "cherry", "atr", fake=fake).all(), (2, "",
         "slotctl: 'cherry' is part of the names of 2 readers: say which by "
         "its number\n"
         "   0  Cherry GmbH SmartTerminal XX44\n"
         "   4  Cherry 2\n"))


@test
def a_reader_without_a_name_is_named_by_its_device():
    fake = {"readers": [CHERRY, {"reader": 4, "state": "starting",
                                 "device": "usbip:h/1-1", "slots": []}]}
    same(slotctl("-r", "9", "atr", fake=fake).all(), (4, "",
         "slotctl: no reader '9'; there are\n"
         "   0  Cherry GmbH SmartTerminal XX44\n"
         "   4  usbip:h/1-1\n"))


@test
def two_cards_and_no_reader_named_is_2():
    fake = {"readers": [CHERRY, EMPTY]}
    same(slotctl("atr", fake=fake).all(), (2, "",
         "slotctl: 2 readers have a card: say which with --reader\n"
         "   0  Cherry GmbH SmartTerminal XX44\n"
         "   1  Empty Reader\n"))


@test
def no_card_is_5():
    fake = one(atr=refuse("NO_CARD", "no card in the reader"))
    same(slotctl("atr", fake=fake).all(), (5, "",
         "slotctl: no card in the reader\n"
         "  slotctl wait waits for one\n"))


@test
def no_card_in_any_of_several_readers_is_5():
    bare = EMPTY | {"slots": EMPTY["slots"][:1]}
    fake = {"readers": [bare, bare | {"reader": 2}]}
    same(slotctl("atr", fake=fake).all(),
         (5, "", "slotctl: no card in any of the 2 readers\n"))


@test
def errors_of_slotd_have_their_status():
    for name, status in (
            ("NO_READER", 4), ("NO_SLOT", 4), ("GONE", 4), ("HANDLER", 4),
            ("REMOVED", 5), ("MUTE", 6), ("CARD", 6), ("WAS_RESET", 6),
            ("LOCKED", 1), ("DENIED", 1), ("TIMEOUT", 1), ("NEWFANGLED", 1)):
        r = slotctl("atr", fake=one(atr=refuse(name, "because")))
        same((name, r.status, r.err.splitlines()[0]),
             (name, status, "slotctl: because"))


@test
def a_status_word_that_is_no_success_is_6():
    fake = one(transmit={"response": "6a82"})
    same(slotctl("send", SELECT, fake=fake).all(), (6,
         "> 00 a4 00 0c, 7 bytes\n"
         "< 6a 82  file or application not found\n", ""))


@test
def slotd_going_away_is_3():
    same(slotctl("atr", fake=one(atr=None)).all(),
         (3, "", "slotctl: slotd closed the connection\n"))


@test
def nonsense_from_slotd_is_1():
    for nonsense in (b"\n", b"[]\n", b"{\n", b'{"id":2}\n', b'{"id":9,"ok":true}\n',
                     b'{"id":2,"ok":false}\n', b"\xff\xff\n",
                     b"x" * 262144 + b"\n"):
        r = slotctl("atr", fake=one(atr=nonsense))
        same((nonsense[:20], r.status, r.out), (nonsense[:20], 1, ""))
        same(r.err.startswith("slotctl: slotd "), True)


@test
def wrong_calls_are_2_and_nothing_is_sent():
    for args, word in (
            ((), "which command?"), (("dance",), "no command 'dance'"),
            (("list", "now"), "list: what is 'now'?"),
            (("list", "--cold"), "list takes no --cold"),
            (("list", "--nonsense"), "unrecognized option"),
            (("watch", "--slot", "1"), "watch takes no --slot"),
            (("atr", "--slot", "64"), "--slot: a number from 0 to 63"),
            (("wait", "--timeout", "soon"), "--timeout: a number of seconds"),
            (("wait", "--timeout", "-1"), "--timeout: a number of seconds"),
            (("send",), "usage: slotctl send HEX..."),
            (("send", "00a4"), "APDU 1: 2 bytes, but an APDU has at least 4"),
            (("send", SELECT, "xyz"), "APDU 2: pairs of hex digits"),
            (("send", "00a40"), "APDU 1: pairs of hex digits"),
            (("help", "dance"), "no command 'dance'")):
        r = slotctl(*args, fake=one())
        same((args, r.status, r.out, r.requests), (args, 2, "", []))
        same((args, word in r.err), (args, True))


# what is printed

@test
def list_is_aligned_and_names_card_slot_and_holder():
    new = {"reader": 12, "name": "Ungl\u00fcck\x1b[31m", "driver": "ccid",
           "state": "failed", "text": "no answer", "slots": []}
    fake = {"readers": [CHERRY, EMPTY, new]}
    same(slotctl("list", fake=fake).out,
         "No  Reader                          Driver  Card\n"
         " 0  Cherry GmbH SmartTerminal XX44  ccid    card  3b 80 01 01\n"
         " 1  Empty Reader                    ccid    slot 0: no card\n"
         "                                            slot 1: card does not "
         "answer  (in use by pkcs11-tool, process 71)\n"
         "12  Ungl\u00fcck?[31m                    ccid    failed: no answer\n")


@test
def list_without_readers_says_so():
    same(slotctl("list", fake={}).all(), (0, "no readers\n", ""))
    same(slotctl("list", "--json", fake={}).all(), (0, "[]\n", ""))


@test
def list_json_is_what_slotd_said():
    r = slotctl("list", "--json", fake={"readers": [CHERRY, EMPTY]})
    same(json.loads(r.out), [CHERRY, EMPTY])
    same(r.out.count("\n"), 1)


INFO = CHERRY | {
    "vid": 0x046a, "pid": 0x002d, "bcd_device": 0x0105, "vendor": "Cherry GmbH",
    "product": "SmartTerminal XX44", "serial": "", "interface": "",
    "plan": "short APDUs; 5 V, then 1.8 V, then 3 V", "max_apdu": 261,
    "max_message": 271, "features": 0x000207b2,
    "protocols": ["T=0", "T=1"], "handler_pid": 4711}


@test
def info_shows_every_reader_or_the_one_named():
    fake = one(info={"reader": INFO})
    r = slotctl("info", fake=fake)
    same(r.all(), (0,
         "reader        0\n"
         "name          Cherry GmbH SmartTerminal XX44\n"
         "state         ready\n"
         "driver        ccid\n"
         "device        usbip:127.0.0.1:3240/1-1\n"
         "usb id        046a:002d, version 1.05\n"
         "vendor        Cherry GmbH\n"
         "product       SmartTerminal XX44\n"
         "plan          short APDUs; 5 V, then 1.8 V, then 3 V\n"
         "longest APDU  261 bytes\n"
         "message       271 bytes\n"
         "features      0x000207b2\n"
         "protocols     T=0, T=1\n"
         "handler       process 4711\n"
         "slot 0        powered, 3b 80 01 01\n", ""))
    same(r.requests[-1], {"cmd": "info", "reader": 0})
    r = slotctl("-r", "CHERRY", "info", "--json", fake=fake)
    same(json.loads(r.out), INFO)


@test
def atr_in_hex_and_as_json():
    fake = one(atr={"atr": "3b800101"})
    r = slotctl("atr", fake=fake)
    same(r.all(), (0, "3b 80 01 01\n", ""))
    same(r.requests[-1], {"cmd": "atr", "reader": 0, "slot": 0})
    r = slotctl("atr", "--json", "-r", "0", "--slot=1", fake=fake)
    same(json.loads(r.out), {"reader": 0, "slot": 1, "atr": "3b800101"})
    same(r.requests[-1], {"cmd": "atr", "reader": 0, "slot": 1})


@test
def atr_decode_explains_every_byte():
    fake = one(atr={"atr": "3b800101"})
    lines = slotctl("atr", "--decode", fake=fake).out.splitlines()
    same(lines[0], "3b 80 01 01")
    # each byte is in one row, in order
    shown = [re.match(r"  ((?:[0-9a-f]{2} ?)+)  ", line) for line in lines[1:]]
    same(" ".join(m.group(1).strip() for m in shown if m), lines[0])
    same("TS" in lines[1], True)
    rows = json.loads(slotctl("atr", "--decode", "--json", fake=fake).out)
    same("".join(row["bytes"] for row in rows["decode"]), "3b800101")
    same(sorted(rows["decode"][0]), ["bytes", "name", "text"])


@test
def an_atr_that_is_none_is_shown_all_the_same():
    for hexes in ("3b", "00112233", "3f" * 33):
        r = slotctl("atr", "--decode", fake=one(atr={"atr": hexes}))
        same((r.status, r.out.splitlines()[0].replace(" ", "")), (0, hexes))


@test
def reset_is_warm_or_cold():
    fake = one(reset={"atr": "3b800101"})
    r = slotctl("reset", fake=fake)
    same(r.all(), (0, "3b 80 01 01\n", ""))
    same(r.requests[-1],
         {"cmd": "reset", "reader": 0, "slot": 0, "how": "warm"})
    r = slotctl("reset", "--cold", "--json", fake=fake)
    same(json.loads(r.out), {"reader": 0, "slot": 0, "atr": "3b800101"})
    same(r.requests[-1]["how"], "cold")


@test
def send_one_apdu_needs_no_lock():
    r = slotctl("send", SELECT, fake=one(transmit={"response": "9000"}))
    same(r.all(), (0, "> 00 a4 00 0c, 7 bytes\n< 90 00  success\n", ""))
    same([q["cmd"] for q in r.requests], ["list", "transmit"])
    same(r.requests[-1],
         {"cmd": "transmit", "reader": 0, "slot": 0, "apdu": SELECT})


@test
def send_several_under_one_lock():
    data = bytes(range(0x30, 0x44)).hex() + "9000"
    fake = one(transmit=[{"response": "6102"}, {"response": data}])
    r = slotctl("send", "00 A4:00 0c 02 3f 00", READ, fake=fake)
    same(r.out,
         "> 00 a4 00 0c, 7 bytes\n"
         "< 61 02  success; more bytes to fetch: 2\n"
         "> 00 b0 00 00, 5 bytes\n"
         "< 30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f   "
         "0123456789:;<=>?\n"
         "  40 41 42 43                                       @ABC\n"
         "< 90 00  success\n")
    same([q["cmd"] for q in r.requests],
         ["list", "lock", "transmit", "transmit"])


@test
def send_stops_at_the_first_error():
    fake = one(transmit={"response": "6982"})
    r = slotctl("send", READ, READ, READ, fake=fake)
    same((r.status, r.err), (6, "slotctl: 2 of 3 APDUs not sent\n"))
    same([q["cmd"] for q in r.requests], ["list", "lock", "transmit"])


@test
def send_reads_standard_input():
    fake = one(transmit={"response": "9000"})
    r = slotctl("send", "-", fake=fake,
                stdin=f"# a comment\n\n{SELECT}  # select\n  {READ}")
    same(r.status, 0)
    same([q.get("apdu") for q in r.requests[2:]], [SELECT, READ])
    r = slotctl("send", "-", fake=fake, stdin="00" * 100000 + "\n")
    same((r.status, r.requests), (2, []))
    r = slotctl("send", "-", fake=fake, stdin="00" * 65545)
    same((r.status, r.err),
         (2, "slotctl: APDU 1: longer than 65544 bytes\n"))
    r = slotctl("send", "-", fake=fake, stdin="")
    same((r.status, r.err), (2, "slotctl: no APDU to send\n"))


@test
def send_never_prints_the_data_of_a_command():
    pin = "0020008004" + "31323334"
    r = slotctl("send", pin, fake=one(transmit={"response": "63c2"}))
    same((r.status, "31" in r.out + r.err), (6, False))
    same(r.out.splitlines()[0], "> 00 20 00 80, 9 bytes")


@test
def send_json_is_a_line_an_answer():
    fake = one(transmit=[{"response": "6f009000"}, {"response": "6a82"}])
    r = slotctl("send", "--json", SELECT, READ, fake=fake)
    lines = [json.loads(line) for line in r.out.splitlines()]
    same([(a["response"], a["sw"]) for a in lines],
         [("6f009000", "9000"), ("6a82", "6a82")])
    same(r.status, 6)


@test
def a_response_that_is_none_is_1():
    for response in ("", "90", "90x0", "00" * 65539):
        r = slotctl("send", SELECT, fake=one(transmit={"response": response}))
        same((r.status, r.err),
             (1, "slotctl: slotd sent a response that is none\n"))


USERS = [{"pid": 71, "uid": 1000, "program": "scdaemon", "dialect": "PC/SC",
          "holds": True, "waits": False, "silent_ms": 12345,
          "stopped": True},
         {"pid": 72, "uid": 1001, "program": "java\x1b", "dialect": "CT-API",
          "holds": False, "waits": True, "silent_ms": 3000, "stopped": False},
         {"pid": 73, "uid": 0, "program": "slotctl", "dialect": "slotctl",
          "holds": False, "waits": False, "silent_ms": 10, "stopped": False}]


@test
def who_says_who_has_a_card():
    slots = [{"reader": 0, "name": "Cherry", "slot": 0, "users": USERS[:2]},
             {"reader": 1, "name": "Two", "slot": 1, "users": USERS[2:]}]
    fake = {"answers": {"who": {"slots": slots}}}
    same(slotctl("who", fake=fake).all(), (0, """\
0  Cherry
  has it    scdaemon, process 71, uid 1000, PC/SC, silent for 12 s, stopped
  waits     java?, process 72, uid 1001, CT-API, for 3 s
1  Two, slot 1
  uses it   slotctl, process 73, uid 0, slotctl
""", ""))
    same(json.loads(slotctl("who", "--json", fake=fake).out), slots)


@test
def who_without_anybody():
    fake = {"answers": {"who": {"slots": []}}}
    same(slotctl("who", fake=fake).all(), (0, "no program uses a card\n", ""))
    same(slotctl("who", fake={"answers": {"who": {}}}).status, 1)


@test
def a_long_response_comes_whole():
    response = "5a" * 65536 + "9000"
    r = slotctl("send", "--json", READ,
                fake=one(transmit={"response": response}))
    same(r.status, 0)
    same(json.loads(r.out)["response"], response)


@test
def mf_tries_class_c0_where_the_card_wants_it():
    fake = one(transmit=[{"response": "6a86"}, {"response": "9000"}])
    r = slotctl("mf", fake=fake)
    same(r.status, 0)
    same([q.get("apdu") for q in r.requests[2:]],
         ["00a40000023f0000", "c0a40000023f0000"])
    r = slotctl("mf", fake=one(transmit={"response": "9000"}))
    same(len(r.requests), 3)


def event(name, **members):
    return {"event": name, "reader": 0, "name": CHERRY["name"]} | members


IN = event("card-inserted", slot=0, atr="3b00", sequence=2)
OUT = event("card-removed", slot=0)
BARE = CHERRY | {"slots": [{"slot": 0, "card": "absent", "sequence": 0}]}


@test
def wait_ends_at_once_when_a_card_is_in():
    same(slotctl("wait", fake=one()).all(), (0,
         " 0  Cherry GmbH SmartTerminal XX44  card  3b 80 01 01\n", ""))


@test
def wait_ends_with_the_insertion():
    fake = {"readers": [BARE], "events": [event("reader-added"), OUT, IN]}
    same(slotctl("wait", fake=fake).all(), (0,
         " 0  Cherry GmbH SmartTerminal XX44  card  3b 00\n", ""))
    r = slotctl("wait", "--json", fake=fake)
    same(json.loads(r.out), [{"reader": 0, "name": CHERRY["name"],
                              "slot": 0, "atr": "3b00"}])


@test
def wait_for_one_reader_passes_others_over():
    fake = {"readers": [BARE, EMPTY], "events": [IN]}
    same(slotctl("wait", "--reader", "cherry", fake=fake).out,
         " 0  Cherry GmbH SmartTerminal XX44  card  3b 00\n")
    same(slotctl("wait", "--reader", "1", fake=fake).out,
         " 1  Empty Reader, slot 1  card\n")


@test
def wait_removal_ends_when_no_card_is_left():
    for last in (OUT, event("reader-removed"), event("reader-failed")):
        fake = {"readers": [CHERRY], "events": [IN, last]}
        same(slotctl("wait", "--removal", fake=fake).all(),
             (0, "no card\n", ""))
    same(slotctl("wait", "--removal", fake={"readers": [BARE]}).status, 0)


@test
def wait_gives_up_after_its_time():
    fake = {"readers": [BARE], "stay": True}
    same(slotctl("wait", "--timeout", "0", fake=fake).all(),
         (5, "", "slotctl: no card within 0 s\n"))
    same(slotctl("wait", "-t", "0.01", fake=fake).all(),
         (5, "", "slotctl: no card within 0.01 s\n"))
    fake = {"readers": [CHERRY], "stay": True}
    same(slotctl("wait", "-t", "0", "--removal", fake=fake).all(),
         (1, "", "slotctl: the card is still there after 0 s\n"))


@test
def wait_without_slotd_any_more_is_3():
    same(slotctl("wait", fake={"readers": [BARE]}).status, 3)


@test
def watch_has_a_line_an_event():
    fake = {"readers": [CHERRY], "events": [
        OUT, IN, event("card-reset", slot=1, atr="3b00"),
        event("reader-failed", text="too hot"), event("reader-removed"),
        event("reader-added"), event("sunrise")]}
    r = slotctl("watch", fake=fake)
    same((r.status, r.err), (3, "slotctl: slotd closed the connection\n"))
    name = "   0  Cherry GmbH SmartTerminal XX44  "
    times = [line[:12] for line in r.out.splitlines()]
    same(all(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}", t) for t in times), True)
    same([line[12:] for line in r.out.splitlines()], [
        name + "reader ready", name + "card present  3b 80 01 01",
        name + "card removed", name + "card inserted  3b 00",
        name + "slot 1: card reset  3b 00", name + "reader failed: too hot",
        name + "reader gone", name + "reader ready", name + "sunrise"])


@test
def watch_json_is_an_object_a_line():
    fake = {"readers": [CHERRY, EMPTY], "events": [OUT]}
    lines = slotctl("watch", "--json", fake=fake).out.splitlines()
    same([json.loads(line) for line in lines], [CHERRY, EMPTY, OUT])
    lines = slotctl("watch", "--json", "-r", "1", fake=fake).out.splitlines()
    same([json.loads(line) for line in lines], [EMPTY])


@test
def help_names_every_command_and_option():
    overview = slotctl("--help").out
    for command in ("list", "info", "atr", "send", "reset", "mf", "wait",
                    "watch", "help"):
        same((command, f"\n  {command}" in overview), (command, True))
        about = slotctl(command, "--help")
        same((about.status, about.out), (0, slotctl("help", command).out))
        same(about.out.startswith(f"usage: slotctl [OPTION...] {command}"),
             True)
    same("--removal" in slotctl("help", "wait").out, True)
    same("--removal" in slotctl("help", "list").out, False)


@test
def version_is_printed():
    r = slotctl("--version")
    same((r.status, r.out.startswith("slotctl ")), (0, True))


sys.exit(run())
