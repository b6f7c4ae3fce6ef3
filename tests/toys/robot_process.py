"""A robot as a process: it listens on this machine, goes where it is told as fast as it can, and says where it is.

``python robot_process.py SEED FAULTS FILE``: what it says is stalled, repeated, dropped, swapped, broken or cut, by a
seed and shares as JSON, or at seconds, such as {"drop": 0.2, "silence": 0.5, "cut": 1.5}. What it was told is written
into the file, a line each.
"""

import json
import random
import secrets
import socket
import sys
import time
from pathlib import Path
from typing import TextIO

import numpy as np
from planar import ENDS, JOINTS, SPEEDS

PERIOD = 0.01


def main() -> None:
    faults, log = json.loads(sys.argv[2]), Path(sys.argv[3])
    log.touch()
    rng, token = random.Random(int(sys.argv[1])), secrets.token_urlsafe(16)
    with socket.create_server(("127.0.0.1", 0)) as door:
        print(json.dumps({"port": door.getsockname()[1], "token": token}), flush=True)
        wire, _ = door.accept()
    with wire, wire.makefile("rwb") as lines:
        hello = json.loads(lines.readline())
        if not secrets.compare_digest(hello["token"], token):
            lines.write(b'{"error": "another token"}\n')
            lines.flush()
            return
        lines.write(json.dumps({"stream": 1, "joints": JOINTS}).encode() + b"\n")
        lines.flush()
        wire.settimeout(0.0)
        with log.open("w") as told:
            live(wire, rng, faults, told)


def live(wire: socket.socket, rng: random.Random, faults: dict[str, float], log: TextIO) -> None:
    q, told, rest, kept = np.zeros(2), np.zeros(2), b"", list[bytes]()
    began, seq, silent_until = time.monotonic(), 0, 0.0
    while True:
        now = time.monotonic() - began
        if now > faults.get("cut", 60.0):
            return
        try:
            data = wire.recv(1 << 16)
            if not data:
                return
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                told = np.array(json.loads(line)["q"])
                print(line.decode(), file=log, flush=True)
        except BlockingIOError:
            pass
        except OSError:
            return
        far = np.array(SPEEDS) * PERIOD * 4
        q = np.clip(q + np.clip(told - q, -far, far), *np.array(ENDS).T)
        said = {"seq": seq, "time": now, "q": q.tolist(), "obs": [*q.tolist(), now]}
        seq += 1
        kept.append(json.dumps(said).encode() + b"\n")
        if rng.random() < faults.get("stall", 0.0):
            silent_until = now + rng.uniform(0.05, 0.3)
        if 0.0 <= now - faults.get("silence", 60.0) < 0.3:
            silent_until = now + PERIOD
        chance = rng.random()
        if now >= silent_until and chance >= faults.get("drop", 0.0):
            out = [kept[-1]]
            if rng.random() < faults.get("repeat", 0.0):
                out += [rng.choice(kept)] * 3
            if rng.random() < faults.get("swap", 0.0):
                out = [*out, *kept[-4:-1]]
            if rng.random() < faults.get("break", 0.0):
                out.insert(0, rng.choice([b"\xff\xfe\n", b"[[[\n", b'{"seq": 1e9}\n', kept[-1][:9] + b"\n", b"NaN\n"]))
            try:
                wire.sendall(b"".join(out))
            except OSError:
                return
        time.sleep(PERIOD)


if __name__ == "__main__":
    main()
