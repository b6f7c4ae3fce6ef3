"""``palestra serve``: what a run predicts, over HTTP on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from palestra.cli.arguments import Imports, Switch, check_is_saved, parse
from palestra.cli.output import print_json


@dataclass(frozen=True)
class Args:
    """Answer `POST /predict` on this machine with what a run predicts, until Ctrl-C."""

    run: Annotated[Positional[str], arg(metavar="RUN")]
    """A run's folder or id, or a folder that `save` wrote."""
    port: int = 0
    """Where to listen; 0 for any port that is free."""
    which: Literal["best", "last"] = "best"
    """The checkpoint of the best evaluation during training, or the last one."""
    imports: Imports = ()
    out: Path = Path("runs")
    """Folder of the runs."""
    device: str | None = None
    """Where to compute, if not where it was trained: cpu, cuda, ..."""
    json: Switch = False
    """Print one JSON object, once it listens."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra serve``."""
    args = parse(Args, argv, "serve")
    check_is_saved(args.run, args.out)
    from palestra.exports.service import Service  # imports torch: after the cheap errors
    from palestra.trials.saved import load, saved_folder
    from palestra.web.guard import Guard, local_names, make_token
    from palestra.web.serving import address, listen, port_of, serve

    with listen(args.port) as place:
        learner = load(args.run, out=args.out, which=args.which, device=args.device)
        try:
            service, token, port = Service(learner, saved_folder(args.run, args.out).name), make_token(), port_of(place)
            url = address(place, token)
            if args.json:
                about = {name: value for name, value in service.health().items() if name not in ("answered", "seconds")}
                print_json({"url": url, "predict": f"http://127.0.0.1:{port}/predict", "token": token, **about})
            else:
                print(url)
                print(f'POST /predict {{"{service.answers.key}": ...}} with Authorization: Bearer {token}', flush=True)
            serve(Guard(service, token, local_names(port), f"serve-{port}"), place)
        finally:
            learner.close()
    return 0
