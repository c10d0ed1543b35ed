"""`python -m tests.simulation`: play many seeds, tell one seed's story, or see that planted bugs are caught."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from tests.simulation.mixes import MIXES
from tests.simulation.planted import PLANTED, begin
from tests.simulation.run import Outcome, look

SHOWN = ("strategy", "decided", "orders", "crashes", "blows", "alarm", "clock", "session seconds")


def seeds_of(text: str) -> range:
    first, _, last = text.partition(":")
    return range(int(first), int(last)) if last else range(int(first), int(first) + 1)


def outcomes(mix: str, seeds: range, jobs: int, planted: str = "") -> Iterator[Outcome]:
    """Play seeds in order, in processes of their own; only so many at a time, so that one may stop early."""
    with ProcessPoolExecutor(jobs, get_context("spawn"), begin, (planted,)) as pool:
        left = iter(seeds)
        waiting = [pool.submit(look, seed, mix) for seed in islice(left, 4 * jobs)]
        try:
            while waiting:
                yield waiting.pop(0).result()
                waiting += [pool.submit(look, seed, mix) for seed in islice(left, 1)]
        finally:
            pool.shutdown(cancel_futures=True)


@dataclass(slots=True)
class Report:
    mix: str
    seeds: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.counts.update(outcome.counts)
        if outcome.violation:
            self.violations.append(outcome)

    def text(self) -> str:
        figures = ", ".join(f"{name} {self.counts[name]}" for name in SHOWN)
        rate = self.seeds / self.seconds if self.seconds else 0.0
        lines = [
            f"mix {self.mix}: {self.seeds} seeds in {self.seconds:.0f} s ({rate:.1f} a second),"
            f" {len(self.violations)} violations",
            f"  {figures}",
        ]
        for what, times in Counter(first_words(o.violation) for o in self.violations).most_common():
            seeds = [str(o.seed) for o in self.violations if first_words(o.violation) == what]
            lines.append(f"  {times} x {what} (seeds {', '.join(seeds[:8])})")
        return "\n".join(lines)

    def document(self) -> dict[str, object]:
        return {
            "mix": self.mix,
            "seeds": self.seeds,
            "seconds": round(self.seconds, 1),
            "counts": dict(sorted(self.counts.items())),
            "violations": [{"seed": o.seed, "violation": o.violation, "faults": o.faults} for o in self.violations],
        }


def first_words(text: str) -> str:
    return text.split("\n")[0][:110]


def run(mix: str, seeds: range, jobs: int) -> Report:
    report, begun = Report(mix), time.monotonic()
    with tqdm(total=len(seeds), desc=mix, unit="seed") as bar:
        for outcome in outcomes(mix, seeds, jobs):
            report.add(outcome)
            bar.update()
            bar.set_postfix(violations=len(report.violations))
            if outcome.violation:
                bar.write(f"seed {outcome.seed}: {first_words(outcome.violation)}")
    report.seconds = time.monotonic() - begun
    return report


def tell(outcome: Outcome) -> str:
    ending = f"VIOLATED: {outcome.violation}" if outcome.violation else "everything held"
    return f"mix {outcome.mix}, seed {outcome.seed}, trace {outcome.trace}\n{outcome.story}\n{ending}"


def hunt(names: list[str], seeds: range, jobs: int) -> int:
    """See that every planted bug is caught, in a seed that holds without it; 1 when one is not."""
    missed = 0
    for name in names:
        what, mix, _ = PLANTED[name]
        caught = None
        with tqdm(total=len(seeds), desc=name, unit="seed") as bar:
            for outcome in outcomes(mix, seeds, jobs, planted=name):
                bar.update()
                if outcome.violation:
                    caught = outcome
                    break
        if caught is None:
            missed += 1
            print(f"MISSED {name} ({what}): {len(seeds)} seeds of {mix} saw nothing")
        elif (alone := look(caught.seed, mix)).violation:
            missed += 1
            print(
                f"MISSED {name} ({what}): seed {caught.seed} of {mix} fails without it: {first_words(alone.violation)}"
            )
        else:
            tried = caught.seed - seeds.start + 1
            print(
                f"caught {name} ({what}): mix {mix}, seed {caught.seed}, the {tried}. tried: "
                f"{first_words(caught.violation)}"
            )
    return 1 if missed else 0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=seeds_of, default=range(100), help="first:last, the last not included")
    parser.add_argument("--mix", default="default", choices=[*MIXES, "all"])
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--story", type=int, metavar="SEED", help="tell what happens in one seed")
    parser.add_argument("--planted", metavar="NAME", help="a planted bug, or all of them: each must be caught")
    options = parser.parse_args(argv)
    if options.planted:
        return hunt(list(PLANTED) if options.planted == "all" else [options.planted], options.seeds, options.jobs)
    if options.story is not None:
        outcome = look(options.story, options.mix, story=True)
        print(tell(outcome))
        return 1 if outcome.violation else 0
    reports = [run(mix, options.seeds, options.jobs) for mix in (MIXES if options.mix == "all" else [options.mix])]
    for report in reports:
        for outcome in report.violations[:3]:
            print(tell(outcome), "\n")
    print("\n".join(report.text() for report in reports))
    if options.json:
        options.json.write_text(json.dumps([report.document() for report in reports], indent=1), encoding="utf-8")
    return 1 if any(report.violations for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
