"""How fast does `palestra serve` answer, from how many clients at once, beside `predict` called in this process?"""

import argparse
import contextlib
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import palestra
from report import publish

SIZES = (1, 32, 256)
"""Observations of a question."""
CLIENTS = (1, 4)
"""Connections, each of which waits for its answer before it asks again."""


@contextlib.contextmanager
def server(folder: Path) -> Iterator[dict[str, Any]]:
    """`palestra serve` as a process of its own, ended as by Ctrl-C; what it printed when it was ready."""
    command = [sys.executable, "-m", "palestra", "serve", str(folder), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(2)
            process.wait()


def asked(about: dict[str, Any], body: bytes, count: int) -> list[float]:
    """Seconds of each of some questions, one after the other on one connection."""
    place = about["url"].split("/")[2]
    connection = http.client.HTTPConnection(place)
    headers = {"Authorization": f"Bearer {about['token']}"}
    found = []
    for _ in range(count):
        start = time.perf_counter()
        connection.request("POST", "/predict", body, headers)
        answer = connection.getresponse()
        answer.read()
        found.append(time.perf_counter() - start)
        assert answer.status == 200
    connection.close()
    return found


def together(about: dict[str, Any], body: bytes, count: int, clients: int) -> tuple[list[float], float]:
    """Seconds of each question of some clients at once, and of all together."""
    found: list[list[float]] = [[] for _ in range(clients)]

    def one(i: int) -> None:
        found[i] = asked(about, body, count // clients)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [each for times in found for each in times], time.perf_counter() - start


def main() -> None:
    """PPO with its default networks on CartPole: what is measured is the way there and back, not the network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000, help="questions of each row")
    args, _ = parser.parse_known_args()
    agent: Any = palestra.PPO("CartPole-v1", seed=0)
    table = []
    with tempfile.TemporaryDirectory() as place, server(agent.save(Path(place) / "saved")) as about:
        for size in SIZES:
            obs = np.random.default_rng(size).normal(size=(size, 4)).astype(np.float32)
            body = json.dumps({"observations": obs.tolist()}).encode()
            asked(about, body, 50)
            calls = []
            for _ in range(args.count):
                start = time.perf_counter()
                agent.predict(obs)
                calls.append(time.perf_counter() - start)
            for clients in CLIENTS:
                times, whole = together(about, body, args.count, clients)
                p50, p99 = np.percentile(times, (50, 99)) * 1e3
                table.append(
                    {
                        "observations": size, "clients": clients, "p50 ms": p50, "p99 ms": p99,
                        "questions/s": len(times) / whole, "observations/s": size * len(times) / whole,
                        "predict in process, p50 ms": float(np.median(calls)) * 1e3,
                    }
                )  # fmt: skip
    agent.close()
    first = table[0]
    publish(
        "serve",
        "Answers of `palestra serve`",
        {
            "ours": first["p99 ms"], "peer": first["predict in process, p50 ms"],
            "ratio": first["p50 ms"] / first["predict in process, p50 ms"],
            "unit": "ms for one observation; the peer is a call in the process", "seeds": [0],
        },
        table,
        [
            f"{args.count:,} questions a row over kept connections from this machine, client and server on its cores.",
            "A question is JSON and passes the door (token, Host, Origin); answers wait for each other in one thread.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
