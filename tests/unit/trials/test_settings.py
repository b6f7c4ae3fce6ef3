from palestra.trials.settings import settings_of


def test_every_setting_has_its_place() -> None:
    config = {
        "recipe": "cliff/sarsa",
        "learner": {"name": "sarsa", "settings": {"gamma": 0.9}},
        "world": {"id": "CliffWalking-v1", "kwargs": {"max_episode_steps": 100}, "num_envs": 2},
        "training": {"seed": 0},
        "claim": {"threshold": 1.0},
    }
    assert settings_of(config) == {
        "learner.gamma": 0.9, "world.id": "CliffWalking-v1", "world.kwargs.max_episode_steps": 100, "world.num_envs": 2,
        "training.seed": 0,
    }  # fmt: skip
    assert settings_of({}) == {}
    assert settings_of({"dataset": {"id": "digits", "kwargs": {}}}) == {"dataset.id": "digits"}
