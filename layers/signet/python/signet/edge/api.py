"""Routes of the console's API, each with who may call it."""

from collections.abc import Callable
from dataclasses import dataclass

from signet import audits
from signet.acts import Act
from signet.edge import clock
from signet.edge.console import Door
from signet.edge.http import Answer, Body, Call, Route
from signet.errors import BadParameter, NotPermitted

PREFIX = "/console/api"


@dataclass(frozen=True, slots=True)
class Api:
    """Makes routes behind a door. Their answers get the act: who calls, and when."""

    door: Door

    def open(self, method: str, path: str, answer: Callable[[Call], Body | Answer]) -> Route:
        """For anybody; the answer looks at its caller itself."""
        return Route(method, f"{PREFIX}{path}", answer)

    def owners(self, method: str, path: str, answer: Callable[[Act, Call], Body | Answer]) -> Route:
        """For owners; `by` is the id of their app."""

        def checked(call: Call) -> Body | Answer:
            now = clock.now()
            app_id = self.door.owner(call, now=now).app_id
            return answer(Act(app_id, audits.owner(app_id), now), call)

        return self.open(method, path, checked)

    def operators(
        self, method: str, path: str, answer: Callable[[Act, Call], Body], *, status: int = 200
    ) -> Route:
        """For operators."""

        def checked(call: Call) -> Answer:
            now = clock.now()
            name = self.door.operator(call, now=now)
            return Answer(answer(Act(name, audits.operator(name), now), call), status)

        return self.open(method, path, checked)

    def both(
        self, path: str, answer: Callable[[str, Act, Call], Body | Answer], *, method: str = "GET"
    ) -> Route:
        """Of an app: for its owner, and for operators, who name it in the query."""

        def checked(call: Call) -> Body | Answer:
            caller = self.door.caller(call, now=clock.now())
            wanted = call.query.get("app_id")
            if caller.app and wanted not in (None, caller.id):
                raise NotPermitted
            app_id = caller.id if caller.app else wanted
            if not app_id:
                raise BadParameter("app_id is missing.")
            return answer(app_id, Act(caller.id, caller.actor, clock.now()), call)

        return self.open(method, path, checked)
