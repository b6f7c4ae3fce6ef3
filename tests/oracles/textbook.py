"""The tabular methods as Sutton & Barto (2018) write them: one step after another, lists and loops, one environment.

They are what the batched methods are held against, on the same environment and the same random numbers, and read no
line of theirs. A time limit, which the book does not have, bootstraps from the state that it cut the episode in.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch

from palestra.engine import seeding
from palestra.envs.registry import make_vec
from palestra.ops.tables import Floats

Table = list[list[float]]


class World:
    """One copy of an environment that observes the one-hot of its state."""

    def __init__(self, env_id: str, kwargs: dict[str, Any], seed: int):
        self.env = make_vec(env_id, 1, env_kwargs=kwargs)
        self.state = int(self.env.reset(seeding.derive(seed, "environment")).argmax())
        """To act in; after an end, the first state of the next episode."""
        self.num_states = self.env.observation_space.shape[0]
        self.num_actions = int(self.env.action_space.n)

    def step(self, action: int) -> tuple[float, int, bool, bool]:
        """Reward, true successor, terminated, truncated."""
        result = self.env.step(torch.tensor([action]))
        self.state = int(result.obs.argmax())
        return float(result.reward), int(result.final_obs.argmax()), bool(result.terminated), bool(result.truncated)


def policy(q: list[float], epsilon: float) -> list[float]:
    best = [a for a in range(len(q)) if q[a] == max(q)]
    return [epsilon / len(q) + (1 - epsilon) / len(best) * (a in best) for a in range(len(q))]


def choose(q: list[float], epsilon: float, u: float) -> int:
    total = 0.0
    for action, probability in enumerate(policy(q, epsilon)[:-1]):
        total += probability
        if u < total:
            return action
    return len(q) - 1


def expectation(q: list[float], epsilon: float) -> float:
    """sum_a pi(a) Q(a) of the epsilon-greedy policy."""
    return max(q) if epsilon == 0 else (1 - epsilon) * max(q) + epsilon * (sum(q) / len(q))


def uniforms(seed: int, steps: int, draws: int) -> tuple[float, Iterator[list[float]]]:
    """The number that draws the first action, and ``draws`` more for each step."""
    generator = seeding.generator(seed, "actions")
    first = float(torch.rand(1, dtype=torch.float64, generator=generator))
    return first, iter(torch.rand(steps, draws, dtype=torch.float64, generator=generator).tolist())


def sarsa(w: World, q: Table, u0: float, u: Iterator[list[float]], c: Any) -> None:
    s, a = w.state, choose(q[w.state], c.epsilon_start, u0)
    for u_next, u_start in u:
        r, s2, terminated, truncated = w.step(a)
        a2 = choose(q[s2], c.epsilon_start, u_next)
        q[s][a] += c.learning_rate * (r + (0 if terminated else c.gamma) * q[s2][a2] - q[s][a])
        s, a = s2, a2
        if terminated or truncated:
            s, a = w.state, choose(q[w.state], c.epsilon_start, u_start)


def one_step(target: Callable[[Table, int, Any], float]) -> Callable[..., None]:
    """The methods that differ in the value of the next state alone."""

    def run(w: World, q: Table, u0: float, u: Iterator[list[float]], c: Any) -> None:
        a = choose(q[w.state], c.epsilon_start, u0)
        for (u_next,) in u:
            s = w.state
            r, s2, terminated, _ = w.step(a)
            q[s][a] += c.learning_rate * (r + (0 if terminated else c.gamma) * target(q, s2, c) - q[s][a])
            a = choose(q[w.state], c.epsilon_start, u_next)

    return run


q_learning = one_step(lambda q, s, c: max(q[s]))
expected_sarsa = one_step(lambda q, s, c: expectation(q[s], c.epsilon_start))


def double_q_learning(w: World, q: list[Table], u0: float, u: Iterator[list[float]], c: Any) -> None:
    def both(s: int) -> list[float]:
        return [(x + y) / 2 for x, y in zip(q[0][s], q[1][s])]

    a = choose(both(w.state), c.epsilon_start, u0)
    for u_next, coin in u:
        s = w.state
        r, s2, terminated, _ = w.step(a)
        mine, other = (q[1], q[0]) if coin < 0.5 else (q[0], q[1])
        best = mine[s2].index(max(mine[s2]))
        mine[s][a] += c.learning_rate * (r + (0 if terminated else c.gamma) * other[s2][best] - mine[s][a])
        a = choose(both(w.state), c.epsilon_start, u_next)


def n_step_sarsa(w: World, q: Table, u0: float, u: Iterator[list[float]], c: Any) -> None:
    """Section 7.2's box: S, A and R grow with t; tau is the time whose pair is moved."""
    n, gamma = c.n_step, c.gamma
    S, A, R = [w.state], [choose(q[w.state], c.epsilon_start, u0)], [0.0]
    for u_next, u_start in u:
        t = len(A) - 1
        r, s2, terminated, truncated = w.step(A[t])
        R.append(r)
        S.append(s2)
        A.append(choose(q[s2], c.epsilon_start, u_next))
        T = t + 1
        ended = terminated or truncated
        for tau in range(t - n + 1, T if ended else t - n + 2):
            if tau >= 0:
                end = min(tau + n, T)
                G = sum(gamma ** (i - tau - 1) * R[i] for i in range(tau + 1, end + 1))
                if not (end == T and terminated):
                    G += gamma ** (end - tau) * q[S[end]][A[end]]
                q[S[tau]][A[tau]] += c.learning_rate * (G - q[S[tau]][A[tau]])
        if ended:
            S, A, R = [w.state], [choose(q[w.state], c.epsilon_start, u_start)], [0.0]


