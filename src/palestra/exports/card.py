"""The model card: what a hub shows of a run, and what its index of models reads at the head of it."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from palestra.datasets.dataset import Dataset, known_cards
from palestra.engine.predictor import Predictor
from palestra.exports.command import training_command
from palestra.exports.yaml import yaml
from palestra.learners.registry import learner_type
from palestra.trials.measuring import Judged
from palestra.trials.plan import Plan

TASKS = {
    ("classifier", True): ("image-classification", "Image Classification"),
    ("classifier", False): ("tabular-classification", "Tabular Classification"),
    ("regressor", False): ("tabular-regression", "Tabular Regression"),
}
"""Kind of an estimator, and whether it sees images, to the hub's name of the task and its title."""
OTHER_TASK = ("feature-extraction", "Feature Extraction")
"""Of all that a hub has no better name for."""


class Told(NamedTuple):
    """What a card is made of."""

    plan: Plan
    """What the run was asked for."""
    run: str
    """Its id."""
    judged: Judged
    """How well it did, on luck or rows that it never saw."""
    seed: int
    """Of that."""
    versions: Mapping[str, Any]
    """Of the packages that it was trained with."""
    licence: str
    """Of the weights, by the hub's name for it."""
    video: bool
    """Whether ``replay.mp4`` lies beside it."""


def result(told: Told) -> dict[str, Any]:
    """What ``results.json`` says, of an agent in the words of the course cards."""
    evaluation, measure = told.judged.evaluation, told.judged.measure
    about = {"seed": told.seed, "split": measure.split, "step": told.judged.step}
    if not _acts(told):
        return {**evaluation.metrics, "samples": len(evaluation.samples), **about}
    returns = evaluation.samples.double()
    mean, std = float(returns.mean()), float(returns.std(correction=0))
    return {
        "mean_reward": mean, "std_reward": std, "n_eval_episodes": len(returns), "is_deterministic": True, **about,
    }  # fmt: skip


def _acts(told: Told) -> bool:
    """Whether it is judged by returns; a bandit is judged by its regret."""
    return told.judged.headline == "eval/return_mean"


def head(told: Told) -> dict[str, Any]:
    """The card's YAML: library, tags, licence, and the figures as ``model-index`` has them."""
    plan, found = told.plan, result(told)
    task, title = _task(plan)
    metrics = [_metric(name.removeprefix("eval/"), value) for name, value in told.judged.evaluation.metrics.items()]
    if _acts(told):
        metrics = [_metric("mean_reward", f"{found['mean_reward']:.2f} +/- {found['std_reward']:.2f}")]
    tags = [plan.source.id, plan.learner.name, task, *(["deep-reinforcement-learning"] if _acts(told) else [])]
    data = {"name": plan.source.id, "type": plan.source.id}
    results = [{"task": {"type": task, "name": title}, "dataset": data, "metrics": metrics}]
    name = learner_type(plan.learner.name).kind.__name__
    return {
        "library_name": "palestra",
        "license": told.licence,
        "pipeline_tag": task,
        "tags": tags,
        "model-index": [{"name": name, "results": results}],
    }


def _metric(name: str, value: float | str) -> dict[str, Any]:
    return {"type": name, "name": name, "value": value, "verified": False}


def card(told: Told) -> str:
    """``README.md``, whole."""
    plan, name = told.plan, learner_type(told.plan.learner.name).kind.__name__
    where = f"**{plan.source.id}**"
    lines = [f"---\n{yaml(head(told))}---\n", f"# {name} on {plan.source.id}\n"]
    lines.append(f"A trained **{name}** of Palestra, on {where}: {_figure(told)}.\n")
    if told.video:
        lines.append("## Replay\n\n`replay.mp4` shows it at work.\n")
    lines.append(f"## Usage\n\n```python\n{_usage(plan)}```\n")
    lines.append(
        f"## Training\n\nRun `{told.run}`, seed {plan.training.seed}:\n\n```sh\n{training_command(plan)}\n```\n"
    )
    lines.append(f"Settings, as `config.json` has them:\n\n```json\n{_settings(plan)}\n```\n")
    made = ", ".join(f"{package} {version}" for package, version in told.versions.items() if version)
    lines.append(f"Trained with {made}; `requirements.txt` lists every package.\n")
    lines.append(f"## Licence\n\n{_licence(told)}\n")
    return "\n".join(lines)


def _figure(told: Told) -> str:
    found = result(told)
    if not _acts(told):
        score, split = told.judged.evaluation.score, f"{found['split']} rows" if found["split"] else "samples"
        said = f"{told.judged.headline.removeprefix('eval/')} {score:.6g} on {found['samples']:,} {split}"
    else:
        said = f"mean return {found['mean_reward']:.2f} +/- {found['std_reward']:.2f} over {found['n_eval_episodes']} "
        said += f"greedy episodes (seed {found['seed']})"
    return f"{said}, at step {told.judged.step:,}"


def _usage(plan: Plan) -> str:
    load = 'import palestra\n\nlearned = palestra.load("path/to/this/folder")\n'
    if isinstance(plan.source, Dataset):
        return (
            load
            + f'rows, _ = palestra.load_data("{plan.source.id}", split="test")\nprint(learned.predict(rows[:10]))\n'
        )
    return load + (
        'env = palestra.make_env("path/to/this/folder")\nobs, _ = env.reset(seed=0)\naction = learned.predict(obs)\n'
    )


def _settings(plan: Plan) -> str:
    config = plan.to_json()
    return json.dumps({key: config[key] for key in ("learner", plan.source.key, "training")}, indent=2)


def _licence(told: Told) -> str:
    said = f"The weights: {told.licence}."
    if isinstance(told.plan.source, Dataset):
        known = known_cards().get(told.plan.source.id)
        if known is not None:
            said += f" The data, {known.title} ({known.home}): {known.licence}."
    return said


def _task(plan: Plan) -> tuple[str, str]:
    if not isinstance(plan.source, Dataset):
        return "reinforcement-learning", "reinforcement-learning"
    kind: type[Predictor] = learner_type(plan.learner.name).learner
    known = known_cards().get(plan.source.id)
    return TASKS.get((kind.kind, known is not None and known.kind == "images"), OTHER_TASK)
