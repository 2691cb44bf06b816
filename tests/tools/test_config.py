#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""slotctl config and reload: files explained without slotd, and what a slotd
that runs goes by."""
import os
import re
import subprocess
import sys
import tempfile

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import FAKE_IFDHANDLER, FakeServer, Slotd  # noqa: E402
from tap import Skip, run, same, test  # noqa: E402

BUILD = os.environ.get("top_builddir", ".")
SLOTCTL = os.path.join(BUILD, "tools/slotctl")


def slotctl(*args, as_user=None):
    p = subprocess.run([SLOTCTL, *args], capture_output=True, text=True,
                       timeout=60, user=as_user)
    return p.returncode, p.stdout, p.stderr


def of_file(what, text):
    """slotctl config check or show of a file with this text, called FILE."""
    with tempfile.NamedTemporaryFile("wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
        f.flush()
        status, out, err = slotctl("config", what, f.name)
        return (status, out.replace(f.name, "FILE"),
                err.replace(f.name, "FILE"))


ALL_MAY = "no access block: all users may use all readers\n"

# OpenCT's sample, as Debian installed it, with what it had as comments
OPENCT = """# Set debug level
#debug = 0;
#
# Enable hot plugging
hotplug = yes;
#
ifdhandler {
	program = /bin/true;
	#
	# Force poll
	#force_poll = 1;
	user = root;
	groups = {
		daemon,
		sys,
	};
};
#reader towitoko {
#	driver = towitoko;
#	device = serial:/dev/ttyS0;
#};
driver	egate {
	ids = {
		usb:0973/0001,
	};
};
driver	ccid {
	ids = {
		usb:04e6/5111,
		usb:0b97/7762, # Oz776
		usb:046a/002d,
	};
};
driver	cm4000 {
	ids = { pcmcia:0223/0002, };
};
"""


@test
def opencts_sample_is_accepted():
    same(of_file("check", OPENCT), (0, """\
FILE:35:10: note: 'pcmcia:0223/0002' has no effect: slotd drives USB devices \
only
FILE:34:8: note: slotd has no driver 'cm4000', which OpenCT had
line 22: driver egate is for 1 device
line 27: driver ccid is for 3 devices
line 27: driver ccid drives usb:0b97/7762, for which slotd has no row of its \
own
line 34: driver cm4000 is for 1 device
""" + ALL_MAY + "FILE: accepted\n", ""))


@test
def bare_values_are_told():
    status, out, _ = of_file("check",
                             "yes;\n\nhotplug;\n/usr/sbin/ifdhandler;\n")
    same((status, re.sub("known here: .*", "known here: ...", out)), (1, """\
FILE:1:1: warning: 'yes' is not known and left out; known here: ...
FILE:3:1: error: 'hotplug': expected yes or no, found nothing; it is left out
FILE:4:1: warning: '/usr/sbin/ifdhandler' is not known and left out; known \
here: ...
""" + ALL_MAY + "FILE: 3 problems\n"))


@test
def nested_groups_are_told():
    same(of_file("check", "driver ccid { ids = { { usb:1/2, }, }; };")[:2],
         (1, """\
FILE:1:23: error: expected a name or '}', found '{'
FILE: refused: slotd does not start with this file
"""))
    same(of_file("check", "ifdhandler { ifdhandler { user = x; }; };")[:2],
         (1, """\
FILE:1:14: warning: 'ifdhandler' is not known here and left out; it belongs \
outside of this group
""" + ALL_MAY + "FILE: 1 problem\n"))


@test
def a_comment_at_the_end_without_a_newline_is_fine():
    same(of_file("check", "debug = 0;\n# the end"),
         (0, ALL_MAY + "FILE: accepted\n", ""))


@test
def a_space_before_a_512_byte_boundary_is_fine():
    for n in range(500, 516):
        text = "#" + "x" * (n - 3 - len("hotplug")) + "\nhotplug = no;\n"
        same(of_file("check", text), (0, ALL_MAY + "FILE: accepted\n", ""))
        same("hotplug = no;\n" in of_file("show", text)[1], True)


@test
def a_missing_semicolon_is_refused_where_it_is_missed():
    same(of_file("check", "hotplug = yes\ndebug = 1;\n"), (1, """\
FILE:1:14: error: expected ';' or ',' after 'yes', found 'debug'
FILE: refused: slotd does not start with this file
""", ""))
    same(of_file("check", "ifdhandler {\n\tforce_poll = 1;\n}\n")[:2], (1, """\
FILE:3:2: error: expected ';' or ',' after '}', found the end of the file
FILE: refused: slotd does not start with this file
"""))


@test
def bytes_that_are_no_text_do_not_reach_the_terminal():
    status, out, err = of_file("check", b"\x1b[31m = \xff\x00;")
    same((status, out), (1, """\
FILE:1:1: error: expected text, found a byte 1b
FILE: refused: slotd does not start with this file
"""))
    status, out, err = of_file("check", b"a\xff\xfe = 1;")
    same((status, out.splitlines()[0][:40]),
         (1, "FILE:1:1: warning: 'a??' is not known an"))


@test
def what_is_not_on_this_computer_is_told():
    same(of_file("check", """\
