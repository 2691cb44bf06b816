# SPDX-License-Identifier: BSD-2-Clause
"""The C interface of PC/SC, as the system's libpcsclite has it.

    with Context() as c:
        c.wait_cards(1)
        print(c.readers())
"""
import ctypes
import time

SCOPE_SYSTEM = 2
SHARE_EXCLUSIVE, SHARE_SHARED, SHARE_DIRECT = 1, 2, 3
T0, T1, RAW = 1, 2, 4
LEAVE, RESET, UNPOWER, EJECT = 0, 1, 2, 3
STATE_CHANGED, STATE_PRESENT, STATE_MUTE = 0x2, 0x20, 0x200
E_TIMEOUT, E_NO_READERS = 0x8010000A, 0x8010002E
PNP = "\\\\?PnP?\\Notification"


class ReaderState(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("user", ctypes.c_void_p),
                ("current", ctypes.c_ulong), ("event", ctypes.c_ulong),
                ("atr_len", ctypes.c_ulong), ("atr", ctypes.c_ubyte * 33)]


class Error(Exception):
    pass


def libpcsclite():
    """libpcsclite, or None where it is not installed."""
    try:
        return ctypes.CDLL("libpcsclite.so.1")
    except OSError:
        return None


def call(name, *args):
    """One function of the library; numbers become DWORDs. Its result."""
    words = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in args]
    return getattr(libpcsclite(), name)(*words) & 0xffffffff


def must(name, *args, also=()):
    rv = call(name, *args)
    if rv != 0 and rv not in also:
        raise Error("%s: %08x" % (name, rv))
    return rv


class Context:
    def __init__(self):
        self.handle = ctypes.c_long()
        must("SCardEstablishContext", SCOPE_SYSTEM, None, None,
             ctypes.byref(self.handle))

    def readers(self):
        n = ctypes.c_ulong(0)
        if must("SCardListReaders", self.handle, None, None, ctypes.byref(n),
                also=(E_NO_READERS,)):
            return []
        names = ctypes.create_string_buffer(n.value)
        if must("SCardListReaders", self.handle, None, names, ctypes.byref(n),
                also=(E_NO_READERS,)):
            return []
        return [s.decode() for s in names.raw[:n.value].split(b"\0") if s]

    def changes(self, known, limit_ms):
        """Waits until a reader is in another state than known (a dictionary)
        says; the states then, 0 for those that were never looked at."""
        rows = (ReaderState * len(known))()
        for row, (name, state) in zip(rows, known.items()):
            row.name, row.current = name.encode(), state
        must("SCardGetStatusChange", self.handle, limit_ms, rows, len(rows),
             also=(E_TIMEOUT,))
        return {name: row.event & ~STATE_CHANGED
                for name, row in zip(known, rows)}

    def wait(self, enough, limit=20):
        """Until enough(states by reader name) is true; those states."""
        known, end = {}, time.monotonic() + limit
        while not enough(known):
            if time.monotonic() > end:
                raise Error("only this: %s" % known)
            rows = {name: known.get(name, 0) for name in self.readers()}
            rows[PNP] = known.get(PNP, 0)
            known = self.changes(rows, 500)
        return known

    def wait_cards(self, n, limit=20):
        """Until n cards are there and have said their ATRs; their readers."""
        def ready(known):
            return [name for name, state in known.items()
                    if state & STATE_PRESENT and not state & STATE_MUTE]
        return ready(self.wait(lambda known: len(ready(known)) >= n, limit))

    def release(self):
        return call("SCardReleaseContext", self.handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release()
