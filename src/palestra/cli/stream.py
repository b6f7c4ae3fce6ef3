"""``palestra stream``: a run moves a robot that listens on a socket, within limits that no command leaves."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from palestra.cli.arguments import Imports, Switch, check_is_saved, parse
from palestra.cli.output import print_json
from palestra.errors import UsageError, require

TOKEN = "PALESTRA_STREAM_TOKEN"
"""Where the robot's token stands: not among the arguments, which every user of a machine can read."""


@dataclass(frozen=True)
class Args:
    """Move a robot that listens on a socket (docs/streaming.md) by what a run does, until Ctrl-C. It stands then."""

    run: Annotated[Positional[str], arg(metavar="RUN")]
    """A run's folder or id, or a folder that `save` wrote; it acts with a Box."""
    to: Annotated[str, arg(metavar="HOST:PORT")]
    """Where the robot listens, which prints the token that PALESTRA_STREAM_TOKEN has to hold."""
    robot: Annotated[Path, arg(metavar="FILE")]
    """Its URDF or MuJoCo file, with the ends and the speeds of its joints."""
    acceleration: tuple[float, ...]
    """rad/s^2 or m/s^2: of all joints, or of each with commas between them."""
    speed: tuple[float, ...] = ()
    """rad/s or m/s, the same way; as the robot's file says if not given."""
    means: Literal["joints", "tool"] = "joints"
    """What an action is: a speed of each joint, or the tool's in x, y and z."""
    scale: float = 1.0
    """rad/s or m/s of an action of 1."""
    end: Annotated[str, arg(metavar="FRAME")] = ""
    """The frame that is the tool, for --means tool and for --box."""
    box: tuple[float, ...] = ()
    """(m) the least x, y, z of the tool, then the largest."""
    period: float = 0.02
    """Seconds between two commands."""
    watchdog: float = 0.1
    """Seconds after which a measurement is too old to move by."""
    tracking: float = 0.3
    """rad or m that a joint may be from where it was told to be."""
    seconds: float = float("inf")
    """For how long."""
    beyond: Switch = False
    """Let the host be another machine; nothing on the way is encrypted."""
    which: Literal["best", "last"] = "best"
    """The checkpoint of the best evaluation during training, or the last one."""
    imports: Imports = ()
    out: Path = Path("runs")
    """Folder of the runs."""
    json: Switch = False
    """Print one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra stream``; status 1 where anything but its end or a Ctrl-C ended it."""
    args = parse(Args, argv, "stream")
    check_is_saved(args.run, args.out)
    require(len(args.box) in (0, 6), f"--box of {len(args.box)} numbers", "six: the least x, y, z, then the largest")
    require(args.seconds > 0, f"--seconds {args.seconds:g}", "a positive number")
    token = os.environ.get(TOKEN, "")
    if not token:
        raise UsageError(f"no {TOKEN}; expected the token that the robot's process printed")
    from palestra.engine.signals import StopRequest  # imports torch: after the cheap errors
    from palestra.kinematics.robot_file import read_robot
    from palestra.streaming.acting import Acting
    from palestra.streaming.controller import Controller
    from palestra.streaming.governor import Governor, StreamLimits
    from palestra.streaming.stream import stream
    from palestra.trials.saved import load

    tree = read_robot(args.robot)
    limits = StreamLimits(
        _one_or_each(args.acceleration), _one_or_each(args.speed) if args.speed else None, args.end,
        (args.box[:3], args.box[3:]) if args.box else None,
    )  # fmt: skip
    governor = Governor(tree, limits, args.period)
    learner = load(args.run, out=args.out, which=args.which, device="cpu")
    try:
        acting = Acting(learner, tree, means=args.means, scale=args.scale, end=args.end)
        controller = Controller(governor, acting, watchdog=args.watchdog, tracking=args.tracking)
        with StopRequest(silent=True) as stop:
            ended = stream(
                controller, args.to, token, seconds=args.seconds, beyond=args.beyond,
                stopped=lambda: stop.signal is not None,
            )  # fmt: skip
    finally:
        learner.close()
    if args.json:
        print_json(asdict(ended))
    else:
        heard = ", ".join(f"{count:,} {name}" for name, count in sorted(ended.counts.items()))
        print(f"{ended.why}: {ended.commands:,} commands in {ended.seconds:.1f} s; measurements: {heard or 'none'}")
    return 0 if ended.why == "done" else 1


def _one_or_each(given: tuple[float, ...]) -> float | tuple[float, ...]:
    return given[0] if len(given) == 1 else given
