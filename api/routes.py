"""Every route, on one page. `/openapi.json` and `/docs` are written from `ROUTES`."""

from __future__ import annotations

from aiohttp import web

from api.endpoint import Route
from api.hooks import webhook
from api.json import (
    accounts,
    admin,
    connections,
    content,
    credentials,
    destinations,
    health,
    linking,
    sessions,
)
from api.pages import admin as admin_pages
from api.pages import (
    admin_people,
    entering,
    history,
    home,
    leaving,
    link,
    mailed,
    safety,
    settings,
    streaming,
    theme,
    write,
)
from api.pages import (
    connections as connections_page,
)
from api.pages.back import BACK, back
from api.pages.connect import connect
from api.pages.docs import docs, openapi_json
from api.pages.files import file
from api.sign_in import routes as sign_in

ROUTES = (
    Route("POST", "/auth/register", accounts.register),
    Route("POST", "/auth/login", accounts.login),
    Route("POST", "/auth/refresh", accounts.refresh),
    Route("POST", "/auth/logout", accounts.logout),
    Route("GET", "/auth/me", accounts.me),
    Route("PATCH", "/auth/me", accounts.change),
    Route("DELETE", "/auth/me", accounts.erase),
    Route("POST", "/auth/password", credentials.change_password),
    Route("POST", "/auth/password/forgot", credentials.forgot),
    Route("POST", "/auth/password/reset", credentials.reset),
    Route("POST", "/auth/email/confirm", credentials.confirm),
    Route("POST", "/auth/email/resend", credentials.resend),
    Route("GET", "/auth/sessions", sessions.sessions),
    Route("DELETE", "/auth/sessions", sessions.end_others),
    Route("DELETE", "/auth/sessions/{id}", sessions.end),
    Route("GET", "/auth/export", sessions.export),
    Route("GET", "/auth/tokens", sessions.tokens),
    Route("POST", "/auth/tokens", sessions.make),
    Route("DELETE", "/auth/tokens/{id}", sessions.remove),
    Route("POST", "/auth/link", linking.link),
    Route("POST", "/auth/link/preview", linking.preview),
    Route("POST", "/auth/link/code", linking.code),
    Route("DELETE", "/auth/identities/{id}", linking.unlink),
    Route("GET", "/auth/slack/start", sign_in.start("slack")),
    Route("GET", "/auth/slack/callback", sign_in.callback("slack")),
    Route("GET", "/auth/discord/start", sign_in.start("discord")),
    Route("GET", "/auth/discord/callback", sign_in.callback("discord")),
    Route("GET", "/auth/notion/start", connections.start),
    Route("GET", "/auth/notion/callback", connections.callback),
    Route("POST", "/content/generate", content.generate),
    Route("POST", "/content/{id}/notion", content.save),
    Route("GET", "/content/{id}/events", content.events),
    Route("GET", "/content/history", content.history),
    Route("GET", "/content/export", content.export),
    Route("GET", "/content/{id}", content.read),
    Route("DELETE", "/content/{id}", content.remove),
    Route("GET", "/notion/connection", connections.connection),
    Route("DELETE", "/notion/connection", connections.disconnect),
    Route("GET", "/notion/connection/check", connections.check),
    Route("POST", "/notion/connect/preview", connections.preview),
    Route("POST", "/notion/connect", connections.confirm),
    Route("GET", "/notion/destinations", destinations.destinations),
    Route("GET", "/usage", admin.usage),
    Route("GET", "/admin/users", admin.users),
    Route("PATCH", "/admin/users/{id}", admin.change_user),
    Route("GET", "/admin/usage", admin.server_usage),
    Route("GET", "/admin/connections", admin.connections),
    Route("GET", "/admin/status", admin.status),
    Route("GET", "/admin/budgets", admin.budgets),
    Route("PATCH", "/admin/budgets", admin.change_budgets),
    Route("GET", "/admin/audit", admin.audit),
    Route("GET", "/health/live", health.live),
    Route("GET", "/health/ready", health.ready),
    Route("GET", "/metrics", health.metrics),
)

