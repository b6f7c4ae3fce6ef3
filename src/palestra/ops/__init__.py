"""Tensors in, tensors out: the mathematics that every algorithm shares. Nothing here owns state.

Shape key: the letters of a name's suffix (``value_TB``) are its dimensions, here and in ``nets`` and ``learners``. A
letter has one meaning in the whole house; a digit is a dimension of that size; a file that needs one more says so in
its docstring, in a line of this form.

    T  time steps of a rollout, or pulls of a bandit, in order
    B  samples of a batch
    E  environments side by side
    F  features of an observation, over any number of trailing dimensions
    A  actions, or dimensions of an action
    K  outputs of a network, or what stands for them
    D  parameters of a network as one vector
    M  members of an ensemble
    N  steps of an n-step window
    C  channels of an image
    H  rows of an image
    W  columns of an image
    S  states of a finite world
    X  its states and, last, one more: the end, whose value is zero
    P  its pairs of a state and an action
    J  outcomes that such a pair can have at most
    Z  atoms or quantiles of a distribution
    U  random numbers that one step takes, in [0, 1)
    G  groups
    L  entries of a list of any length
"""
