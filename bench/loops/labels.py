"""Images and labels: LeNet as it is usually trained, and as well as PyTorch alone can, beside our learner.

The usual loop is that of the tutorials: a ``Dataset`` that makes a picture of every image and a tensor of that
(torchvision's ``ToTensor``, written out), a ``DataLoader`` that stacks them, ``CrossEntropyLoss`` and ``torch.optim``.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from palestra.datasets.dataset import InMemory, Split
from palestra.learners.labels.image_classifier import ImageClassifier, ImageClassifierConfig

BATCH, LEARNING_RATE, MOMENTUM, DECAY = 128, 0.05, 0.9, 5e-4
Batches = Iterator[tuple[Tensor, Tensor]]
"""Images (B, 1, 28, 28) float32 and labels (B,)."""


class Pictures(Dataset[tuple[Tensor, int]]):
    """As torchvision has its data sets of images, with ``transform=ToTensor()``."""

    def __init__(self, images: np.ndarray, labels: np.ndarray):
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        picture = Image.fromarray(self.images[index])
        pixels = torch.from_numpy(np.array(picture, copy=True)).view(28, 28, 1)
        return pixels.permute(2, 0, 1).contiguous().to(torch.float32).div(255), int(self.labels[index])


def lenet(activation: type[nn.Module] = nn.ReLU, pool: type[nn.Module] = nn.MaxPool2d) -> nn.Sequential:
    """LeNet, as books and tutorials write it."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), activation(), pool(2), nn.Conv2d(6, 16, 5), activation(), pool(2), nn.Flatten(),
        nn.Linear(400, 120), activation(), nn.Linear(120, 84), activation(), nn.Linear(84, 10),
    )  # fmt: skip


def learn(net: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches) -> float:
    """An epoch; returns the mean loss."""
    criterion, total, count = nn.CrossEntropyLoss(), 0.0, 0
    net.train()
    for images, labels in batches:
        optimizer.zero_grad()
        loss = criterion(net(images), labels)
        loss.backward()
        optimizer.step()
        total, count = total + loss.item() * len(labels), count + len(labels)
    return total / count


@torch.no_grad()
def accuracy(net: nn.Module, images: np.ndarray, labels: np.ndarray) -> float:
    """Share of images that it names rightly; quicker than the usual loop would find it."""
    net.eval()
    inputs = torch.from_numpy(images)[:, None].float().div(255)
    found = torch.cat([net(part).argmax(1) for part in inputs.split(256)])
    return float((found == torch.from_numpy(labels)).float().mean())


def descent(net: nn.Module) -> torch.optim.Optimizer:
    """The optimizer of all sides."""
    return torch.optim.SGD(net.parameters(), LEARNING_RATE, MOMENTUM, nesterov=True, weight_decay=DECAY)


class Side:
    """One way to train LeNet on images (N, 28, 28) uint8: an epoch at a call, and what loads its batches alone."""

    def __init__(self, epoch: Callable[[], Any], load: Callable[[], Any]):
        self.epoch, self.load = epoch, load


def usual(images: np.ndarray, labels: np.ndarray, workers: int) -> Side:
    """``DataLoader`` and ``ToTensor``; ``workers`` processes load beside the one that learns, or it does itself."""
    torch.manual_seed(0)
    net = lenet()
    optimizer = descent(net)
    loader = DataLoader(Pictures(images, labels), BATCH, shuffle=True, num_workers=workers)
    return Side(lambda: learn(net, optimizer, loader), lambda: _through(loader))


def in_memory(images: np.ndarray, labels: np.ndarray, channels_last: bool) -> Side:
    """One tensor of bytes, batches by index, and the layout of memory that the processor likes: no line of ours."""
    torch.manual_seed(0)
    order = torch.channels_last if channels_last else torch.contiguous_format
    net = lenet().to(memory_format=order)
    optimizer = descent(net)
    pixels_NHW, label_N = torch.from_numpy(images), torch.from_numpy(labels)

    def batches() -> Batches:
        for chosen in torch.randperm(len(label_N)).split(BATCH):
            yield pixels_NHW[chosen][:, None].float().div_(255).contiguous(memory_format=order), label_N[chosen]

    return Side(lambda: learn(net, optimizer, batches()), lambda: _through(batches()))


def ours(images: np.ndarray, labels: np.ndarray) -> Side:
    """``image-classifier``, with the same sizes."""
    data = InMemory({"train": Split(torch.from_numpy(images), torch.from_numpy(labels))})
    config = ImageClassifierConfig(
        net="lenet-relu", batch_size=BATCH, optimizer="nesterov", learning_rate=LEARNING_RATE, weight_decay=DECAY,
        learning_rate_schedule="constant",
    )  # fmt: skip
    learner = ImageClassifier(data, config, seed=0, device="cpu")

    def epoch() -> None:
        end = learner.clock + len(labels)
        while learner.clock < end:
            learner.step()

    def load() -> None:
        for _ in range(-(-len(labels) // BATCH)):
            for pixels, _ in learner.loader.take(1):
                learner.standardised(pixels)

    return Side(epoch, load)


def _through(batches: Any) -> None:
    for _ in batches:
        pass
