"""Solve, plan, imitate, or learn by reward: what each way of control comes to on one task, and what it costs.

Returns, environment steps and seconds of training are those of the verified records, seed by seed: nothing is trained
here. Milliseconds an action are measured now, of one episode at a time, on one thread: of networks with fresh weights,
which take as long as trained ones. What nobody has verified stands there too, and what nobody has tried.
"""

import argparse
import time
from statistics import median
from typing import Any

import torch

from palestra.engine.agent import Agent
from palestra.errors import PalestraError
from palestra.learners.registry import learner_type
from palestra.pictures.numbers import number
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import RECIPES
from palestra.trials.plan import resolve
from palestra.trials.records import read_record
from report import publish

TASKS = {
    "pendulum": "Pendulum-v1",
    "cart-pole swing-up": "palestra/CartPoleSwingUp-v0",
    "arm reach": "palestra/ArmReach-v0",
    "arm push": "palestra/ArmPush-v0",
}
WAYS = ("solve", "plan", "imitate", "learn")
SOLVING = ("lqr", "ilqr", "expert")
"""Whose answer comes from equations: of a robot's joints, or of what is best near a plan."""
BY_ROOM = {"policies": "plan", "models": "plan", "imitation": "imitate", "sequences": "imitate"}
"""Room of a learner to the way it goes; every other learns by reward."""
NONE = "-"


def way_of(recipe: Recipe) -> str:
    """Which of the ways a recipe goes; chance is none of them."""
    if recipe.learner in (*SOLVING, "random"):
        return "chance" if recipe.learner == "random" else "solve"
    rooms = learner_type(recipe.learner).kind.__module__.split(".")
    return next((way for room, way in BY_ROOM.items() if room in rooms), "learn")


def milliseconds(recipe: Recipe, seconds: float) -> float:
    """Of one action, the median of as many as fit into so many seconds, three at least."""
    learner = resolve(recipe, {"world.num_envs": 1}).make_learner()
    assert isinstance(learner, Agent)
    took = list[float]()
    try:
        env = learner.env
        obs, policy = env.reset(0), learner.policy
        policy.reset(1, seed=0)
        end = time.perf_counter() + seconds
        with torch.inference_mode():
            while time.perf_counter() < end or len(took) < 3:
                begun = time.perf_counter()
                action = policy.act(env if policy.sees == "state" else obs)
                took.append(time.perf_counter() - begun)
                result = env.step(action)
                policy.told(action, result.reward, result.terminated | result.truncated)
                obs = result.obs
    finally:
        learner.close()
    return 1e3 * median(took)


def verified(recipe: Recipe) -> dict[str, str]:
    """What the record of a recipe says of it; that there is none, if there is none."""
    record = read_record(recipe)
    if record is None:
        return {
            "return or success": "not verified",
            "claim": NONE,
            "steps": f"a budget of {recipe.budget:,}",
            "seconds": NONE,
        }
    facts, trials = record.facts, record.facts["trials"]
    verdict = facts["verdict"]
    score = number(median(record.values))
    if verdict["iqm_interval"]:
        low, high = verdict["iqm_interval"]
        score = f"{number(verdict['iqm'])} ({number(low)} to {number(high)})"
    said = verdict["verdict"] or ("claims nothing" if recipe.claim is None else "not enough seeds")
    return {
        "return or success": score,
        "claim": f"{said}, {len(trials)} seeds",
        "steps": f"{int(median(trial['steps'] for trial in trials)):,}",
        "seconds": number(median(trial["seconds"] for trial in trials), digits=3),
    }


def row(task: str, recipe: Recipe, seconds: float) -> dict[str, Any]:
    """One recipe's line."""
    unit = learner_type(recipe.learner).learner.clock_unit
    known = verified(recipe)
    try:
        took, measured = number(milliseconds(recipe, seconds), digits=3), True
    except (PalestraError, ImportError) as error:
        took, measured = f"not measured: {str(error).splitlines()[0][:60]}", False
    learns = way_of(recipe) in ("imitate", "learn") or recipe.learner in ("pets", "dynamics-ensemble")
    return {
        "task": task, "way": way_of(recipe), "recipe": f"`{recipe.id}`",
        "return or success (95% interval)": known["return or success"], "claim": known["claim"],
        "learned from": f"{known['steps']} {unit}" if learns else "nothing",
        "seconds of training": known["seconds"] if learns else "0", "ms an action": took,
        "measured": measured,
    }  # fmt: skip


def main() -> None:
    """Every recipe of the four tasks, by its way, and what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of measuring, for each recipe")
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    rows, missing, unverified = list[dict[str, Any]](), list[str](), list[str]()
    for task, env_id in TASKS.items():
        here = [recipe for recipe in RECIPES.values() if recipe.env == env_id]
        for way in (*WAYS, "chance"):
            going = [recipe for recipe in here if way_of(recipe) == way]
            rows += [row(task, recipe, args.seconds) for recipe in going]
            if not going and way in WAYS:
                missing.append(f"{way} of {task}")
            unverified += [f"`{recipe.id}`" for recipe in going if read_record(recipe) is None]
    planned, learned = (
        median(float(each["ms an action"].replace(",", "")) for each in rows if each["way"] == way and each["measured"])
        for way in ("plan", "learn")
    )
    publish(
        "control",
        "Solve, plan, imitate, learn: four ways of control on four tasks",
        {"ours": learned, "peer": planned, "ratio": planned / learned, "unit": "ms an action", "seeds": [0]},
        [{name: value for name, value in each.items() if name != "measured"} for each in rows],
        [
            "Returns are interquartile means over seeds; of the arm's tasks they are successes, but for a small cost of"
            " time. Seconds are those of a whole trial, its final evaluation among them, on whatever machine and beside"
            " whatever else the record was made: bench/results/claims.md names them. They are no comparison of speed.",
            "What plans and what solves is given the world's equations, and learned from nothing. An imitator's steps"
            " are those of the world in which its expert was asked, or samples of what was recorded.",
            f"Not verified, so without a figure: {', '.join(unverified) or 'none'}.",
            f"Nobody has tried: {'; '.join(missing) or 'none'}. A planner needs a state that is"
            " seen, and equations: of the arm's twin what is seen leaves some of it open.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
