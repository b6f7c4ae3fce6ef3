"""LeRobot's layout as others read it, by pandas and pyarrow: there and back, and what is no such."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recordings import episodes

from palestra.datasets.episodes import Episodes
from palestra.datasets.formats import lerobot
from palestra.datasets.formats.lerobot import OURS, STEPS, holds_lerobot, read_lerobot, write_lerobot
from palestra.datasets.recorded import load_episodes
from palestra.errors import PalestraError, UsageError

pytest.importorskip("pyarrow", reason="the [lerobot] extra is not installed")
LENGTHS = [3, 1, 4]


def written(folder: Path, env_id: str = "Pendulum-v1") -> Episodes:
    made = episodes(env_id, LENGTHS)
    write_lerobot(folder, made, fps=20)
    return made


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Pendulum-v1", "palestra/TwoWays-v0"])
def test_what_is_written_is_read_bit_for_bit(env_id: str, tmp_path: Path) -> None:
    made = written(tmp_path / "mine", env_id)
    found = read_lerobot(tmp_path / "mine")
    assert found.digest == made.digest
    assert found.facts == made.facts
    assert load_episodes(str(tmp_path / "mine")).digest == made.digest
    assert found.observations.flags.writeable
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]  # nothing is left beside it


def test_it_is_the_layout_that_lerobot_describes(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    made = written(tmp_path / "mine")
    info = json.loads((tmp_path / "mine/meta/info.json").read_text())
    assert (info["codebase_version"], info["fps"], info["splits"]) == ("v3.0", 20, {"train": "0:3"})
    assert (info["total_episodes"], info["total_frames"], info["total_tasks"]) == (3, 8, 1)
    rows = pandas.read_parquet(tmp_path / "mine" / info["data_path"].format(chunk_index=0, file_index=0))
    assert set(rows.columns) == set(info["features"])
    for name, feature in info["features"].items():
        first = np.asarray(rows[name].iloc[0])
        assert str(first.dtype) == feature["dtype"]
        assert first.shape == (() if feature["shape"] == [1] else tuple(feature["shape"]))
    assert info["features"]["observation.state"] == {"dtype": "float32", "shape": [3], "names": None}
    assert info["features"]["action"]["shape"] == [1]
    np.testing.assert_array_equal(np.stack(rows["observation.state"]), made.observations)
    assert rows["frame_index"].tolist() == [0, 1, 2, 0, 0, 1, 2, 3]
    assert rows["episode_index"].tolist() == [0, 0, 0, 1, 2, 2, 2, 2]
    assert rows["index"].tolist() == list(range(8))
    np.testing.assert_allclose(rows["timestamp"], rows["frame_index"] / 20)
    assert rows["next.done"].tolist() == [False, False, True, True, False, False, False, True]
    assert rows["next.reward"].tolist() == made.rewards.tolist()

    each = pandas.read_parquet(tmp_path / "mine/meta/episodes/chunk-000/file-000.parquet")
    assert each["length"].tolist() == LENGTHS
    assert each["dataset_from_index"].tolist() == [0, 3, 4]
    assert each["dataset_to_index"].tolist() == [3, 4, 8]
    assert each["tasks"].iloc[0].tolist() == ["Pendulum-v1"]
    for name in ("data/chunk_index", "data/file_index", "meta/episodes/chunk_index", "meta/episodes/file_index"):
        assert not each[name].any()

    tasks = pandas.read_parquet(tmp_path / "mine/meta/tasks.parquet")
    assert (tasks.index.name, tasks.index.tolist(), tasks["task_index"].tolist()) == ("task", ["Pendulum-v1"], [0])
    stats = json.loads((tmp_path / "mine/meta/stats.json").read_text())
    assert set(stats) == set(info["features"])
    np.testing.assert_allclose(stats["observation.state"]["mean"], made.observations.mean(0), rtol=1e-5)
    np.testing.assert_allclose(stats["action"]["std"], made.actions.std(0), rtol=1e-5)
    assert stats["action"]["count"] == [8]


def test_pictures_old_folders_and_impossible_rates_are_refused(tmp_path: Path) -> None:
    image = np.zeros((1, 1, 24, 24), np.uint8)
    made = episodes("probe/PixelTarget", [1], observations=image, final_observations=image)
    with pytest.raises(UsageError, match=r"observations \(1, 24, 24\); expected vectors of numbers"):
        write_lerobot(tmp_path / "pictures", made)
    with pytest.raises(UsageError, match="fps=0; expected at least 1"):
        write_lerobot(tmp_path / "mine", episodes("CartPole-v1", [2]), fps=0)
    (tmp_path / "empty").mkdir()
    written(tmp_path / "empty")
    with pytest.raises(UsageError, match="empty, in which there is something; expected a new folder"):
        written(tmp_path / "empty")
    (tmp_path / "file").touch()
    with pytest.raises(PalestraError, match="cannot write"):
        written(tmp_path / "file" / "mine")


def test_what_is_no_such_folder_is_told_in_a_line(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert not holds_lerobot(folder)
    written(folder)
    assert holds_lerobot(folder)
    spoilt: list[tuple[Path, bytes | None, str]] = [
        (OURS, None, "meta/palestra.json cannot be read"),
        (OURS, b"{}", "its facts name no world"),
        (OURS, b"[", "meta/palestra.json cannot be read"),
        (STEPS, None, "file-000.parquet cannot be read"),
        (STEPS, b"PAR1 and no more", "file-000.parquet cannot be read"),
        (lerobot.INFO, b'{"codebase_version": "v2.1"}', r"of 'v2.1'; expected v3.0"),
    ]
    for path, data, said in spoilt:
        kept = (folder / path).read_bytes()
        if data is None:
            (folder / path).unlink()
        else:
            (folder / path).write_bytes(data)
        with pytest.raises(UsageError, match=said) as refusal:
            read_lerobot(folder)
        assert "\n" not in str(refusal.value)
        (folder / path).write_bytes(kept)
    (folder / STEPS).write_bytes((folder / lerobot.EPISODES).read_bytes())
    with pytest.raises(UsageError, match="cannot be read"):
        read_lerobot(folder)


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"LeRobot's layout needs the \[lerobot\] extra"):
        written(tmp_path / "mine")


def test_episodes_that_do_not_part_the_steps_are_refused(tmp_path: Path) -> None:
    pandas: Any = pytest.importorskip("pandas")
    folder = tmp_path / "mine"
    written(folder)
    each = pandas.read_parquet(folder / lerobot.EPISODES)
    each["dataset_to_index"] = [3, 4, 99]
    each.to_parquet(folder / lerobot.EPISODES)
    with pytest.raises(UsageError, match="expected episodes within its steps"):
        read_lerobot(folder)
    each["dataset_to_index"] = [3, 4, 7]
    each.to_parquet(folder / lerobot.EPISODES)
    with pytest.raises(UsageError, match="3 episodes do not part its 8 steps"):
        read_lerobot(folder)
