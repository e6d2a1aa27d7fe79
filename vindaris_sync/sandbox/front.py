"""What stands between the wire and the services: routing, faults, the ledger of requests, and the controls.

Both the socket server and the in-process adapter put one request in and act on the reply; neither knows a service.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass, replace
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from vindaris_sync.sandbox.core import Clock, Request, Response, Service
from vindaris_sync.sandbox.faults import Fault, Faults
from vindaris_sync.sandbox.ledger import Asked, Ledger
from vindaris_sync.sandbox.pages import Shown, by_browser, document, link, served

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONTROLS = "_sandbox"
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head><body><form>Log in</form></body></html>"


@runtime_checkable
class Viewable(Protocol):
    """A service that shows its world at ``GET /_sandbox/{name}``."""

    def view(self) -> object:
        """Return the world as a JSON document."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out: the response (``None``: nothing is answered), after ``delay`` seconds, damaged by ``wire``."""

    response: Response | None
    delay: float = 0.0
    wire: Fault | None = None


class Front:
    """Routes requests by their first path segment to the services and keeps faults and ledger."""

    def __init__(self, services: Mapping[str, Service], clock: Clock) -> None:
        self.services = {prefix.strip("/"): service for prefix, service in services.items()}
        self.faults = Faults({name: service.weather for name, service in self.services.items()})
        self.requests = Ledger()
        self._clock = clock

    def settle(self, url: str) -> None:
        """Tell every service where it is reached, given the URL of the whole sandbox."""
        for name, service in self.services.items():
            service.base_url = f"{url}/{name}"

    def answer(self, request: Request, sleep: Callable[[float], object]) -> Reply:
        """Answer a request whose path carries the service's prefix. Latency is slept away before, outside the lock."""
        name, _, rest = request.path.lstrip("/").partition("/")
        if name == CONTROLS:
            return Reply(self._control(replace(request, path=rest)))
        service = self.services.get(name)
        if by_browser(request) and (page := self._page(name, service, f"/{rest}")) is not None:
            return Reply(served(page))
        if service is None:
            return Reply(Response.of({"message": f"No service at /{name}"}, HTTPStatus.NOT_FOUND))
        inner = replace(request, path=f"/{rest}")
        self.requests.note(Asked(name, request.method, inner.path))
        return self._struck(name, service, inner, sleep)

    def _struck(self, name: str, service: Service, request: Request, sleep: Callable[[float], object]) -> Reply:
        strikes = self.faults.strike(name, request)
        if late := sum(fault.delay for fault in strikes if fault.kind == "latency"):
            sleep(late)
        hard = next((fault for fault in strikes if fault.kind != "latency"), None)
        response = None
        if hard is None or hard.carried_out:
            with service.lock:
                response = service.answer(request)
        reply = Reply(response) if hard is None else _damaged(response, hard)
        if reply.response is not None:
            reply.response.headers.setdefault("Date", self._date(service))
        return reply

    def _page(self, name: str, service: Service | None, path: str) -> str | None:
        """Return what a person sees there; faults and limits are for programs."""
        if not name:
            shown = (each for each, service in self.services.items() if isinstance(service, Shown))
            return document("Sandbox", *(f"<p>{link(f'/{each}/', each)}</p>" for each in shown))
        if not isinstance(service, Shown):
            return None
        with service.lock:
            return service.page(path)

    def _date(self, service: Service) -> str:
        return format_datetime(service.weather.now(self._clock), usegmt=True)

    def _control(self, request: Request) -> Response:
        match (request.method, request.path.strip("/")):
            case ("POST", "faults"):
                return self._inject(request)
            case ("DELETE", "faults" | "requests" as name):
                (self.faults if name == "faults" else self.requests).clear()
                return Response(HTTPStatus.NO_CONTENT)
            case ("GET", "faults" | "requests" as name):
                return Response.of((self.faults if name == "faults" else self.requests).view())
            case ("GET", name) if isinstance(service := self.services.get(name), Viewable):
                with service.lock:
                    return Response.of(service.view())
            case _:
                return Response.of({"message": "No such control"}, HTTPStatus.NOT_FOUND)

    def _inject(self, request: Request) -> Response:
        try:
            fault = Fault.of(request.json())
            if fault.service is not None and fault.service not in self.services:
                msg = f"no service {fault.service}; there are {', '.join(sorted(self.services))}"
                raise ValueError(msg)  # noqa: TRY301 - one place turns every reason into an answer
        except ValueError as error:
            return Response.of({"message": str(error)}, HTTPStatus.BAD_REQUEST)
        self.faults.add(fault)
        return Response.of(self.faults.view(), HTTPStatus.CREATED)


def _damaged(response: Response | None, fault: Fault) -> Reply:
    """Return what is left of ``response`` (``None``: the service was not asked) once ``fault`` has struck."""
    match fault.kind:
        case "status":
            if isinstance(fault.body, str):
                return Reply(
                    Response(fault.status, fault.body.encode(), {"Content-Type": "text/plain", **fault.headers})
                )
            body = {"message": http.client.responses.get(fault.status, "")} if fault.body is None else fault.body
            return Reply(Response.of(body, fault.status, fault.headers))
        case "html":
            headers = {"Content-Type": "text/html; charset=utf-8", **fault.headers}
            return Reply(Response(HTTPStatus.OK, LOGIN_PAGE, headers))
        case "truncate" if response is not None:
            return Reply(Response(response.status, response.body[: len(response.body) // 2], response.headers))
        case "timeout":
            return Reply(None, fault.delay, fault)
        case _:
            return Reply(response, fault.delay, fault)
