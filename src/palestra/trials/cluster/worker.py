"""The process of one trial on a machine of a cluster.

``python -m palestra.trials.cluster.worker DEPOT PLACE LAUNCH EXPIRY [MODULE ...]`` takes the lease of a trial, goes on
with the newest copy of its run in a folder of its own, sends a copy of every new checkpoint, and in the end the result.
With ``--leashed`` it saves and stops once its standard input ends.

It is told to stop by SIGTERM, as schedulers do it, or by an object in the depot. Once its lease is another's, it stops
too, and no word of it is heard any more.
"""

import json
import os
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from palestra.envs.modules import import_module
from palestra.errors import PalestraError
from palestra.runs import checkpoints
from palestra.runs.depot import Depot, DepotError
from palestra.runs.lease import Lease, LeaseLostError, Waiter, claims
from palestra.runs.objects import open_depot
from palestra.runs.shipping import Sender, fetch
from palestra.runs.store import run_ids
from palestra.trials.train import Interrupted
from palestra.trials.trial import Result, Trial, attempt
from palestra.trials.worker import stop_when_left, wake_when_left

TRIAL, RESULT, STOP = "trial", "result", "stop"
"""Objects of a trial: what it is; what came of it, below its holder's place; and who is asked to stop."""
LOST = 3
"""The exit status of one whose lease is another's."""
_LOOK = 0.2  # seconds between looks for a checkpoint


def main() -> None:
    """Try what the command line names."""
    words = sys.argv[1:]
    leashed = words[0] == "--leashed"
    url, root, launch, expiry, *modules = words[leashed:]
    if leashed:
        wake_when_left()
        threading.Thread(target=stop_when_left, daemon=True).start()
    for module in modules:  # as they were typed to the command that tries this
        import_module(module)
    try:
        work(open_depot(url), root, launch, float(expiry))
    except (LeaseLostError, DepotError) as error:
        print(f"palestra: {error}", file=sys.stderr)
        raise SystemExit(LOST) from None


def work(depot: Depot, root: str, launch: str, expiry: float) -> Result | None:
    """Try a trial as soon as its lease is to be had.

    Returns None if it was asked to stop, which it has then, or if the trial is finished already.

    Args:
        depot: that all machines have.
        root: of the trial, in the depot.
        launch: of this process, by which it is asked to stop.
        expiry: seconds without a sign of life after which a lease is another's to take.

    Raises:
        LeaseLostError: if it was frozen or out of reach for so long that another has it.
        DepotError: if the depot is out of reach for so long.
    """
    asked_to_stop = f"{root}/{STOP}/{launch}"
    waiter, lease, asked = Waiter(depot, root, launch, expiry=expiry), None, b""
    while lease is None:
        there = depot.get(f"{root}/{TRIAL}")
        if there is None or result_of(depot, root) is not None or depot.get(asked_to_stop) is not None:
            return None
        asked, lease = there, waiter.look()
        if lease is None:
            time.sleep(min(1.0, expiry / 8))
    if depot.get(f"{root}/{TRIAL}") is None:  # it was finished and cleared away between the looks
        lease.release()
        return None
    trial = Trial.from_json(json.loads(asked))
    if trial.halving is not None:  # this machine may have the depot by another name
        trial = replace(trial, halving=replace(trial.halving, depot=depot.url))
    with tempfile.TemporaryDirectory(prefix="palestra-") as scratch:
        return _Held(lease, Path(scratch), asked_to_stop, expiry).train(trial)


def result_of(depot: Depot, root: str) -> Result | None:
    """What came of a trial: the word of its last holder that has said one, if that had the lease."""
    for claim in reversed(claims(depot, root)):
        data = depot.get(f"{claim.place(root)}/{RESULT}")
        if data is not None:
            return Result(**json.loads(data))
    return None


class _Held:
    """A trial whose lease is held."""

    def __init__(self, lease: Lease, scratch: Path, asked_to_stop: str, expiry: float):
        self._lease, self._scratch, self._expiry = lease, scratch, expiry
        self._asked_to_stop = asked_to_stop
        self._sender = Sender(lease.depot, lease.place, lease.check)
        self._step = -1
        self._why: PalestraError | None = None
        self._done = threading.Event()
        self._stopping = threading.Lock()

    def train(self, trial: Trial) -> Result | None:
        """Go on with it to its end, or until it is to stop."""
        with self._lease.kept(expiry=self._expiry, lost=self._give_up, said=lambda: str(self._step)):
            result = self._tried(trial)
            if self._why is not None:
                raise self._why
            for run in self._runs():
                self._sender.send(run)
        self._lease.check()
        if result is None:
            self._lease.release()
        else:  # the last word: whoever reads it may clear everything away
            self._lease.depot.put(f"{self._lease.place}/{RESULT}", json.dumps(asdict(result)).encode())
        return result

    def _tried(self, trial: Trial) -> Result | None:
        """What comes of it; None where it was interrupted, and is saved."""
        sending = threading.Thread(target=self._send_new, daemon=True)
        try:
            path = fetch(self._lease.depot, self._lease.root, self._scratch)
            self._step = -1 if path is None else _newest(path)
            sending.start()
            return attempt(trial, self._scratch)
        except DepotError:
            raise
        except Interrupted:
            return None
        except PalestraError as error:
            return Result(trial.seed, error=str(error))
        except Exception as error:  # a world of the user's may raise anything, and would raise it anywhere
            return Result(trial.seed, error=f"{type(error).__name__}: {error}")
        finally:
            self._done.set()
            if sending.ident is not None:
                sending.join()

    def _runs(self) -> list[Path]:
        """The run, once there is one."""
        return [self._scratch / run_id for run_id in run_ids(self._scratch)]

    def _send_new(self) -> None:
        """Send what is new, checkpoint by checkpoint, beside the training; and see whether it is to stop."""
        heard = time.monotonic()
        while not self._done.wait(_LOOK):
            try:
                for run in self._runs():
                    if _newest(run) > self._step:
                        self._step = self._sender.send(run).step
                if self._lease.depot.get(self._asked_to_stop) is not None:
                    self._stop()
                heard = time.monotonic()
            except (DepotError, FileNotFoundError) as error:  # out of reach: the next checkpoint may come through
                if time.monotonic() - heard > self._expiry:
                    self._give_up(error if isinstance(error, PalestraError) else DepotError(str(error)))
                    return
            except PalestraError as error:
                self._give_up(error)
                return

    def _give_up(self, why: PalestraError) -> None:
        """Stop, and be silent: somebody else goes on with it."""
        self._why = self._why or why
        self._stop()

    def _stop(self) -> None:
        """Have the training save and stop, once: a second signal would end it in the middle of that."""
        if self._stopping.acquire(blocking=False):
            os.kill(os.getpid(), signal.SIGTERM)


def _newest(run: Path) -> int:
    with suppress(FileNotFoundError):
        return max(checkpoints.steps(run / "checkpoints"), default=-1)
    return -1


if __name__ == "__main__":
    main()
