# SPDX-License-Identifier: BSD-2-Clause
"""openct-control with a real slotd and emulated readers, from init to
shutdown: its output is OpenCT's, its exit status is true."""
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

TOP = os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__),
                                                "..", ".."))
BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
sys.path.insert(0, os.path.join(TOP, "tests", "daemon"))
from harness import IFDHANDLER, SLOTD, Emulator, Lines, Slotd  # noqa: E402
from usbip_client import Device  # noqa: E402
from tap import Skip, run, same, test  # noqa: E402

LIBRARIES = os.path.join(BUILD, "lib", ".libs")
HEAD = "No.   Name                         Info\n" + 51 * "=" + "\n"


def has_user():
    return any(entry.pw_name == "slotd" for entry in pwd.getpwall())


def make_up_user():
    """For root: goes on in a mount namespace that has a user slotd."""
    private = ["unshare", "--mount"]
    if os.geteuid() != 0 or has_user() or subprocess.run(
            private + ["true"], capture_output=True).returncode != 0:
        return
    etc = tempfile.mkdtemp(prefix="openct")
    for name, line in (("passwd", "slotd:x:64242:64242::/:/bin/false\n"),
                       ("group", "slotd:x:64242:\n")):
        with open("/etc/" + name) as f:
            text = f.read()
        with open(os.path.join(etc, name), "w") as f:
            f.write(text + line)
    os.execvp("unshare", private + [
        "sh", "-ec", 'for f in passwd group; do '
        'mount --bind "$0/$f" "/etc/$f"; done; rm -r "$0"; exec "$@"',
        etc, sys.executable, *sys.argv])


class World:
    """An installation in a directory: openct-control and slotd side by side."""

    def __init__(self, devices=("cherry-st1044u", "etoken-0514")):
        self.emu = Emulator(list(devices))
        self.dir = tempfile.mkdtemp(prefix="openct")
        os.chmod(self.dir, 0o755)       # slotd may run as another user
        os.chmod(self.emu.dir, 0o755)
        for name in "usbip", "control":
            os.chmod(os.path.join(self.emu.dir, name), 0o666)
        for name in "tools/.libs/openct-control", "tools/openct-control":
            if os.path.exists(os.path.join(BUILD, name)):
                break
        self.sbin = os.path.join(self.dir, "sbin")
        os.mkdir(self.sbin)
        shutil.copy(os.path.join(BUILD, name), self.sbin)
        shutil.copy(SLOTD, os.path.join(self.sbin, "slotd"))
        shutil.copy(IFDHANDLER, os.path.join(self.sbin, "ifdhandler"))
        self.run = os.path.join(self.dir, "run")
        self.config = os.path.join(self.dir, "openct.conf")
        with open(self.config, "w") as f:
            f.write("hotplug = no;\nifdhandler { program = %s/ifdhandler; };\n"
                    % self.sbin)

    def control(self, *args, preexec_fn=None):
        """(exit status, standard output, standard error)"""
        p = subprocess.run(
            [os.path.join(self.sbin, "openct-control"), "-f", self.config,
             *args], capture_output=True, text=True, timeout=60,
            stdin=subprocess.DEVNULL, preexec_fn=preexec_fn,
            env=os.environ | {"OPENCT_SOCKETDIR": self.run,
                              "LD_LIBRARY_PATH": LIBRARIES})
        return p.returncode, p.stdout, p.stderr

    def attach(self, driver, busid):
        return self.control("attach", driver, "usbip",
                            "%s/%s" % (self.emu.address, busid))

    def pid(self):
        with open(os.path.join(self.run, "slotd.pid")) as f:
            return int(f.read())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.control("shutdown")
        self.emu.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


@test
def from_init_to_shutdown():
    with World() as w:
        same(w.control("status"), (1, "", "openct-control: slotd is not "
                                   "running in %s\n" % w.run))
        same(w.control("init")[:2], (0, ""))
        pid = w.pid()
        same(w.control("init"), (0, "", ""))
        same(w.pid(), pid)
        same(w.control("status"), (0, "", ""))
        same(w.attach("ccid", "1-1"), (0, "", ""))
        same(w.attach("usb:529/514/100", "1-2"), (0, "", ""))
        want = HEAD + (
            "  0   Cherry GmbH SmartTerminal XX4slot0: card present\n"
            "  1   Aladdin eToken PRO           slot0: card present\n")
        same(w.control("status"), (0, want, ""))
        same(w.attach("usb:46a/2d", "1-1"), (0, "", ""))
        same(w.control("status"), (0, want, ""))
        w.emu.ctl("remove", "1-1")
        same(w.control("shutdown"), (0, "2 processes killed.\n", ""))
        same(os.listdir(w.run), ["status"])
        same(w.control("status")[0], 1)
        same(w.control("shutdown"), (0, "0 processes killed.\n", ""))


