"""Where strategies meet, as data and as a table."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gendan_client import Conflict, Position, conflict_table, find_conflicts
from gendan_client.conflicts import OPPOSITE, SHARED, Share

Held = dict[str, list[Position]]


def held(**strategies: dict[str, int]) -> Held:
    return {
        name: [Position(code=code, shares=shares, cost=Decimal(10), name="平安银行") for code, shares in rows.items()]
        for name, rows in strategies.items()
    }


A, B = "000001.SZ", "600000.SH"


@pytest.mark.parametrize(
    ("now", "before", "found"),
    [
        (held(甲={A: 100}, 乙={B: 100}), None, []),
        (held(甲={A: 100}, 乙={A: 200}), None, [(A, (SHARED,), (("乙", 200, None), ("甲", 100, None)))]),
        (held(甲={A: 100}, 乙={A: 0}), None, []),
        # one goes up, another down, and both still hold it
        (held(甲={A: 300}, 乙={A: 100}), held(甲={A: 100}, 乙={A: 200}),
         [(A, (SHARED, OPPOSITE), (("乙", 100, -100), ("甲", 300, 200)))]),
        # one has sold all of it while another bought
        (held(甲={A: 300}, 乙={}), held(甲={}, 乙={A: 200}), [(A, (OPPOSITE,), (("乙", 0, -200), ("甲", 300, 300)))]),
        # both up, both down, or one alone: no opposite changes
        (held(甲={A: 300}, 乙={B: 1}), held(甲={A: 100}, 乙={B: 2}), []),
        (held(甲={}, 乙={}), held(甲={A: 100}, 乙={A: 100}), []),
        # a strategy that is not there any more, or was not there before, has no known change
        (held(甲={A: 300}), held(甲={A: 100}, 乙={A: 200}), []),
        (held(甲={A: 300}, 乙={B: 100}), held(乙={B: 100, A: 200}), []),
    ],
)  # fmt: skip
def test_conflicts_are_found_and_nothing_is_made_up(now: Held, before: Held | None, found: list[object]) -> None:
    conflicts = find_conflicts(now, before)
    assert [
        (one.code, one.kinds, tuple((share.strategy, share.shares, share.change) for share in one.shares))
        for one in conflicts
    ] == found


def test_the_table_stands_straight_and_says_everything() -> None:
    conflicts = find_conflicts(held(轮动={A: 300, B: 5}, x={A: 1200, B: 5}), held(轮动={A: 100, B: 5}))
    assert conflict_table(conflicts).split("\n") == [
        "代码       名称      冲突      策略  股数  变化",
        "000001.SZ  平安银行  同时持有  x     1200  未知",
        "                               轮动   300  +200",
        "                               合计  1500",
        "600000.SH  平安银行  同时持有  x        5  未知",
        "                               轮动     5     0",
        "                               合计    10",
    ]


def test_both_kinds_and_a_falling_part_are_said() -> None:
    one = Conflict(A, "", (SHARED, OPPOSITE), (Share("甲", 100, 300), Share("乙", 200, 100)))
    said = conflict_table([one])
    assert "同时持有、方向相反" in said and "-200" in said and "+100" in said and one.total == 300


def test_no_conflict_is_said_in_a_sentence() -> None:
    assert conflict_table(find_conflicts({})) == "没有冲突：没有两个策略持有同一只股票。"
