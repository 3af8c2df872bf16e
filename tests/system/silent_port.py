"""A port that drops what comes: its queue is full and nobody takes from it.

    silent_port.py PORT       prints SILENT, and stays until it is ended
"""

import select
import socket
import sys
import time

WAIT_S = 0.5  # a handshake on this machine takes less, or is dropped
LIFE_S = 300


def main() -> None:
    address = ("127.0.0.1", int(sys.argv[1]))
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(0)
    callers = []
    while len(callers) < 16:
        callers.append(socket.socket())
        callers[-1].setblocking(False)
        callers[-1].connect_ex(address)
        if not select.select([], [callers[-1]], [], WAIT_S)[1]:
            break
    print("SILENT", flush=True)
    time.sleep(LIFE_S)


main()
