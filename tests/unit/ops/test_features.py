"""From observations to network inputs."""

import torch

from palestra.ops.features import flat_features


def test_bytes_become_numbers_between_0_and_1_and_numbers_stay() -> None:
    image = torch.tensor([[[0, 51], [102, 255]]], dtype=torch.uint8)
    features = flat_features(image)
    assert features.dtype == torch.float32
    torch.testing.assert_close(features, torch.tensor([[0.0, 0.2, 0.4, 1.0]]))
    vector = torch.tensor([[[1.5, -300.0]]])
    assert torch.equal(flat_features(vector), torch.tensor([[1.5, -300.0]]))
