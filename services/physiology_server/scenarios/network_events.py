"""What happens to envelopes on their way: held back, out of order, twice."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from services.physiology_server.envelopes import Outgoing
from services.physiology_server.scenarios.events import DelayEvent, MessageEvent, Seconds, Share
from services.physiology_server.scenarios.random_choice import RandomChoice
from smartspectra.ipc.wire.channels import CORE_METRICS


class Late(DelayEvent):
    """Some envelopes come later than those after them."""

    keeps_order: ClassVar[bool] = False
    do: Literal["late"] = "late"
    by_s: Seconds = Field(gt=0, le=600, description="how late, in seconds")
    share: Share

    def delay_s(self, outgoing: Outgoing, number: int, chance: RandomChoice) -> float:
        """
        Each by chance.
        """
        return self.by_s if chance.share(outgoing.channel, number) < self.share else 0.0


class SlowCore(DelayEvent):
    """Core needs longer: its envelopes come late, in order, and catch up at the end."""

    keeps_order: ClassVar[bool] = True
    do: Literal["slow_core"] = "slow_core"
    by_s: Seconds = Field(gt=0, le=600, description="how late, in seconds")

    def delay_s(self, outgoing: Outgoing, number: int, chance: RandomChoice) -> float:  # noqa: ARG002
        """
        All of Core's, and no others.
        """
        return self.by_s if outgoing.channel == CORE_METRICS else 0.0


class Duplicates(MessageEvent):
    """Some envelopes come twice, byte for byte."""

    do: Literal["duplicates"] = "duplicates"
    share: Share

    def spoil(self, outgoing: Outgoing, number: int, chance: RandomChoice) -> Sequence[Outgoing]:
        """
        Each by chance.
        """
        again = chance.share(outgoing.channel, number) < self.share
        return (outgoing, outgoing) if again else (outgoing,)