@test
def a_caller_may_ignore_the_end_of_children():
    with World() as w:
        same(w.control("init", preexec_fn=lambda: signal.signal(
            signal.SIGCHLD, signal.SIG_IGN))[:2], (0, ""))
        same(w.control("shutdown")[0], 0)


@test
def slotd_runs_as_its_own_user():
    if os.geteuid() == 0 and not has_user():
        raise Skip("root, and there is no user slotd, nor may one be made up")
    user = pwd.getpwnam("slotd").pw_uid if os.geteuid() == 0 else os.geteuid()
    with World() as w:
        w.control("init")
        same(os.stat(os.path.join(w.run, "status")).st_uid, user)
        same(w.control("shutdown")[0], 0)


@test
def what_does_not_come_up_is_told():
    with World() as w:
        same(w.attach("ccid", "1-1")[0::2],
             (1, "openct-control: slotd is not running; openct-control init "
              "starts it\n"))
        w.control("init")
        for words, why in (
                (("nosuch", "usbip", "h/1-1"), "there is no driver"),
                (("usb:zz", "usbip", "h/1-1"), "expected usb:VVVV/PPPP"),
                (("ccid", "usb", "/dev/null"), "there is no USB device"),
                (("ccid", "usb", "/dev/bus/usb/999/999"), "no USB device"),
                (("ccid", "usb", "046a/002d"), "a device node is expected"),
                (("towitoko", "serial", "/dev/ttyS0"), "serial"),
                (("ccid", "pcmcia", "0"), "no driver")):
            status, out, err = w.control("attach", *words)
            same((words, status, out, why in err), (words, 1, "", True))
        with Device(w.emu.address, "1-1"):
            same(w.attach("ccid", "1-1"),
                 (1, "", "openct-control: reader 0: failed: the device is in "
                  "use by another client\n"))
            same(w.control("status"), (0, "", ""))
        # free again: it is tried at once
        same(w.attach("ccid", "1-1"), (0, "", ""))


@test
def a_bad_configuration_is_told():
    with World() as w:
        with open(w.config, "w") as f:
            f.write("debug = 1")
        status, out, err = w.control("init")
        same((status, out), (1, ""))
        same([w.config + ":1:" in err, "slotd did not start" in err],
             [True, True])


@test
def wrong_words():
    with World() as w:
        for words in (), ("dance",), ("attach", "ccid"), ("init", "x"), ("-x",):
            status, out, err = w.control(*words)
            same((words, status, out, "usage" in err), (words, 1, "", True))
        same(w.control("-v")[:2], (0, w.control("-n", "-d", "-v")[1]))
        same(w.control("-h")[0], 0)


@test
def the_sysv_script_uses_it():
    with World() as w:
        with open(os.path.join(BUILD, "etc", "examples", "slotd.init")) as f:
            script = f.read()
        for line in script.splitlines():
            if line.startswith(("control=", "pid=")):
                where = w.sbin if line.startswith("control=") else w.run
                script = script.replace(line, "%s=%s/%s" % (
                    line.split("=")[0], where, os.path.basename(line)))
        defaults = os.path.join(w.dir, "defaults")
        with open(defaults, "w") as f:
            f.write("OPTIONS='-d -f %s'\n" % w.config)
        script = script.replace("/etc/default/slotd", defaults)

        def call(word):
            p = subprocess.run(
                ["/bin/sh", "-euc", script, "slotd", word], timeout=60,
                capture_output=True, text=True, stdin=subprocess.DEVNULL,
                env=os.environ | {"OPENCT_SOCKETDIR": w.run,
                                  "LD_LIBRARY_PATH": LIBRARIES})
            return p.returncode, p.stdout

        same(call("status"), (3, "slotd does not run\n"))
        same(call("start"), (0, "Starting slotd\n"))
        pid = w.pid()
        same(call("start")[0], 0)
        same(call("status"), (0, "slotd runs, process %d\n" % pid))
        same(call("reload")[0], 0)
        same(call("restart")[0], 0)
        same(w.pid() != pid, True)
        same(call("stop"), (0, "Stopping slotd\n"))
        same(call("stop")[0], 0)
        same(call("reload")[0], 1)
        same(call("dance")[0], 2)


@test
def only_root_and_slotd_manage():
    if os.geteuid() != 0:
        raise Skip("needs root, to be somebody else")
    with Slotd() as d:
        os.chmod(d.dir, 0o755)
        d.start()
        for request in ({"cmd": "shutdown"},
                        {"cmd": "attach", "device": "usbip:h/1-1"}):
            r, w = os.pipe()
            child = os.fork()
            if child == 0:
                os.setgid(65534)
                os.setuid(65534)
                with d.control() as c:
                    answer = c.ask(**request)
                os.write(w, b"%s\n" % answer.get("error", "?").encode())
                os._exit(0)
            same(Lines(r).next(), "DENIED")
            os.waitpid(child, 0)
            os.close(r)
            os.close(w)
        same(d.process.poll(), None)


make_up_user()
sys.exit(run())
