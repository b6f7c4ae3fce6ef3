"""The arm: driven by hand in three directions, and a student that learns to do it from an expert meanwhile."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from dataclasses import dataclass
from typing import Literal

from palestra.playgrounds.offer import MOST_SEED, Asked, Offer, Preset, Text, setting

MOST_NAME = 200
"""Letters of an agent's name."""
STUDENT, EXPERT, RANDOM = "student", "expert", "random"
"""Agents that are always there; any other name is of a run."""


@dataclass(frozen=True)
class ArmAsked(Asked):
    """Settings of the arm."""

    task: Literal["reach", "pick-place"] = setting(
        "reach", "任务：要做什么",
        names={
            "reach": Text("reach an object", "够到物体"),
            "pick-place": Text("grip, lift, put", "抓取、抬起、放下"),
        },
    )  # fmt: skip
    """What is to be done."""
    world: Literal["pybullet", "twin"] = setting(
        "pybullet", "世界：谁来计算",
        names={
            "pybullet": Text("PyBullet, with physics", "PyBullet（有物理）"),
            "twin": Text("the twin, without contact", "孪生（无接触）"),
        },
    )  # fmt: skip
    """Who moves the arm: PyBullet, with motors and contact, or the twin that agents train in, which needs nothing."""
    radius: float = setting(0.0, "半径：多近算到达（米），0 为任务自己的", low=0.0, high=0.2)
    """Metres within which it is done; 0 for the task's own, 0.1 to reach and 0.03 to put."""
    learning_rate: float = setting(0.001, "学习率：学生每步走多远", low=0.00001, high=1.0)
    """Of the student's optimizer, Adam."""
    agent: str = setting(STUDENT, "智能体：看谁来做", most=MOST_NAME, drawn=True)
    """Whom one watches: the student, the expert, random actions, or a trained agent by the id of its run."""
    seed: int = setting(0, "种子：所有的运气由它而来", low=0, high=MOST_SEED)
    """Where all luck comes from: which objects, and where they lie."""


OFFER = Offer(
    "arm",
    Text("The arm", "机械臂"),
    Text(
        "Drive a robot's arm to an object, by keys or buttons; then let a student learn it from an expert, and watch.",
        "用键盘或按钮把机械臂开到物体旁边；然后让学生跟专家学，看它怎么做。",
    ),
    ArmAsked,
    (
        Preset(
            "practice",
            Text("A student, as its recipe has it", "学生，按配方设置"),
            Text(
                "DAgger: the student acts, and the expert, who knows where the object is, says at every step what it"
                " would have done. Before practice the student stands about; after a thousand steps it mostly arrives.",
                "DAgger：学生动手，知道物体在哪儿的专家每一步都说出自己会怎么做。没练过的学生只会发呆；练一千步，多半能到。",
            ),
            {},
        ),
        Preset(
            "grip",
            Text("Grip, lift, put", "抓取、抬起、放下"),
            Text(
                "A block has to stand on the plinth, and the jaws have to let go of it. By hand that takes patience:"
                " choose shorter steps.",
                "要把方块放到台座上，再松开夹爪。用手做要有耐心：把步子调小。",
            ),
            {"task": "pick-place"},
        ),
        Preset(
            "too-near",
            Text("Two centimetres", "两厘米"),
            Text(
                "Whoever has to come within 2 cm touches the object first and shoves it away, and even the expert is"
                " mostly too late. In the twin, which knows no contact, it arrives: what worked in a simulator was"
                " tried in that simulator.",
                "要到 2 厘米以内，机械臂会先碰到物体、把它推开，连专家也多半来不及。在不懂接触的孪生里它却到得了："
                "在模拟器里行，只说明在那个模拟器里行。",
            ),
            {"radius": 0.02, "agent": EXPERT},
            fails=True,
        ),
        Preset(
            "at-random",
            Text("Random actions", "随机动作"),
            Text(
                "Forty random steps lead nowhere, or out of the workspace. With a reward at the end alone, that is all"
                " that learning by trial begins with.",
                "四十步随机动作，走不到哪儿去，要么就出了工作区。奖励只在最后才有：试错学习一开始，手里就只有这些。",
            ),
            {"agent": RANDOM},
            fails=True,
        ),
        Preset(
            "too-fast",
            Text("A learning rate too high", "学习率太大"),
            Text(
                "Each step throws the student's network somewhere else: soon it says the same whatever it sees, and"
                " drives the arm out of the workspace.",
                "每一步都把学生的网络甩到别处：很快它不管看到什么都给同样的动作，把机械臂开出工作区。",
            ),
            {"learning_rate": 0.3},
            fails=True,
        ),
    ),
)  # fmt: skip
"""What is offered."""
