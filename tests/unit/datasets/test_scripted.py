"""Episodes of a rule: the first of each copy, each step the world's own, and whose they are."""

import torch

from palestra.datasets.scripted import facts_of, played, source
from palestra.envs.classic.mountain_car_continuous import dynamics
from palestra.envs.registry import make_vec


def test_the_first_episode_of_each_copy_by_the_rule() -> None:
    env = make_vec("MountainCarContinuous-v0", 3)
    facts = facts_of(env, "MountainCarContinuous-v0", {"goal_velocity": 0.0})
    made = played(env, env.reset(0), lambda obs: torch.where(obs[:, 1:] < 0, -1.0, 1.0), facts)
    assert len(made.ends) == 3
    assert (made.facts["env"], made.facts["env_kwargs"]) == ("MountainCarContinuous-v0", {"goal_velocity": 0.0})
    assert (made.actions[:, 0] == 1.0).tolist() == (made.observations[:, 1] >= 0).tolist()
    led_to, reward, over = dynamics(torch.from_numpy(made.observations), torch.from_numpy(made.actions))
    assert over.tolist() == made.terminated.tolist()
    torch.testing.assert_close(reward, torch.from_numpy(made.rewards))
    torch.testing.assert_close(led_to[made.ends - 1], torch.from_numpy(made.final_observations))
    said = source("pushes along", made)
    assert (said["about"], said["episodes"]) == ("pushes along", 3)
    assert said["return_mean"] == made.returns.mean()
