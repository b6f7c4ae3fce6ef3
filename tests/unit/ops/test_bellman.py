"""Bellman operators: by hand on two states, and against one state at a time on processes of every kind."""

import numpy as np
import pytest
import torch
from planning_reference import as_table, backup, linear_solution, sweep
from torch import Tensor

from palestra.envs.finite.catalogue import finite_mdp
from palestra.envs.finite.mdp import FiniteMDP, from_arrays, from_table, garnet
from palestra.ops import bellman
from palestra.ops.ragged import ranges

PROCESSES = {
    "cliff": lambda: finite_mdp("CliffWalking-v1"),
    "slippery cliff": lambda: finite_mdp("CliffWalkingSlippery-v1"),
    "lake": lambda: finite_mdp("FrozenLake-v1", {"success_rate": 0.6}),
    "rainy taxi": lambda: finite_mdp("Taxi-v4", {"is_rainy": True}),
    "board": lambda: finite_mdp("palestra/GridWorld-v0", {"size": [5, 7], "walls": 0.2, "slip": 0.3}),
    "random": lambda: garnet(40, 3, 5, seed=1),
    "anywhere": lambda: garnet(12, 3, 12, seed=2),
    "uneven": lambda: from_table(
        {
            0: {0: [(0.2, 1, 1.0, False), (0.5, 2, 0.0, True), (0.3, 0, -1.0, False)], 1: [(1.0, 2, 0.5, False)]},
            1: {0: [(1.0, 0, 2.0, False)], 1: [(0.5, 1, 0.0, False), (0.5, 1, 4.0, True)]},
            2: {0: [(1.0, 2, 0.0, False)], 1: [(0.0, 1, 9.0, False), (1.0, 0, 1.0, False)]},
        }
    ),
}
EVERY = pytest.mark.parametrize("name", PROCESSES)
FORMS = pytest.mark.parametrize("dense", [False, True], ids=["sparse", "dense"])


def dynamics(mdp: FiniteMDP, dense: bool | None = None) -> bellman.Dynamics:
    return bellman.dynamics(
        mdp.offset, mdp.probability, mdp.next_state, mdp.reward, mdp.terminated, mdp.terminal, dense=dense
    )


