"""Running normalisation against NumPy, and features."""

import numpy as np
import torch

from palestra.nets.normaliser import Normaliser
from palestra.ops.features import flat_features


def test_it_is_the_identity_before_the_first_update() -> None:
    x = torch.tensor([[1.0, -2.0], [3.0, 4.0]])
    assert torch.equal(Normaliser((2,))(x), x)


def test_it_normalises_by_everything_seen() -> None:
    rng = torch.Generator().manual_seed(0)
    batches = [torch.tensor([3.0, -50.0, 0.0]) + 4 * torch.randn(n, 3, generator=rng) for n in (2, 30, 500)]
    norm = Normaliser((3,))
    for batch in batches:
        norm.update(batch)
    seen, x = torch.cat(batches).double().numpy(), torch.randn(10, 3, generator=rng)
    expected = (x.numpy() - seen.mean(0)) / np.sqrt(seen.var(0) + 1e-8)
    np.testing.assert_allclose(norm(x).numpy(), np.clip(expected, -10, 10), rtol=1e-5, atol=1e-5)
    # What was seen comes out with mean 0 and standard deviation 1.
    out = norm(torch.cat(batches)).numpy()
    np.testing.assert_allclose(out.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(out.std(0), 1, rtol=1e-4)


def test_what_is_to_stay_as_it_is_does_and_the_rest_does_not_know() -> None:
    rng = torch.Generator().manual_seed(0)
    plain, some = Normaliser((3,)), Normaliser((3,), as_it_is=torch.tensor([False, True, False]))
    x = 5.0 + torch.randn(20, 3, generator=rng)
    for norm in (plain, some):
        norm.update(x)
    assert torch.equal(some(x)[:, [0, 2]], plain(x)[:, [0, 2]])
    assert torch.equal(some(x)[:, 1], x[:, 1])
    assert some.state_dict().keys() == plain.state_dict().keys()


def test_rescaling_keeps_the_mean() -> None:
    norm = Normaliser(())
    reward = torch.tensor([1.0, 3.0, 5.0, 7.0])
    norm.update(reward)
    np.testing.assert_allclose(norm.rescale(reward).numpy(), reward.numpy() / np.sqrt(5 + 1e-8), rtol=1e-6)


def test_outliers_are_clipped_and_a_constant_input_is_no_division_by_zero() -> None:
    norm = Normaliser((1,), clip=2.0)
    norm.update(torch.tensor([[-1.0], [1.0]]))
    assert norm(torch.tensor([[100.0], [-100.0]])).flatten().tolist() == [2.0, -2.0]
    constant = Normaliser((1,))
    constant.update(torch.full((5, 1), 7.0))
    assert constant(torch.full((1, 1), 7.0)).tolist() == [[0.0]]


def test_the_statistics_travel_with_the_weights_in_float64() -> None:
    norm, other = Normaliser((2,)), Normaliser((2,))
    norm.update(torch.randn(50, 2, generator=torch.Generator().manual_seed(0)))
    other.load_state_dict(norm.state_dict())
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(1))
    assert torch.equal(other(x), norm(x))
    for both in (norm, other):
        both.update(x)
    assert all(torch.equal(a, b) for a, b in zip(norm.buffers(), other.buffers(), strict=True))
    assert norm.mean.dtype == norm.m2.dtype == torch.float64


def test_an_update_leaves_no_gradient_behind() -> None:
    norm = Normaliser((2,))
    norm.update(torch.ones(3, 2, requires_grad=True))
    assert not any(buffer.requires_grad for buffer in norm.buffers())


def test_flat_features_of_images_and_vectors() -> None:
    image = torch.arange(24, dtype=torch.uint8).view(2, 3, 4) * 10
    flat = flat_features(image)
    assert flat.dtype == torch.float32
    torch.testing.assert_close(flat, image.reshape(2, 12).float() / 255)
    vector = torch.tensor([[[1.5], [-2.0]]])
    assert flat_features(vector).tolist() == [[1.5, -2.0]]
