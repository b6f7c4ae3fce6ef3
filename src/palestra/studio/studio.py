"""The studio: what its requests share, and how it ends."""

import threading
from pathlib import Path

from palestra.studio.answers import RefusedError
from palestra.studio.curves import Curves
from palestra.studio.folder import Folder
from palestra.studio.launching import Launcher
from palestra.studio.listing import Listing
from palestra.studio.sessions import Sessions
from palestra.studio.work import Work


class Studio:
    """A folder of runs, what was read of it, and the programs that were started for its pages.

    Args:
        root: the folder of the runs.
        launch: whether the page may start trainings, and delete runs.
        playgrounds: names of those that there are.
    """

    def __init__(self, root: Path, *, launch: bool = False, playgrounds: tuple[str, ...] = ()):
        self.folder = Folder(root)
        self.listing = Listing(root)
        self.curves = Curves()
        self.work = Work(root)
        self.sessions = Sessions(playgrounds, runs=root)
        self.launch = launch
        self._launcher = Launcher(self.folder)
        self._leaving = threading.Event()

    @property
    def launcher(self) -> Launcher:
        """Who starts trainings. Raises RefusedError where the page may change nothing."""
        self.check_changing()
        return self._launcher

    def check_changing(self) -> None:
        """Raise RefusedError where the page may change nothing."""
        if not self.launch:
            raise RefusedError("this page only looks; palestra studio --allow-launch may start, stop and delete")

    def leaving(self) -> bool:
        """Whether the end is near, so that what would go on for ever stops."""
        return self._leaving.is_set()

    def leave(self) -> None:
        """Say that the end is near, and end the programs for whose answers somebody may be waiting."""
        self._leaving.set()
        threading.Thread(target=self._end_programs).start()  # this may be called in the middle of anything

    def drop_idle(self) -> None:
        """End the programs that nobody uses."""
        self.sessions.drop_idle()
        self.work.drop_idle()

    def close(self) -> None:
        """End every program that was started; trainings save themselves first."""
        self._leaving.set()
        self._end_programs()
        self._launcher.close()

    def _end_programs(self) -> None:
        self.sessions.close_all()
        self.work.close()
