"""The model holds what every pair led to the last time."""

import numpy as np
import tabular

from palestra.learners.tabular.rule import Step
from palestra.learners.tabular.world_model import WorldModel


def test_the_model_of_several_environments_is_the_world_as_far_as_it_was_seen() -> None:
    learner = tabular.run(tabular.make("dyna-q", *tabular.LAKE, num_envs=8), 100)
    model, mdp = learner.rule.model, learner.env.dynamics.mdp
    tried_P = model.tried_SA.reshape(-1)
    assert isinstance(model, WorldModel)
    assert 10 < tried_P.sum() < tried_P.size
    np.testing.assert_array_equal(model.next_state_P[tried_P], mdp.next_state.numpy()[tried_P])
    np.testing.assert_array_equal(model.reward_P[tried_P], mdp.reward.numpy()[tried_P])
    np.testing.assert_array_equal(model.discount_P[tried_P], 0.9 * ~mdp.terminated.numpy()[tried_P])
    assert sorted(model.seen_L) == np.flatnonzero(model.tried_SA.any(1)).tolist()


def test_of_copies_that_tried_the_same_the_last_is_remembered_and_states_keep_their_order() -> None:
    model = WorldModel(num_states=4, num_actions=2)
    state_E, action_E = np.array([2, 0, 2]), np.array([1, 0, 1])
    done_E, next_state_E = np.zeros(3, dtype=bool), np.array([3, 1, 1])
    reward_E, discount_E = np.array([1.0, 5.0, 2.0]), np.array([0.9, 0.9, 0.5])
    model.add(Step(state_E, action_E, state_E * 2 + action_E, reward_E, next_state_E, discount_E, done_E, next_state_E))
    assert model.seen_L.tolist() == [2, 0]
    next_q_BA = np.array([[1.0, 4.0], [3.0, 0.0]])
    assert model.targets(np.array([5, 0]), next_q_BA).tolist() == [2.0 + 0.5 * 4.0, 5.0 + 0.9 * 3.0]