def some_values(mdp: FiniteMDP) -> Tensor:
    value_X = torch.randn(mdp.num_states + 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    value_X[-1] = 0.0
    value_X[:-1][mdp.terminal] = 0.0
    return value_X


@FORMS
def test_two_states_by_hand(dense: bool) -> None:
    # State 0: action 0 stays (reward 1), action 1 goes to state 1 (reward 0). State 1: either action ends, reward 10.
    mdp = from_table(
        {
            0: {0: [(1.0, 0, 1.0, False)], 1: [(0.75, 1, 0.0, False), (0.25, 0, 4.0, False)]},
            1: {0: [(1.0, 0, 10.0, True)], 1: [(1.0, 1, 10.0, True)]},
        }
    )
    d = dynamics(mdp, dense)
    q = bellman.q_values(d, torch.tensor([2.0, 8.0, 0.0], dtype=torch.float64), 0.5)
    # q(0, 0) = 1 + 0.5 * 2; q(0, 1) = 0.25 * 4 + 0.5 * (0.75 * 8 + 0.25 * 2); q(1, .) = 10, the end
    assert q.T.tolist() == [[2.0, 4.25], [10.0, 10.0]]
    assert bellman.greedy(q).T.tolist() == [[False, True], [True, True]]
    # Always action 1: v(1) = 10, v(0) = 1 + 0.5 * (7.5 + 0.25 v(0)) = 4.75 / 0.875.
    v = bellman.solve(bellman.under(d, torch.tensor([1, 1])), 0.5)
    assert v.tolist() == pytest.approx([4.75 / 0.875, 10.0, 0.0], abs=1e-15)


@EVERY
@FORMS
def test_every_backup_is_that_of_one_state_at_a_time(name: str, dense: bool) -> None:
    mdp = PROCESSES[name]()
    d, value = dynamics(mdp, dense), some_values(mdp)
    table, terminal = as_table(mdp), mdp.terminal.tolist()
    v = value.tolist()
    expected = np.array([[backup(outcomes, v, 0.9) for outcomes in actions] for actions in table])
    expected[terminal] = 0.0
    np.testing.assert_allclose(bellman.q_values(d, value, 0.9).T, expected, atol=1e-12)
    some = torch.tensor([mdp.num_states - 1, 0, 1])
    np.testing.assert_allclose(bellman.q_values(d, value, 0.9, some).T, expected[some], atol=1e-12)
    np.testing.assert_allclose(bellman.q_values(d, value, 0.9, slice(1, 3)).T, expected[1:3], atol=1e-12)


@EVERY
@FORMS
def test_sweeps_are_those_of_one_state_at_a_time(name: str, dense: bool) -> None:
    mdp = PROCESSES[name]()
    d, value = dynamics(mdp, dense), some_values(mdp)
    table, terminal = as_table(mdp), mdp.terminal.tolist()
    before = value[:-1].numpy().copy()
    out = value.clone()
    for block in (1, 3, 10_000):  # old values only: how the work is cut up changes nothing
        change = bellman.sweep(d, value, 0.9, out_X=out, block=block)
        expected = sweep(table, terminal, before, 0.9, np.copy)
        np.testing.assert_allclose(out[:-1], expected, atol=1e-12)
        assert change == pytest.approx(np.abs(expected - before).max(), abs=1e-12)
        assert out[-1] == 0
    bellman.sweep(d, value, 0.9, out_X=value, block=1)
    np.testing.assert_allclose(value[:-1], sweep(table, terminal, before.copy(), 0.9, np.asarray), atol=1e-12)


@EVERY
@FORMS
def test_evaluation_of_a_policy_is_the_direct_linear_solution(name: str, dense: bool) -> None:
    mdp = PROCESSES[name]()
    d = dynamics(mdp, dense)
    generator = torch.Generator().manual_seed(3)
    random_AS = torch.rand(mdp.num_actions, mdp.num_states, dtype=torch.float64, generator=generator)
    chosen_S = random_AS.argmax(0)
    stochastic_AS = random_AS / random_AS.sum(0)
    certain_SA = torch.nn.functional.one_hot(chosen_S, mdp.num_actions).double()
    for policy, policy_SA in ((chosen_S, certain_SA), (stochastic_AS, stochastic_AS.T)):
        expected = linear_solution(mdp, policy_SA.numpy(), 0.9)
        followed = bellman.under(d, policy)
        np.testing.assert_allclose(bellman.solve(followed, 0.9)[:-1], expected, rtol=0, atol=1e-10)
        value = torch.zeros(mdp.num_states + 1, dtype=torch.float64)
        for _ in range(400):
            bellman.sweep(followed, value, 0.9, out_X=value)
        np.testing.assert_allclose(value[:-1], expected, rtol=0, atol=1e-10)


def test_a_policy_that_need_not_end_has_no_value_without_discount() -> None:
    d = dynamics(finite_mdp("CliffWalking-v1"))
    up = bellman.under(d, torch.zeros(48, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"need not end, and from state 0 none does \(47 such of 48\)"):
        bellman.solve(up, 1.0)  # only the goal is over
    assert bellman.solve(up, 0.5).isfinite().all()


def chain(row_SZ: list[list[float]] | Tensor, reward: float = 1.0, dtype: torch.dtype = torch.float64) -> bellman.Dense:
    """A process with one action and the same reward everywhere, by its transition matrix; *over* is the last column."""
    matrix_SZ = torch.as_tensor(row_SZ, dtype=dtype)
    return bellman.Dense(torch.full((1, len(matrix_SZ)), reward, dtype=dtype), matrix_SZ[None])


@FORMS
def test_a_state_that_no_episode_ends_from_is_named(dense: bool) -> None:
    # 0 may end at once or fall into 2 and 3, which lead to each other alone. State 2's end has probability zero.
    mdp = from_table(
        {
            0: {0: [(0.5, 1, 1.0, False), (0.5, 2, 0.0, False)]},
            1: {0: [(1.0, 0, 1.0, True)]},
            2: {0: [(1.0, 3, 1.0, False), (0.0, 0, 1.0, True)]},
            3: {0: [(0.3, 2, 1.0, False), (0.7, 3, 0.0, False)]},
        }
    )
    followed = bellman.under(dynamics(mdp, dense), torch.zeros(4, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"gamma=1.0: .* from state 2 none does \(2 such of 4\)"):
        bellman.solve(followed, 1.0)
    assert bellman.solve(followed, 1 - 1e-9)[2].item() > 1e8  # with a discount, however small, there is a value


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("states", [2, 3, 10, 100])
def test_no_rounding_makes_a_value_of_a_process_without_end(states: int, dtype: torch.dtype) -> None:
    # Rows of random numbers: whether I - P comes out singular is chance, and another on every processor.
    for seed in range(20):
        matrix_SZ = torch.rand(states, states + 1, dtype=dtype, generator=torch.Generator().manual_seed(seed))
        matrix_SZ[:, -1] = 0.0
        matrix_SZ /= matrix_SZ.sum(1, keepdim=True)
        with pytest.raises(ValueError, match=f"from state 0 none does .{states} such"):
            bellman.solve(chain(matrix_SZ, dtype=dtype), 1.0)
        matrix_SZ[:, -1] = 1e-30  # every state reaches an end, but no sum of these numbers can tell
        with pytest.raises(ValueError, match=r"at best in float(64|32): an episode is too long to add"):
            bellman.solve(chain(matrix_SZ, dtype=dtype), 1.0)


@pytest.mark.parametrize("leak", [1e-3, 1e-6, 1e-9])
def test_an_end_however_rare_gives_a_value(leak: float) -> None:
    stay = (1 - leak) / 2
    value = bellman.solve(chain([[stay, stay, leak], [stay, stay, leak]], 3.0), 1.0)
    assert value.tolist() == pytest.approx([3 / leak, 3 / leak, 0.0], rel=1e-15 / leak)  # 1 - leak is rounded, too


def test_a_long_way_to_the_end_is_gone_back_to_its_beginning() -> None:
    states = 2_000
    matrix_SZ = torch.diag(torch.ones(states, dtype=torch.float64), 1)[:-1]
    assert bellman.solve(chain(matrix_SZ, -1.0), 1.0).tolist() == [float(n - states) for n in range(states + 1)]
    matrix_SZ[-1] = matrix_SZ[0]  # the last state leads back: nothing ends
    with pytest.raises(ValueError, match=r"from state 0 none does \(2000 such of 2000\)"):
        bellman.solve(chain(matrix_SZ, -1.0), 1.0)


@pytest.mark.parametrize("given", [1e300, float("inf"), float("nan"), 0.0])
def test_what_does_not_solve_the_equation_is_no_value(given: float, monkeypatch: pytest.MonkeyPatch) -> None:
    d = chain([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25]])
    assert bellman.solve(d, 1.0).tolist() == pytest.approx([4.0, 4.0, 0.0])
    monkeypatch.setattr(torch.linalg, "solve_ex", lambda matrix, right: (torch.full_like(right, given), 0))
    with pytest.raises(ValueError, match="at best in float64"):
        bellman.solve(d, 1.0)


@EVERY
@FORMS
def test_predecessors_are_those_that_can_lead_there(name: str, dense: bool) -> None:
    mdp = PROCESSES[name]()
    before = bellman.predecessors(dynamics(mdp, dense))
    table, terminal = as_table(mdp), mdp.terminal.tolist()
    edges = {
        (following, s)
        for s, actions in enumerate(table) if not terminal[s]
        for row in actions for p, following, _, end in row if p > 0 and not end
    }  # fmt: skip
    for target in range(mdp.num_states):
        assert before.of(torch.tensor([target])).tolist() == sorted(s for to, s in edges if to == target)


@EVERY
@FORMS
def test_prioritised_sweeps_keep_exact_priorities_and_end_at_the_same_values(name: str, dense: bool) -> None:
    mdp = PROCESSES[name]()
    d, value = dynamics(mdp, dense), torch.zeros(mdp.num_states + 1, dtype=torch.float64)
    reference = value.clone()
    while bellman.sweep(d, reference, 0.9, out_X=reference) > 1e-12:
        pass
    before, priority = bellman.predecessors(d), bellman.priorities(d, value, 0.9)
    while bellman.prioritised_sweep(d, value, priority, 0.9, before, threshold=1e-12):
        torch.testing.assert_close(priority, bellman.priorities(d, value, 0.9), rtol=0, atol=1e-14)
    torch.testing.assert_close(value, reference, rtol=0, atol=1e-10)


def test_prioritised_sweeps_spend_backups_where_they_matter() -> None:
    # Only the goal pays: value flows back from it, and each of a corridor's states has to be looked at once.
    mdp = finite_mdp("palestra/GridWorld-v0", {"size": [2, 50], "step_reward": 0.0, "goal_reward": 1.0})
    d, value = dynamics(mdp), torch.zeros(101, dtype=torch.float64)
    before, priority = bellman.predecessors(d), bellman.priorities(d, value, 0.9)
    backups = 0
    while done := bellman.prioritised_sweep(d, value, priority, 0.9, before, threshold=1e-12):
        backups += done
    assert backups == 99
    assert value[0] == pytest.approx(0.9**49)


def test_which_form_is_chosen() -> None:
    assert isinstance(dynamics(garnet(100, 2, 3)), bellman.Sparse)
    assert isinstance(dynamics(garnet(100, 2, 50)), bellman.Dense)
    deterministic = dynamics(finite_mdp("CliffWalking-v1"))
    assert isinstance(deterministic, bellman.Sparse)
    assert deterministic.probability_JAS is None


@EVERY
@FORMS
def test_a_process_is_the_same_in_whatever_pieces_it_is_made(
    name: str, dense: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    mdp = PROCESSES[name]()
    whole = dynamics(mdp, dense)
    monkeypatch.setattr(bellman, "BLOCK", 2)
    for ours, theirs in zip(dynamics(mdp, dense), whole, strict=True):
        assert (ours is None) == (theirs is None)
        assert ours is None or torch.equal(ours, theirs)


def test_ranges() -> None:
    begin, end = torch.tensor([5, 0, 7, 2]), torch.tensor([8, 0, 8, 4])
    assert ranges(begin, end).tolist() == [5, 6, 7, 7, 2, 3]
    assert ranges(begin[:0], end[:0]).tolist() == []


def test_arrays_give_the_same_process_as_a_table() -> None:
    probability = np.array([[[0.5, 0.5], [0.0, 1.0]], [[1.0, 0.0], [0.3, 0.7]]])
    reward = np.array([[1.0, 2.0], [3.0, 4.0]])
    mdp = from_arrays(probability, reward)
    value = torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64)
    expected = reward + 0.9 * probability @ value[:2].numpy()
    np.testing.assert_allclose(bellman.q_values(dynamics(mdp), value, 0.9).T, expected, atol=1e-15)
    ending = from_arrays(probability, reward, terminal=[False, True])
    np.testing.assert_allclose(bellman.q_values(dynamics(ending), value, 0.9).T[0], [1.45, 2.0], atol=1e-15)
