# SPDX-License-Identifier: BSD-2-Clause
"""A status file and readers' sockets as OpenCT's programs expect them."""
import os
import socket
import struct
import threading

RECORD = struct.Struct("=64sI8IIi")     # name, slots, cards, flags, pid
HEADER = struct.Struct("=IIhH")         # xid, dest, error, length
LOCK, UNLOCK, RESET, MEMORY_READ, TRANSACT = 0x01, 0x02, 0x10, 0x16, 0x21
DISPLAY, KEYPAD = 1, 2


def tlv(tag, value):
    """The large form: tag with bit 0x40, length in two bytes."""
    return struct.pack(">BH", tag | 0x40, len(value)) + value


def reader(name, cards=(1,), flags=0, pid=None):
    """One record of the status file."""
    cards = list(cards)
    return RECORD.pack(name.encode(), len(cards), *cards,
                       *[0] * (8 - len(cards)), flags,
                       os.getpid() if pid is None else pid)


class FakeOpenct:
    """
    `records` by number; the socket of reader 0 answers each command from
    `answers`: bytes (the reply's TLVs), a negative error, or a list of these.
    """

    def __init__(self, directory, records, answers):
        self.answers = answers
        self.requests = []
        with open(os.path.join(directory, "status"), "wb") as f:
            for number in range(16):
                f.write(records.get(number, bytes(RECORD.size)))
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(directory, "0"))
        self.listener.listen(8)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as f:
                while self._answer(f):
                    pass

    def _answer(self, f):
        header = f.read(HEADER.size)
        if len(header) < HEADER.size:
            return False
        xid, _, _, n = HEADER.unpack(header)
        body = f.read(n)
        self.requests.append(body)
        answer = self.answers.get(body[0], b"")
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        error = 0 if isinstance(answer, bytes) else answer
        reply = answer if isinstance(answer, bytes) else b""
        f.write(HEADER.pack(xid, 0, error, len(reply)) + reply)
        f.flush()
        return True