def tree_backup(w: World, q: Table, u0: float, u: Iterator[list[float]], c: Any) -> None:
    """Section 7.5's box."""
    n, gamma = c.n_step, c.gamma

    def pi(s: int) -> list[float]:
        return policy(q[s], c.target_epsilon)

    S, A, R = [w.state], [choose(q[w.state], c.epsilon_start, u0)], [0.0]
    for (u_next,) in u:
        t = len(A) - 1
        r, s2, terminated, truncated = w.step(A[t])
        R.append(r)
        S.append(s2)
        T = t + 1
        ended = terminated or truncated
        for tau in range(t - n + 1, T if ended else t - n + 2):
            if tau >= 0:
                G = R[T] + (0 if terminated else gamma * sum(p * x for p, x in zip(pi(S[T]), q[S[T]])))
                for k in range(T - 1, tau, -1):
                    others = sum(p * x for a, (p, x) in enumerate(zip(pi(S[k]), q[S[k]])) if a != A[k])
                    G = R[k] + gamma * (others + pi(S[k])[A[k]] * G)
                q[S[tau]][A[tau]] += c.learning_rate * (G - q[S[tau]][A[tau]])
        if ended:
            S, A, R = [w.state], [], [0.0]
        A.append(choose(q[w.state], c.epsilon_start, u_next))


def sarsa_lambda(w: World, q: Table, u0: float, u: Iterator[list[float]], c: Any) -> None:
    """Section 12.7's box, a feature for each pair."""
    z: dict[tuple[int, int], float] = {}
    s, a = w.state, choose(q[w.state], c.epsilon_start, u0)
    for u_next, u_start in u:
        r, s2, terminated, truncated = w.step(a)
        a2 = choose(q[s2], c.epsilon_start, u_next)
        delta = r + (0 if terminated else c.gamma) * q[s2][a2] - q[s][a]
        z[s, a] = 1.0 + (z.get((s, a), 0.0) if c.traces == "accumulating" else 0.0)
        for (x, y), trace in z.items():
            q[x][y] += delta * (trace * c.learning_rate)
            z[x, y] = trace * (c.gamma * c.trace_decay)
        s, a = s2, a2
        if terminated or truncated:
            z.clear()
            s, a = w.state, choose(q[w.state], c.epsilon_start, u_start)


