"""The model card: what a hub's index reads of it, and what a person does."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
import torch

from palestra.exports.card import Told, card, head, result
from palestra.measure import Evaluation, Measure
from palestra.recipes.registry import get_recipe
from palestra.trials.measuring import Judged
from palestra.trials.plan import resolve

RETURNS = torch.tensor([490.0, 500.0, 510.0, 500.0])
VERSIONS = {"python": "3.11.5", "torch": "2.13.0", "palestra": None}


def told(recipe: str, samples: torch.Tensor, metrics: dict[str, float], headline: str, **more: Any) -> Told:
    plan = resolve(get_recipe(recipe), {"training.seed": 3})
    score = metrics[headline]
    judged = Judged(Evaluation(score, samples, metrics), Measure(4, "test", 99), plan.source, headline, 25_000, "x")
    return Told(plan, "a-run", judged, 7, VERSIONS, "apache-2.0", **{"video": False, **more})


def acting(**more: Any) -> Told:
    return told("cartpole/ppo", RETURNS, {"eval/return_mean": 500.0}, "eval/return_mean", **more)


def labelling() -> Told:
    metrics = {"eval/accuracy": 0.9625, "eval/log_loss": 0.1}
    return told("digits/mlp", torch.ones(360), metrics, "eval/accuracy")


def test_an_agents_figure_stands_as_the_course_cards_have_it() -> None:
    about = head(acting())
    (model,) = about["model-index"]
    (found,) = model["results"]
    assert model["name"] == "PPO"
    assert found["task"] == {"type": "reinforcement-learning", "name": "reinforcement-learning"}
    assert found["dataset"] == {"name": "CartPole-v1", "type": "CartPole-v1"}
    assert found["metrics"] == [
        {"type": "mean_reward", "name": "mean_reward", "value": "500.00 +/- 7.07", "verified": False}
    ]
    assert about["library_name"] == "palestra"
    assert about["license"] == "apache-2.0"
    assert {"CartPole-v1", "ppo", "deep-reinforcement-learning", "reinforcement-learning"} == set(about["tags"])
    said = result(acting())
    assert (said["mean_reward"], said["n_eval_episodes"], said["seed"]) == (500.0, 4, 7)
    assert said["std_reward"] == pytest.approx(50**0.5)


def test_labels_have_their_metrics_and_the_data_their_terms() -> None:
    about = head(labelling())
    (found,) = about["model-index"][0]["results"]
    assert found["task"]["type"] == about["pipeline_tag"] == "image-classification"
    assert [(each["type"], each["value"]) for each in found["metrics"]] == [("accuracy", 0.9625), ("log_loss", 0.1)]
    text = card(labelling())
    assert "accuracy 0.9625 on 360 test rows, at step 25,000" in text
    assert "The weights: apache-2.0. The data, " in text
    assert result(labelling())["eval/accuracy"] == 0.9625


def test_the_head_of_the_card_is_yaml_and_its_settings_are_json() -> None:
    parser = pytest.importorskip("yaml")
    for each in (acting(), labelling()):
        text = card(each)
        _, above, _ = text.split("---\n", 2)
        assert parser.safe_load(above) == head(each)
        settings = re.search(r"```json\n(.*?)```", text, re.DOTALL)
        assert settings is not None
        assert json.loads(settings[1])["training"]["seed"] == 3


def test_a_person_finds_seed_command_versions_and_film() -> None:
    text = card(acting(video=True))
    for part in (
        "# PPO on CartPole-v1\n", "seed 3:\n\n```sh\npalestra train cartpole/ppo --seed 3\n```",
        "mean return 500.00 +/- 7.07 over 4 greedy episodes (seed 7)", "python 3.11.5, torch 2.13.0;", "`replay.mp4`",
        'palestra.load("path/to/this/folder")',
    ):  # fmt: skip
        assert part in text
    assert "replay.mp4" not in card(acting())
    changed = replace(acting().plan, recipe="mine/own")
    assert "--algo ppo --env-id CartPole-v1" in card(acting()._replace(plan=changed))
