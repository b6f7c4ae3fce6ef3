"""The best arm of each bandit, kept while one arm of each is pulled at a time: what epsilon-greedy needs, and sooner.

Most pulls are of the best arm so far, the leader. Its count and mean lie in rows of their own, where all bandits move
them at once without an index. A rival mean, which no other arm's is above, says whether the leader still leads: only
where the leader's mean has come down to it are the arms looked through again.
"""

import numpy as np

from palestra.learners.bandits.arm_means import ArmMeans
from palestra.ops.columns import Array, array, first_best, row


class Leaders:
    """The best arms (the first of equals) of a table of means, on a processor.

    Between ``begin`` and ``end`` the table's entries of the leaders are out of date.
    """

    def __init__(self, means: ArmMeans):
        self._means = means

    def begin(self) -> None:
        """Read the table."""
        self._mean_AB, self._mean_L = array(self._means.mean_AB), row(self._means.mean_AB)
        self._count_L = row(self._means.count_AB)
        num_bandits = self._mean_AB.shape[1]
        self.arm_B, self._place_B = np.zeros((2, num_bandits), np.int64)
        self._mean_B, self._count_B, self._rival_B = np.zeros((3, num_bandits), np.float32)
        self._lead(np.arange(num_bandits))

    def update(self, index_B: Array, reward_B: Array, exploring_L: Array) -> None:
        """What :meth:`ArmMeans.update` does, where all bandits but those listed pulled their leader."""
        place_L = index_B[exploring_L]
        other_L = (place_L != self._place_B[exploring_L]).nonzero()[0]
        bandit_L, place_L = exploring_L[other_L], place_L[other_L]
        count_B, mean_B, step = self._count_B, self._mean_B, self._means.step
        kept_L = count_B[bandit_L], mean_B[bandit_L]
        count_B += 1
        mean_B += step(reward_B - mean_B, count_B)
        count_B[bandit_L], mean_B[bandit_L] = kept_L
        mean_L = self._mean_L[place_L]
        self._count_L[place_L] = count_L = self._count_L[place_L] + 1
        self._mean_L[place_L] = mean_L = mean_L + step(reward_B[bandit_L] - mean_L, count_L)
        self._rival_B[bandit_L] = np.maximum(self._rival_B[bandit_L], mean_L)
        beaten_L = (mean_B <= self._rival_B).nonzero()[0]
        if len(beaten_L):
            self._store(beaten_L)
            self._lead(beaten_L)

    def end(self) -> None:
        """Bring the table up to date."""
        self._store(np.arange(len(self.arm_B)))

    def _store(self, bandit_L: Array) -> None:
        place_L = self._place_B[bandit_L]
        self._count_L[place_L], self._mean_L[place_L] = self._count_B[bandit_L], self._mean_B[bandit_L]

    def _lead(self, bandit_L: Array) -> None:
        """Look through the arms of some bandits."""
        mean_AL = self._mean_AB[:, bandit_L]
        arm_L, columns_L = first_best(mean_AL), np.arange(len(bandit_L))
        place_L = arm_L * self._mean_AB.shape[1] + bandit_L
        self.arm_B[bandit_L], self._place_B[bandit_L] = arm_L, place_L
        self._mean_B[bandit_L], self._count_B[bandit_L] = mean_AL[arm_L, columns_L], self._count_L[place_L]
        mean_AL[arm_L, columns_L] = -np.inf
        self._rival_B[bandit_L] = mean_AL.max(0)
