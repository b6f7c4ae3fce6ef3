"""Trials on a Ray cluster of two nodes, one of which is lost on the way; prints what came of them as JSON.

``python ray_cluster.py FOLDER``, in a process of its own, since Ray leaves threads and hooks behind.
"""

import dataclasses
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from slurm import free_port

from palestra.recipes.registry import RECIPES
from palestra.runs.lease import claims
from palestra.trials.cluster.on_ray import RayPool
from palestra.trials.trial import Trial

SEEDS = 2


def trial(seed: int) -> Trial:
    """One that takes some seconds."""
    settings = {"training.budget": 12_000, "training.eval_every": 6_000, "training.checkpoint_every": 0.0}
    return Trial(RECIPES["blobs/mlp"], seed, settings)


def node() -> dict[str, Any]:
    """What a node is begun with. A port not named is to be said within seconds, by a process that imports much."""
    agents = ("metrics_agent_port", "metrics_export_port", "runtime_env_agent_port", "dashboard_agent_listen_port")
    return {"num_cpus": 1, "include_dashboard": False, **{agent: free_port() for agent in agents}}


def main() -> None:
    """Begin the cluster, train, and end it."""
    folder = Path(sys.argv[1])
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "ab" * 32, "RAY_USAGE_STATS_ENABLED": "0"}
    os.environ["RAY_TMPDIR"] = str(folder)
    (folder / "ray").mkdir()
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # so its address is 127.0.0.1
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=node())
    other = cluster.add_node(**node())
    facts: dict[str, Any] = {}
    try:
        with RayPool(SEEDS, address=cluster.address, depot=str(folder / "depot"), expiry=4.0, look=0.2) as pool:
            facts["nodes"] = sum(each["Alive"] for each in ray.nodes())
            for seed in range(SEEDS):
                pool.submit(trial(seed), folder / "runs")
            jobs, ended, lost = list(pool._shelf.waiting), [], False
            deadline = time.monotonic() + 240
            while len(ended) < SEEDS and time.monotonic() < deadline:
                ended += pool.poll()
                if not lost and all(job.signs.said not in ("", "-1") for job in jobs):
                    cluster.remove_node(other, allow_graceful=False)
                    lost = True
                time.sleep(0.05)
            facts["launches"] = sorted(job.launches for job in jobs)
            facts["lost"] = lost
            facts["results"] = [dataclasses.asdict(result) for _, result in ended]
            facts["traces"] = [claim.token for job in jobs for claim in claims(job.depot, job.root)]
    finally:
        cluster.shutdown()
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