PAGES = (
    ("GET", "/", home.home),
    ("GET", "/about", home.about),
    ("GET", "/signup", entering.signup_form),
    ("POST", "/signup", entering.signup),
    ("GET", "/login", entering.login_form),
    ("POST", "/login", entering.login),
    ("POST", "/logout", entering.logout),
    ("POST", "/theme", theme.choose),
    ("POST", "/write", write.write),
    ("GET", "/write/{id}/events", streaming.events),
    ("POST", "/write/{id}/rewrite", write.rewrite),
    ("POST", "/write/{id}/stop", write.stop),
    ("GET", "/history", history.items),
    ("GET", "/history/{id}", history.item),
    ("POST", "/history/{id}/save", history.save),
    ("GET", "/history/{id}/delete", history.confirm_removal),
    ("POST", "/history/{id}/delete", history.remove),
    ("GET", "/forgot", mailed.forgot_form),
    ("POST", "/forgot", mailed.forgot),
    ("GET", "/reset", mailed.reset_form),
    ("POST", "/reset", mailed.reset),
    ("GET", "/confirm", mailed.confirm_form),
    ("POST", "/confirm", mailed.confirm),
    ("GET", "/link", link.link),
    ("POST", "/link", link.look),
    ("POST", "/link/join", link.join),
    ("POST", "/link/code", link.code),
    ("GET", "/admin", admin_pages.overview),
    ("POST", "/admin/budgets/change", admin_pages.change_budgets),
    ("GET", "/admin/users/{id}/account", admin_people.account),
    ("GET", "/admin/users/{id}/role", admin_people.confirm_stepping_down),
    ("POST", "/admin/users/{id}/role", admin_people.role),
    ("POST", "/admin/users/{id}/allowance", admin_people.allowance),
    ("GET", "/admin/users/{id}/disable", admin_people.confirm_disabling),
    ("POST", "/admin/users/{id}/disable", admin_people.disable),
    ("POST", "/admin/users/{id}/enable", admin_people.enable),
    ("GET", "/connect", connect),
    ("GET", "/connections", connections_page.connections),
    ("GET", "/connections/check", connections_page.check),
    ("POST", "/connections/code", connections_page.code),
    ("POST", "/connections/destination", connections_page.destination),
    ("GET", "/connections/notion/disconnect", connections_page.confirm_disconnecting),
    ("POST", "/connections/notion/disconnect", connections_page.disconnect),
    ("GET", "/connections/{id}/unlink", connections_page.confirm_unlinking),
    ("POST", "/connections/{id}/unlink", connections_page.unlink),
    ("GET", "/settings", settings.settings),
    ("POST", "/settings/name", settings.rename),
    ("POST", "/settings/email", settings.resend),
    ("POST", "/settings/preferences", settings.prefer),
    ("POST", "/settings/password", safety.change_password),
    ("POST", "/settings/password/strength", safety.strength),
    ("POST", "/settings/password/mail", safety.mail_password),
    ("POST", "/settings/sessions", safety.end_others),
    ("POST", "/settings/sessions/{id}", safety.end),
    ("POST", "/settings/tokens", safety.make_token),
    ("GET", "/settings/tokens/{id}/remove", safety.confirm_removing),
    ("POST", "/settings/tokens/{id}/remove", safety.remove_token),
    ("GET", "/settings/delete", leaving.confirm),
    ("POST", "/settings/delete", leaving.leave),
    ("GET", "/goodbye", leaving.goodbye),
    ("POST", "/notion/webhook", webhook),
    ("GET", "/docs", docs),
    ("GET", "/openapi.json", openapi_json),
    ("GET", "/static/{name}", file),
)
"""What a browser asks for, and what its forms send: no part of the specification."""


def add_routes(app: web.Application) -> None:
    """Puts every route into the application."""
    for route in ROUTES:
        path = _pattern(route.path)
        if route.method == "GET":
            app.router.add_get(path, route.endpoint.handle)  # and HEAD
        else:
            app.router.add_route(route.method, path, route.endpoint.handle)
    for method, path, page in PAGES:
        if method == "GET":
            app.router.add_get(path, page)
        else:
            app.router.add_route(method, path, page)
    for path, page_of_it in BACK.items():
        app.router.add_get(path, back(page_of_it))
    for path in _with_pages() - {"/", "/static/{name}"}:
        app.router.add_get(f"{path}/", back(path))


def _with_pages() -> set[str]:
    paths = {path for method, path, _ in PAGES if method == "GET"}
    return paths | {
        route.path
        for route in ROUTES
        if route.endpoint.operation.browser is not None and "{" not in route.path
    }


def _pattern(path: str) -> str:
    """The path, where an id is no name that has a meaning of its own there.

    Or /content/history would be an item for the methods that it does not take.
    """
    before, variable, after = path.partition("{id}")
    if not variable:
        return path
    names = {
        route.path.removeprefix(before)
        for route in ROUTES
        if route.path.startswith(before) and "{" not in route.path
    }
    return f"{before}{{id:(?!(?:{'|'.join(sorted(names))})(?:/|$))[^{{}}/]+}}{after}"