def monte_carlo(w: World, q: Table, u0: float, u: Iterator[list[float]], c: Any) -> None:
    """Section 5.4's box, the mean taken step by step; ``c.first_visit`` False for every visit."""
    counts: dict[tuple[int, int], int] = {}
    a = choose(q[w.state], c.epsilon_start, u0)
    episode: list[tuple[int, int, float]] = []
    for (u_next,) in u:
        s = w.state
        r, s2, terminated, truncated = w.step(a)
        episode.append((s, a, r))
        if terminated or truncated:
            G = 0.0 if terminated else expectation(q[s2], c.epsilon_start)
            for t in range(len(episode) - 1, -1, -1):
                s, a, r = episode[t]
                G = r + c.gamma * G
                if not c.first_visit or (s, a) not in [pair[:2] for pair in episode[:t]]:
                    counts[s, a] = counts.get((s, a), 0) + 1
                    q[s][a] += c.learning_rate / counts[s, a] ** c.learning_rate_decay * (G - q[s][a])
            episode = []
        a = choose(q[w.state], c.epsilon_start, u_next)


def dyna_q(w: World, q: Table, u0: float, u: Iterator[list[float]], c: Any) -> None:
    """Section 8.2's box."""
    model: dict[int, dict[int, tuple[float, int, float]]] = {}
    n = c.planning_steps
    a = choose(q[w.state], c.epsilon_start, u0)
    for u_next, *u_plan in u:
        s = w.state
        r, s2, terminated, _ = w.step(a)
        gamma = 0 if terminated else c.gamma
        q[s][a] += c.learning_rate * (r + gamma * max(q[s2]) - q[s][a])
        model.setdefault(s, {})[a] = (r, s2, gamma)
        for u_state, u_action in zip(u_plan[:n], u_plan[n:]):
            s = list(model)[int(u_state * len(model))]
            tried = sorted(model[s])
            a = tried[int(u_action * len(tried))]
            r, s2, gamma = model[s][a]
            q[s][a] += c.learning_rate * (r + gamma * max(q[s2]) - q[s][a])
        a = choose(q[w.state], c.epsilon_start, u_next)


def prioritised_sweeping(w: World, q: Table, u0: float, u: Iterator[list[float]], c: Any) -> None:
    """Section 8.4's box."""
    model: dict[tuple[int, int], tuple[float, int, float]] = {}
    queue: dict[tuple[int, int], float] = {}

    def consider(s: int, a: int) -> None:
        r, s2, gamma = model[s, a]
        priority = abs(r + gamma * max(q[s2]) - q[s][a])
        if priority > c.threshold:
            queue[s, a] = max(queue.get((s, a), 0.0), priority)

    a = choose(q[w.state], c.epsilon_start, u0)
    for (u_next,) in u:
        s = w.state
        r, s2, terminated, _ = w.step(a)
        model[s, a] = (r, s2, 0 if terminated else c.gamma)
        consider(s, a)
        for _ in range(c.planning_steps):
            if not queue:
                break
            s, a = min(queue, key=lambda pair: (-queue[pair], pair))
            del queue[s, a]
            r, s2, gamma = model[s, a]
            q[s][a] += c.learning_rate * (r + gamma * max(q[s2]) - q[s][a])
            for before, (_, after, discount) in model.items():
                if after == s and discount:
                    consider(*before)
        a = choose(q[w.state], c.epsilon_start, u_next)


def table_of(method: Callable[..., None], env_id: str, kwargs: dict[str, Any], seed: int, steps: int, draws: int,
             config: Any, tables: int = 1) -> Floats:  # fmt: skip
    """Q (tables, S, A) after so many steps."""
    world = World(env_id, kwargs, seed)
    q = torch.full((tables, world.num_states, world.num_actions), config.initial_value, dtype=torch.float64).tolist()
    method(world, q if tables > 1 else q[0], *uniforms(seed, steps, draws), config)
    return torch.tensor(q, dtype=torch.float64).numpy()
