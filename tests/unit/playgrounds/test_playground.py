"""What every playground does by itself."""

import pytest

from palestra.errors import UsageError
from palestra.playgrounds.offers.convolution import ConvolutionAsked
from palestra.playgrounds.played.convolution import ConvolutionPlayground
from palestra.playgrounds.playground import Playground


def test_where_nothing_can_be_moved_or_done_it_says_so() -> None:
    playground = ConvolutionPlayground(ConvolutionAsked())
    with pytest.raises(UsageError, match="nobody acts by hand here"):
        playground.act(1)
    with pytest.raises(UsageError, match="nothing here can be moved"):
        Playground.edit(playground, {"arm": 1})
    with pytest.raises(UsageError, match="stride=9"):
        playground.asking(stride=9)
