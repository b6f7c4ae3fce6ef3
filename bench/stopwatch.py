"""Watch Stable-Baselines3 learn with our evaluator and at our cadence, off the clock."""

import time

from stable_baselines3.common.callbacks import BaseCallback

from palestra.engine.evaluate import run_episodes
from palestra.envs.registry import make_vec


class Stopwatch(BaseCallback):
    """Evaluates every ``every`` steps over ``episodes`` whole greedy episodes, and stops at the threshold."""

    def __init__(self, env_id: str, seed: int, *, threshold: float, episodes: int, every: int):
        super().__init__()
        self.env = make_vec(env_id, episodes)
        self.seed, self.threshold, self.every, self.due = seed, threshold, every, every
        self.off_clock, self.score = 0.0, float("-inf")

    def _on_step(self) -> bool:
        return self.score < self.threshold

    def _on_rollout_start(self) -> None:
        if self.num_timesteps >= self.due:
            start = time.perf_counter()
            self.due += self.every
            policy = self.model.policy
            returns, _ = run_episodes(
                lambda obs: policy._predict(obs, deterministic=True), self.env, seed=self.seed + self.num_timesteps
            )
            self.score = max(self.score, float(returns.mean()))
            self.off_clock += time.perf_counter() - start

    def _on_training_end(self) -> None:
        self.env.close()
