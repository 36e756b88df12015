"""What a call asks of AWS: how many calls, and how many DynamoDB units, counted on the wire."""

from benchmarks.figures import Figure
from benchmarks.journey import Journey, Step

# Calls and units, with the app cached (design.md 6).
_BUDGETS = {"request": (4, 8), "verify": (2, 5), "captcha": (0, 0), "answer": (1, 1)}
# What a captcha adds to a request: its answer is judged in a call of its own.
_CAPTCHA_UNITS = 3


def measure(journey: Journey) -> list[Figure]:
    """Calls and units of every step; a cold container's extra calls beside them."""
    steps = {
        "request": (journey.request, _BUDGETS["request"]),
        "verify": (journey.verify, _BUDGETS["verify"]),
        "verify, wrong code": (journey.wrong_guess, _BUDGETS["verify"]),
        "request that lets the shield read": (journey.refresh, (4, None)),
        "request that lets the shield write": (journey.flush, (4, None)),
        "requestCaptcha": (journey.captcha, _BUDGETS["captcha"]),
        "verifyCaptcha": (journey.answer, _BUDGETS["answer"]),
        "request with a captcha": (journey.request_with_captcha, (None, None)),
        "sender, a message": (journey.sender, (None, None)),
        "sweeper, an idle minute": (journey.sweeper, (None, None)),
    }
    figures = []
    for name, (step, (calls, units)) in steps.items():
        figures += [
            Figure(f"AWS calls: {name}", len(step.calls), "calls", calls),
            Figure(f"DynamoDB: {name}", _units(step), "units", units),
        ]
    solved = journey.request_with_captcha
    more_calls = len(solved.calls) - len(journey.request.calls)
    more_units = _units(solved) + _units(journey.answer) - _units(journey.request)
    figures += [
        Figure("AWS calls: a captcha adds to a request", more_calls, "calls", 0),
        Figure(
            "DynamoDB: a captcha adds, its answer included", more_units, "units", _CAPTCHA_UNITS
        ),
    ]
    for name in ("request", "verify"):
        first = journey.first[name]
        # The first verify guessed wrong, so it is compared with a wrong guess.
        warm = journey.request if name == "request" else journey.wrong_guess
        extra = len(first.calls) - len(warm.calls)
        figures.append(Figure(f"AWS calls: {name}, more when cold", extra, "calls"))
    return figures


def _units(step: Step) -> float:
    return step.read_units + step.write_units
