"""Kinematics of any robot: a tree of joints and frames as data, where its frames are, and how to bring one somewhere.

    tree = read_robot("arm.urdf")                                  # or a MuJoCo file
    found = inverse_kinematics(tree, "hand", position_B3)          # thousands at once

Everything is done for a batch of configurations or targets at once, in float64 unless told otherwise. Lengths are in
metres, angles in radians, seconds in seconds.

    B  configurations, or targets, side by side
    Q  joints that move
    R  frames: links, bodies and sites
    I  frames on the way from the base to an end that a joint moves
    K  rows of an error
    L  rows of limits
"""
