"""Tensors in, tensors out: the mathematics that every algorithm shares. Nothing here owns state.

Shape key, used as suffixes here and in ``learners``:

    T  time steps of a rollout        B  samples of a batch
    E  environments side by side      F  features of an observation (any number of trailing dimensions)
    A  actions or action dimensions   K  outputs of a network
    N  steps of an n-step window      C, H, W  channels, rows and columns of an image
    S  states of a finite world       P  its (state, action) pairs
"""
