"""The first signal asks for an orderly stop, the second ends the process at once."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from palestra.engine.signals import StopRequest


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_noted_and_the_handlers_come_back(
    number: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    with StopRequest() as stop:
        assert stop.signal is None
        os.kill(os.getpid(), number)
        assert stop.signal is number
    assert signal.getsignal(number) is before
    assert "once more to stop at once" in capfd.readouterr().err


def test_the_second_signal_ends_the_process_at_once() -> None:
    program = """
import os, signal
from palestra.engine.signals import StopRequest
with StopRequest():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        print("still here", flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        print("not at once", flush=True)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, "still here\n")  # which a shell shows as 143


def test_in_another_thread_signals_are_left_alone() -> None:
    seen = []

    def work() -> None:
        with StopRequest():
            seen.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_one_of_several_processes_says_that_they_stop(capfd: pytest.CaptureFixture[str]) -> None:
    with StopRequest(silent=True) as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.signal is signal.SIGTERM
    assert capfd.readouterr().err == ""
