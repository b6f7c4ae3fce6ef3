"""Tables of factors: what is predicted of a pair, by hand."""

import torch

from palestra.nets.factors import Factors


def test_a_pair_is_mean_biases_and_product() -> None:
    network = Factors(3, 2, 2, 3.5, 0.1, torch.Generator().manual_seed(0))
    with torch.no_grad():
        network.user_YV[1], network.film_IV[0] = torch.tensor([1.0, 2.0]), torch.tensor([3.0, -1.0])
        network.user_Y[1], network.film_I[0] = 0.25, -0.5
    found, size = network.scored(torch.tensor([[1, 0]]))
    assert found.tolist() == [3.5 + 0.25 - 0.5 + 1.0]
    assert size.tolist() == [5.0 + 10.0 + 0.0625 + 0.25]
    assert torch.equal(network(torch.tensor([[1, 0]])), found)


def test_without_factors_there_are_biases() -> None:
    network = Factors(3, 2, 0, 3.5, 0.1, torch.Generator().manual_seed(0))
    assert network(torch.tensor([[2, 1], [0, 0]])).tolist() == [3.5, 3.5]