ifdhandler { program = /no/such/program; user = no-such-user; };
access { group no-such-group { may = use; }; user 4711 { may = see; }; };
""")[:2], (1, """\
FILE: warning: ifdhandler's program /no/such/program: No such file or \
directory; no reader can be driven
FILE: warning: there is no user no-such-user on this computer
FILE: warning: there is no group no-such-group on this computer
line 2: group no-such-group may use all readers
line 2: user 4711 may see, not use, all readers
access: whom no rule names may not see a reader; root may do everything
FILE: 3 problems
"""))


@test
def files_that_cannot_be_read_are_1():
    same(slotctl("config", "check", "/nonexistent")[::2],
         (1, "slotctl: /nonexistent: No such file or directory\n"))
    same(slotctl("config", "show", "/")[::2],
         (1, "slotctl: /: Is a directory\n"))


@test
def wrong_usage_is_2():
    same(slotctl("config", "chek")[::2],
         (2, "slotctl: config check or config show, not 'chek'\n"))
    same(slotctl("config")[0], 2)
    same(slotctl("reload", "now")[0], 2)


@test
def what_is_shown_is_a_file_that_shows_itself():
    shipped = os.path.join(BUILD, "etc", "openct.conf")
    with open(shipped) as f:
        shipped = f.read()
    for text in ("", OPENCT, shipped):
        status, first, err = of_file("show", text)
        same((status, err), (0, ""))
        same(of_file("show", first), (0, first, ""))


@test
def the_shipped_file_is_accepted():
    status, out, err = slotctl("config", "check",
                               os.path.join(BUILD, "etc", "openct.conf"))
    same((status, err), (0, ""))
    same(out.splitlines()[-1].split(": ")[-1], "accepted")
    same("instead of" in out or "no row" in out, False)


def read(*path):
    with open(os.path.join(*path)) as f:
        return f.read()


@test
def the_shipped_file_has_every_device_slotd_knows():
    rows = re.findall(r'{ 0x(....), 0x(....), "(\w+)", "(.*)" }',
                      read(TOP, "protocols", "ids.c"))
    blocks = re.findall(r"^driver (\w+) {\n\tids = {\n(.*?)\t};\n};$",
                        read(BUILD, "etc", "openct.conf"), re.M | re.S)
    lines = [(*ids, driver, name) for driver, body in blocks for ids, name in
             [(m[:2], m[2]) for m in re.findall(
                 r"\t\tusb:(....)/(....),\t# (.*)\n", body)]]
    same(sorted(lines), sorted(rows))
    same(("046a", "002d", "ccid", "Cherry SmartTerminal ST-1044U") in lines,
         True)


# what OpenCT has and slotd leaves alone is in the manual only
MANUAL_ONLY = {"ifdproxy"}


@test
def every_name_is_in_the_manual_and_in_the_shipped_file():
    names = set(re.findall(r'^\t{ "(\w+)", KEY_', read(
        TOP, "protocols", "settings_keys.c"), re.M))
    same(len(names) > 20, True)
    manual = read(TOP, "doc", "openct.conf.5")
    shipped = read(BUILD, "etc", "openct.conf")
    same({n for n in names if not re.search(r"Cm %s\b" % n, manual)}, set())
    same({n for n in names if not re.search(
        r"(^|[\t# ])%s( \S+)? [={] ?" % n, shipped, re.M)}, MANUAL_ONLY)


@test
def what_the_shipped_file_has_as_comments_is_right():
    text = read(BUILD, "etc", "openct.conf")
    text = re.sub(r"^#(?=[\t}]|\w+( \S+)? [{=] ?)", "", text, flags=re.M)
    status, out, err = of_file("check", text)
    same([x for x in out.splitlines() if ": error: " in x or (
        ": warning: " in x and "on this computer" not in x and
        "program" not in x)], [])
    same("user alice may use the readers front-desk, usb:046a/002d"
         in out, True)
    same("reader desk is a USB device 046a:002d (Cherry SmartTerminal "
         "ST-1044U) at port 1-1.2, driven by ccid, called desk" in out, True)


@test
def a_running_slotd_shows_what_it_goes_by():
    with Slotd(handler=FAKE_IFDHANDLER) as d:
        d.start("lock_timeout = 7;\n")
        status, out, err = slotctl("--socket-dir", d.run, "config", "show")
        same((status, err), (0, ""))
        same("lock_timeout = 7;\n" in out, True)
        same("debug = 1;\n" in out, True)       # of the command line
        same("\tprogram = %s;\n" % FAKE_IFDHANDLER in out, True)
        same(of_file("show", out), (0, out, ""))


@test
def without_slotd_show_says_so():
    with tempfile.TemporaryDirectory() as empty:
        same(slotctl("--socket-dir", empty, "config", "show")[0], 3)
        same(slotctl("--socket-dir", empty, "reload")[0], 3)


@test
def reload_makes_slotd_read_the_file_again():
    with Slotd(handler=FAKE_IFDHANDLER) as d, FakeServer(d.dir) as server:
        d.start("")
        d.configure("lock_timeout = 8;\n" + d.reader(server.address, "1-1"))
        same(slotctl("--socket-dir", d.run, "reload"), (0, "", ""))
        h = server.handler().become_ready()
        d.wait_log("is ready")
        d.configure("lock_timeout = soon;\n")
        same(slotctl("--socket-dir", d.run, "reload"), (1, "", (
            "slotctl: %s:1:16: 'lock_timeout': expected a number of "
            "milliseconds, or never, found 'soon'; it is left out\n"
            % d.config)))
        out = slotctl("--socket-dir", d.run, "config", "show")[1]
        same("lock_timeout = 8;\n" in out, True)
        h.do("exit")


@test
def reload_and_show_are_for_root():
    if os.geteuid() != 0:
        raise Skip("only root can be another user")
    with Slotd(handler=FAKE_IFDHANDLER) as d:
        d.start("")
        os.chmod(d.dir, 0o755)
        for command in (["reload"], ["config", "show"]):
            same(slotctl("--socket-dir", d.run, *command, as_user=65534),
                 (1, "", "slotctl: only root and the user slotd runs as may "
                  "do this\n"))


sys.exit(run())
