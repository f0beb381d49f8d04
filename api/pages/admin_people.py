"""`/admin/users` as a page: the accounts, and what can be changed of one."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from api.admin_models import AccountChange, PeopleQuery
from api.errors import STATUS
from api.keys import CORE
from api.pages.admin_audit import acts
from api.pages.admins import admin_of, dollars_in, sent_by_admin, tokens_in
from api.pages.figures import amount, whole
from api.pages.forms import checked
from api.pages.link import NAMES
from api.pages.render import page, see_other, tell
from api.pages.spent import USUAL, Allotted, tokens_of
from api.problems import problems
from core.accounts.admin import AccountChanges
from core.errors import AssistantError, Conflict, InvalidInput, NotFound
from core.storage.users import User

PAGE = 30
"""Accounts that are shown at once."""
RECENT = 5
"""Entries of the audit log on an account's page."""


async def people(request: web.Request) -> web.Response:
    """Accounts whose address or name holds the words of `?q=`, newest first."""
    await admin_of(request)
    core = request.app[CORE]
    given = {name: request.query[name] for name in ("q", "cursor") if request.query.get(name)}
    try:
        wanted = PeopleQuery.model_validate_strings(given)
    except ValidationError as error:
        raise InvalidInput(problems(error)) from None
    found, cursor = await core.accounts.admin.people(wanted.q, wanted.cursor, PAGE)
    kept = {"q": wanted.q} if wanted.q else {}
    return page(
        request,
        "admin_people.html",
        people=found,
        q=wanted.q,
        counts=await core.accounts.admin.counts(),
        more=f"/admin/users?{urlencode(kept | {'cursor': cursor})}" if cursor else "",
    )


async def account(request: web.Request) -> web.Response:
    """One account: who it is, what they spent, what they did last."""
    await admin_of(request)
    return await _account(request)


async def _account(
    request: web.Request, error: AssistantError | None = None, given: dict[str, str] | None = None
) -> web.Response:
    core, person = request.app[CORE], await _person(request)
    allowance = await core.accounts.allowances.get()
    own = allowance.of(person)
    bill = await core.accounts.allowances.bill(person.id)
    report = await core.accounts.usage.report(USUAL, person.id)
    entries, _ = await core.accounts.admin.audit(limit=RECENT, about=person.id)
    async with core.database.read() as unit:
        identities = await unit.users.identities(person.id)
    fields = {
        "tokens": "" if person.allowance is None else whole(person.allowance),
        "dollars": amount(person.allowance_dollars),
    }
    if given is not None:
        fields = {name: given.get(name, "") for name in fields}
    return page(
        request,
        "admin_person.html",
        status=STATUS[error.code] if error else 200,
        person=person,
        chats=sorted({NAMES.get(each.platform, each.platform) for each in identities}),
        total=report.total,
        total_tokens=tokens_of(report.total),
        days=USUAL,
        allotted=Allotted(own.person, await core.accounts.allowances.used(person.id)),
        billed=Allotted(own.person_dollars, bill.dollars),
        everybodys=allowance,
        acts=acts(entries),
        is_last=await core.accounts.admin.is_last(person.id),
        problem=error.message if error else "",
        **fields,
    )


async def confirm_stepping_down(request: web.Request) -> web.Response:
    """Asks whether an admin really wants to be a member."""
    await admin_of(request)
    person = await _person(request)
    return page(
        request,
        "sure.html",
        title=f"Make {_name(person)} a member?",
        said=(
            "Whoever is a member sees these pages no more, and cannot make themselves an admin "
            "again: another admin has to.",
        ),
        action=f"/admin/users/{person.id}/role",
        given=("role", "member"),
        label="Make a member",
        back=_path(person),
        keep="Stay an admin",
    )


async def role(request: web.Request) -> web.Response:
    """Makes an admin of a member, or a member of an admin."""
    admin, given = await sent_by_admin(request)
    person = await _person(request)
    wanted = checked(AccountChange, {"role": given.get("role", "")}).role or "member"
    try:
        await request.app[CORE].accounts.admin.change(admin.id, person.id, {"role": wanted})
    except Conflict as error:
        return await _account(request, error)
    is_gone = person.id == admin.id and wanted != "admin"
    said = "an admin now" if wanted == "admin" else "a member now"
    return _done(request, "/" if is_gone else _path(person), f"{_name(person)} is {said}.")


async def allowance(request: web.Request) -> web.Response:
    """Sets the tokens and dollars a month that are theirs; an empty field is what everybody has."""
    admin, given = await sent_by_admin(request)
    person = await _person(request)
    try:
        changes = AccountChanges(
            allowance=tokens_in(given, "tokens"), allowance_dollars=dollars_in(given, "dollars")
        )
    except InvalidInput as error:
        return await _account(request, error, given)
    await request.app[CORE].accounts.admin.change(admin.id, person.id, changes)
    return _done(request, _path(person), f"The allowance of {_name(person)} is changed.")


async def confirm_disabling(request: web.Request) -> web.Response:
    """Asks whether the account is really to be switched off."""
    await admin_of(request)
    return page(request, "admin_disable.html", person=await _person(request))


async def disable(request: web.Request) -> web.Response:
    """Switches an account off; never the last admin's."""
    return await _switch(request, off=True)


async def enable(request: web.Request) -> web.Response:
    """Switches it on again."""
    return await _switch(request, off=False)


async def _switch(request: web.Request, *, off: bool) -> web.Response:
    admin, _ = await sent_by_admin(request)
    person = await _person(request)
    try:
        await request.app[CORE].accounts.admin.change(admin.id, person.id, {"disabled": off})
    except Conflict as error:
        return await _account(request, error)
    if person.id == admin.id and off:
        return see_other("/login")
    said = "is switched off, and logged out everywhere" if off else "can log in again"
    return _done(request, _path(person), f"{_name(person)} {said}.")


async def _person(request: web.Request) -> User:
    try:
        return await request.app[CORE].accounts.admin.account(UUID(request.match_info["id"]))
    except (ValueError, NotFound):
        raise NotFound("There is no such account. People lists those there are.") from None


def _done(request: web.Request, path: str, sentence: str) -> web.Response:
    response = see_other(path)
    tell(request, response, sentence)
    return response


def _path(person: User) -> str:
    return f"/admin/users/{person.id}/account"


def _name(person: User) -> str:
    return person.username or person.email or "This account"
