"""What planners share, in one that adds a hundredth to what it had planned."""

import torch
from torch import Generator, Tensor

from palestra.envs.model import Model
from palestra.envs.registry import make_vec
from palestra.policies.planner import Planner
from palestra.policies.plans import Plans


class Steadier(Planner):
    """Pushes a little more with every look."""

    name = "steadier"

    def __init__(self, num: int) -> None:
        self.plans = Plans(Model(make_vec("Pendulum-v1", num)), 3, num, seed=0)

    def improved(self, state: Tensor, plan: Tensor, generator: Generator) -> Tensor:
        return plan + 0.01


def test_a_look_counts_once_somebody_has_told_what_came_of_it() -> None:
    planner, obs = Steadier(2), torch.tensor([[1.0, 0.0, 0.0]] * 2)
    for _ in range(2):  # asking changes nothing
        assert planner.act(obs).tolist() == torch.full((2, 1), 0.01).tolist()
    planner.told(torch.zeros(2, 1), torch.zeros(2), torch.tensor([False, True]))
    torch.testing.assert_close(planner.act(obs), torch.tensor([[0.02], [0.01]]))


def test_another_number_of_episodes_begins_them_anew() -> None:
    planner = Steadier(2)
    planner.act(torch.tensor([[1.0, 0.0, 0.0]] * 2))
    planner.told(torch.zeros(2, 1), torch.zeros(2), torch.zeros(2, dtype=torch.bool))
    assert planner.act(torch.tensor([[1.0, 0.0, 0.0]] * 5)).tolist() == torch.full((5, 1), 0.01).tolist()
    assert len(planner.plans) == 5
