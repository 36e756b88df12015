"""`python -m benchmarks [--quick]`: measure, print the table, write results.json.

`--quick` or QUICK=1 takes fewer rounds, imports nobody, has no captcha solved, plans small
campaigns, and stays under a minute and a half once all is built.
"""

import argparse
import os
from pathlib import Path

from benchmarks import (
    alike,
    attack_figures,
    built,
    campaign_cost,
    campaign_memory,
    cold,
    cost,
    figures,
    imports,
    journey,
    pictures,
    release,
    sounds,
    usage,
    warm,
)
from benchmarks.figures import say

RESULTS = Path(__file__).resolve().parent / "results.json"


def main() -> None:
    """Measure everything against the budgets of design.md 6."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", default=os.environ.get("QUICK") == "1")
    quick = parser.parse_args().quick
    made = built.make()
    say("a round trip against MiniStack, every AWS call recorded …")
    travelled = journey.travel(made)
    warm_figures, warm_seconds = warm.measure(made, travelled, rounds=100 if quick else 500)
    cold_figures, cold_seconds = cold.measure(made, travelled, rounds=15 if quick else 31)
    trips = cost.round_trips(travelled, warm_seconds, cold_seconds)
    told = cost.events(travelled)
    reported = cost.receipts(travelled, warm_seconds)
    month = cost.idle_month(travelled, warm_seconds)
    campaign = campaign_cost.travel(
        made, rows=1_000 if quick else 2_000, batches=5 if quick else 20
    )
    found = [
        *cold_figures,
        *warm_figures,
        *usage.measure(travelled),
        *cost.measure(trips, told, reported, month),
        *campaign_cost.measure(campaign),
        *campaign_memory.measure(
            few=1_000 if quick else 10_000, many=100_000 if quick else 1_000_000
        ),
        *release.measure(rows=4_000 if quick else 20_000),
        *alike.measure(rounds=30 if quick else 200),
        *attack_figures.measure(quick=quick),
        *sounds.measure(rounds=5 if quick else 21),
        *pictures.measure(quick=quick),
        *([] if quick else imports.measure()),
    ]
    print(cost.arithmetic("A million round trips:", trips))
    print(cost.arithmetic("Of an app with events, beyond that:", told))
    print(cost.arithmetic("A million receipts:", reported))
    print(cost.arithmetic("A million recipients of a campaign:", campaign_cost.lines(campaign)))
    print(cost.arithmetic("An idle month, before free allowances:", month))
    print()
    print(figures.table(found))
    figures.write(found, RESULTS)
    say(f"written to {RESULTS.relative_to(built.ROOT)}")


if __name__ == "__main__":
    main()
