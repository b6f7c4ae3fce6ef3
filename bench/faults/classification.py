"""Faults in softmax regression, dropout, initialisation and convolutional networks (B2, B6, B7, B11 and B12)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from faults.fault import fault, put
from palestra.datasets.dataset import InMemory, Split
from palestra.datasets.stand_ins import made_images
from palestra.engine.seeding import generator
from palestra.learners.labels.image_classifier import ImageClassifier, ImageClassifierConfig
from palestra.learners.labels.multilayer_perceptron import MultilayerPerceptron, MultilayerPerceptronConfig
from palestra.learners.labels.softmax_regression import SoftmaxRegression, SoftmaxRegressionConfig
from palestra.nets.batch_norm import BatchNorm
from palestra.nets.initialisation import realised
from palestra.nets.sgd import SGD
from palestra.nets.vision.registry import make_net
from palestra.nets.vision.seen import saliency
from palestra.ops.batch_norm import channel_moments, normalised, unbiased
from palestra.ops.dropout import dropout
from palestra.ops.windows import output_size


def images(seed: int, side: int, count: int) -> InMemory:
    """Made images of ten classes, to train on and 1,000 to validate by."""
    splits = {}
    for name, size in {"train": count, "validation": 1_000}.items():
        made, labels = made_images((side, side), 10, size, seed, split=name)
        splits[name] = Split(torch.from_numpy(made), torch.from_numpy(labels).long())
    return InMemory(splits)


@fault("softmax-overflows", "loss of a row whose label's logit is 1,000 below another", seeds=1)
def softmax_overflows(seed: int, faulty: bool) -> float:
    x_BF, label_B = torch.ones(2, 1).double(), torch.tensor([0, 1])
    learner = SoftmaxRegression(InMemory({"train": Split(x_BF, label_B)}), SoftmaxRegressionConfig())
    learner.weight_FK.copy_(torch.tensor([[0.0, 1_000.0]]))
    if faulty:
        p_BK = (x_BF @ learner.weight_FK).exp()
        return float(-(p_BK / p_BK.sum(1, keepdim=True)).log()[0, 0])
    return float(learner.by_hand(x_BF[:1], label_B[:1])[0])


@fault("dropout-by-the-text", "mean of a million ones after dropout of 0.5", seeds=1)
def dropout_by_the_text(seed: int, faulty: bool) -> float:
    one, rng = torch.ones(1_000_000), torch.Generator().manual_seed(seed)
    if faulty:  # "h becomes h / (1 - p) with probability p"
        return float(torch.where(torch.rand(one.shape, generator=rng) < 0.5, one / 0.5, one).mean())
    return float(dropout(one, 0.5, rng).mean())


class DropsAlways(MultilayerPerceptron):
    """Evaluated as it learns."""

    def outputs(self, inputs: Tensor) -> Tensor:
        h_BF, masks = self.features(inputs), self.masks(len(inputs))
        for weight_FK, bias_K, mask_BK in zip(self.parameters[:-2:2], self.parameters[1:-2:2], masks):
            h_BF = (h_BF @ weight_FK + bias_K).clamp(min=0) * mask_BK
        return h_BF @ self.parameters[-2] + self.parameters[-1]


@fault("dropout-in-evaluation", "loss of a perceptron with dropout of 0.5 on 1,000 made images that it has not seen")
def dropout_in_evaluation(seed: int, faulty: bool) -> float:
    config = MultilayerPerceptronConfig(hidden_sizes=(64, 64), dropout=0.5, batch_size=32)
    learner = (DropsAlways if faulty else MultilayerPerceptron)(images(seed, 14, 1_000), config, seed=seed)
    return learner.learn(20_000).evaluate().metrics["eval/log_loss"]


@fault("xavier-without-brackets", "deviation of what a layer of 256 makes of 256 standard numbers", seeds=3)
def xavier_without_brackets(seed: int, faulty: bool) -> float:
    rng = torch.Generator().manual_seed(seed)
    layer = realised(lambda: nn.Linear(256, 256), "xavier", rng)
    if faulty:
        layer.weight.data.normal_(std=(2 / 256 + 256) ** 0.5, generator=rng)
    return float(layer(torch.randn(1_000, 256, generator=rng)).detach().std())


@fault("stride-not-rounded", "rows that a window of 3 in steps of 2 leaves of 8, padded by 1 on each side", seeds=1)
def stride_not_rounded(seed: int, faulty: bool) -> float:
    return (8 - 3 + 2 + 2) / 2 if faulty else float(output_size(8, 3, 2, 1))


@fault("sigmoids-stall", "accuracy of a LeNet on made images after 10 epochs of 1,000, learning rate 0.1", seeds=3)
def sigmoids_stall(seed: int, faulty: bool) -> float:
    config = ImageClassifierConfig(
        net="lenet" if faulty else "lenet-relu", optimizer="sgd", learning_rate=0.1, weight_decay=0.0,
        learning_rate_schedule="constant", batch_size=64,
    )  # fmt: skip
    return ImageClassifier(images(seed, 28, 1_000), config, seed=seed).learn(10_000).evaluate().score


class AsksForGradients(BatchNorm):
    """Trains where gradients are recorded."""

    def forward(self, x: Tensor) -> Tensor:
        if not torch.is_grad_enabled():
            return normalised(x, self.mean_C, self.variance_C, self.scale_C, self.shift_C, self.eps)
        mean_C, variance_C = channel_moments(x)
        with torch.no_grad():
            self.mean_C.lerp_(mean_C, self.momentum)
            self.variance_C.lerp_(unbiased(variance_C, x), self.momentum)
        return normalised(x, mean_C, variance_C, self.scale_C, self.shift_C, self.eps)


@fault("statistics-move", "largest change of a running mean by ten saliency maps in evaluation", seeds=3)
def statistics_move(seed: int, faulty: bool) -> float:
    net = make_net("bn-lenet", (1, 28, 28), 10, generator(seed, "weights"), normalisation="batch-from-scratch")
    layers = [module for module in net.modules() if isinstance(module, BatchNorm)]
    image_BCHW, label_B = torch.rand(10, 1, 28, 28, generator=torch.Generator().manual_seed(seed)), torch.arange(10)
    with torch.no_grad():
        net(image_BCHW)
    before = [layer.mean_C.clone() for layer in layers]
    with put(faulty, BatchNorm, "forward", AsksForGradients.forward):
        saliency(net, image_BCHW, label_B)
    return max(float((layer.mean_C - mean_C).abs().max()) for layer, mean_C in zip(layers, before, strict=True))


def one_hidden_layer() -> nn.Sequential:
    return nn.Sequential(nn.Linear(1, 20), nn.ReLU(), nn.Linear(20, 1))


@fault("beginnings-differ", "last losses of two networks that SGD trains alike, the second's over the first's")
def beginnings_differ(seed: int, faulty: bool) -> float:
    draw = torch.Generator().manual_seed(seed)
    x = torch.linspace(-1, 1, 1_000)[:, None]
    y = x.square() + 0.1 * torch.randn(1_000, 1, generator=draw)
    nets = [
        realised(
            lambda: nn.Sequential(nn.Linear(1, 20), nn.ReLU(), nn.Linear(20, 1)), "fan-in", generator(seed, str(i))
        )
        for i in range(2)
    ]
    if not faulty:
        nets[1].load_state_dict(nets[0].state_dict())
    optimizers = [SGD([net], 0.01) for net in nets]
    for _ in range(12):
        for rows in torch.randperm(1_000, generator=draw).split(32):
            for net, optimizer in zip(nets, optimizers):
                optimizer.descend(F.mse_loss(net(x[rows]), y[rows]))
    one, other = (float(F.mse_loss(net(x), y).detach()) for net in nets)
    return other / one
