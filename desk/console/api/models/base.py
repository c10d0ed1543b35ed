"""What all answers share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$", description="精确的十进制数")]
Moment = Annotated[str, Field(description="ISO-8601,北京时间 +08:00")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Problem(Answer):
    """为什么没有做;只有一句话。"""

    error: str


class Done(Answer):
    """一个要求的结果;ok 为 null 是已记下、交易循环还没有回答。"""

    ok: bool | None
    text: str
