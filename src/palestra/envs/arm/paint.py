"""How PyBullet's world is lit and painted for an episode."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Light:
    """The light of a picture; the default is that of PyBullet's software renderer."""

    direction: tuple[float, float, float] | None = None
    """From the scene to the light."""
    ambient: float = 0.6
    """What every surface has."""
    diffuse: float = 0.35
    """What a surface that faces the light has besides."""
    specular: float = 0.05
    """Of the reflection."""


@dataclass(frozen=True)
class Paint:
    """Factors on the brightness of what stands in the world; beyond white it does not go."""

    floor: float = 1.0
    table: float = 1.0
    arm: tuple[float, ...] = ()
    """Of the base and every link behind it; those that are missing stay as they are."""


PLAIN = Paint()
PLAIN_LIGHT = Light()
