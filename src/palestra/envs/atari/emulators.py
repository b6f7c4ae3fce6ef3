"""Emulators, each with a cartridge in it. To put one in takes a fifth of a second, so that none is thrown away."""

import weakref
from collections import defaultdict
from typing import NamedTuple

import ale_py
from ale_py import roms


class Loaded(NamedTuple):
    """An emulator and how it was when its cartridge had been put in, the same for all of a game."""

    emulator: ale_py.ALEInterface
    new: ale_py.ALEState


_idle: dict[str, list[Loaded]] = defaultdict(list)
"""By game, those that nobody uses."""


def borrowed(owner: object, rom: str) -> Loaded:
    """An emulator of a game for as long as its owner lives. Whoever had it before has left it anyhow."""
    idle = _idle[rom]
    loaded = idle.pop() if idle else _load(rom)
    weakref.finalize(owner, idle.append, loaded).atexit = False
    return loaded


def _load(rom: str) -> Loaded:
    """One that never repeats an action by chance and knows no limit of a game."""
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    emulator = ale_py.ALEInterface()
    emulator.setFloat("repeat_action_probability", 0.0)
    emulator.setInt("max_num_frames_per_episode", 0)
    emulator.setInt("random_seed", 0)
    path = roms.get_rom_path(rom)
    assert path is not None  # it is one of those that ale-py lists
    emulator.loadROM(path)
    return Loaded(emulator, emulator.cloneState(include_rng=True))
