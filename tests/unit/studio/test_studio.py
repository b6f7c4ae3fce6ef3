from pathlib import Path

import pytest

from palestra.studio.answers import RefusedError
from palestra.studio.studio import Studio


def test_who_only_looks_is_refused_by_name(tmp_path: Path) -> None:
    looking = Studio(tmp_path)
    with pytest.raises(RefusedError, match="--allow-launch"):
        looking.launcher.states()
    assert Studio(tmp_path, launch=True).launcher.states() == []


def test_the_end_is_said_before_it_comes(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    assert not studio.leaving()
    studio.drop_idle()
    studio.leave()
    assert studio.leaving()
    studio.close()
    studio.close()
