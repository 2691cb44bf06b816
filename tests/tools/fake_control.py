# SPDX-License-Identifier: BSD-2-Clause
"""slotd's control socket, played from a script (doc/control.md)."""
import json
import os
import socket
import threading

CHERRY = {
    "reader": 0, "name": "Cherry GmbH SmartTerminal XX44", "driver": "ccid",
    "device": "usbip:127.0.0.1:3240/1-1", "state": "ready", "display": False,
    "keypad": False,
    "slots": [{"slot": 0, "card": "powered", "atr": "3b800101",
               "sequence": 1}],
}
EMPTY = {
    "reader": 1, "name": "Empty Reader", "driver": "ccid",
    "device": "usb:1-2", "state": "ready", "display": True, "keypad": True,
    "slots": [{"slot": 0, "card": "absent", "sequence": 0},
              {"slot": 1, "card": "mute", "sequence": 3,
               "holder": {"pid": 71, "uid": 1000, "program": "pkcs11-tool"}}],
}


def refuse(error, text):
    return {"ok": False, "error": error, "text": text}


class FakeControl:
    """
    Answers each request from `answers`: by its cmd, a dict (to which ok and id
    are added), a list of such (one after the other, the last for ever), bytes
    (sent as they are), or None (the connection is closed). After the answer to
    watch come `events`; then the connection is closed, or with `stay` kept.
    """

    def __init__(self, directory, readers=(), answers=None, events=(),
                 stay=False):
        self.answers = {"list": {"readers": list(readers)},
                        "watch": {"readers": list(readers)}}
        self.answers.update(answers or {})
        self.events = list(events)
        self.stay = stay
        self.requests = []
        self.path = os.path.join(directory, "control")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
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
                try:
                    self._talk(f)
                except ConnectionError:
                    pass

    def _talk(self, f):
        for line in f:
            request = json.loads(line)
            answer = self._answer(request)
            if answer is None:
                return
            f.write(answer)
            f.flush()
            if request["cmd"] == "watch":
                for event in self.events:
                    f.write(json.dumps(event).encode() + b"\n")
                f.flush()
                if not self.stay:
                    return

    def _answer(self, request):
        number = request.pop("id")
        self.requests.append(request)
        answer = self.answers.get(request["cmd"], {})
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if answer is None or isinstance(answer, bytes):
            return answer
        return json.dumps({"id": number, "ok": True} | answer).encode() + b"\n"
