# SPDX-License-Identifier: BSD-2-Clause
"""A card emulator that speaks vsmartcard's protocol, for tests: it answers each
APDU with its own bytes and 9000, and counts what it is asked.

    with VpcdCard(port) as card:
        ...
    assert card.orders == [ON, GET_ATR]
"""
import socket
import threading

from harness import TIMEOUT, receive

OFF, ON, RESET, GET_ATR = 0, 1, 2, 4
ATR = bytes.fromhex("3b025430")


def frame(data):
    return len(data).to_bytes(2, "big") + data


class VpcdCard:
    """Connected to a port, or with a socket that is. pieces: each byte of an
    answer is sent on its own."""

    def __init__(self, port=None, sock=None, atr=ATR, answer=None,
                 pieces=False):
        self.sock = sock or socket.create_connection(("127.0.0.1", port),
                                                     TIMEOUT)
        self.sock.settimeout(None)
        self.atr, self.pieces = atr, pieces
        self.answer = answer or (lambda apdu: apdu + b"\x90\x00")
        self.orders = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        try:
            while True:
                n = int.from_bytes(receive(self.sock, 2), "big")
                self.one(receive(self.sock, n))
        except (EOFError, OSError):
            self.sock.close()

    def one(self, message):
        if len(message) != 1:
            self.say(frame(self.answer(message)))
            return
        self.orders.append(message[0])
        if message[0] == GET_ATR:
            self.say(frame(self.atr))

    def say(self, data):
        if not self.pieces:
            self.sock.sendall(data)
            return
        for byte in data:
            self.sock.sendall(bytes([byte]))

    def is_closed(self, limit=TIMEOUT):
        """Waits until slotd has hung up."""
        self.thread.join(limit)
        return not self.thread.is_alive()

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:         # it is closed
            pass
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
