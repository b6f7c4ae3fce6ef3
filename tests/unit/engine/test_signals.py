"""The first signal asks for an orderly stop, the second ends the process at once."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from palestra.engine.signals import HOLD, StopRequest


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


def test_a_process_that_is_asked_to_hold_stops_itself_and_can_go_on() -> None:
    program = """
import sys
from palestra.engine.signals import StopRequest
with StopRequest() as stop:
    for line in sys.stdin:
        if stop.hold:
            stop.stand_still()
        print(stop.hold, flush=True)
"""
    words = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", program], bufsize=1, **words) as process:  # type: ignore[call-overload]
        try:

            def tick() -> None:
                process.stdin.write("a step\n")
                process.stdin.flush()

            tick()
            assert process.stdout.readline() == "False\n"
            process.send_signal(HOLD)
            time.sleep(0.2)  # it is noted by then
            tick()
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            process.send_signal(signal.SIGCONT)
            assert process.stdout.readline() == "False\n", "once asked, once held"
            tick()
            assert process.stdout.readline() == "False\n"
        finally:
            process.kill()


def test_who_is_not_training_does_not_mind() -> None:
    assert signal.getsignal(HOLD) is signal.SIG_DFL
    os.kill(os.getpid(), HOLD)


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
