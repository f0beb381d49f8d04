"""Logging in, and how often somebody may guess.

Wrong passwords count three times over, and in every process together where there is Redis:

- by account and address: five a minute, so a person who mistypes waits a little, and a guesser at
  one account gets nowhere;
- by address, whatever the account: who tries one password on many accounts;
- by account, wherever from: who has many addresses. This one alone could be used to lock somebody
  out, so it does not hold where the person has logged in before, or where the browser shows a
  session of theirs. A new password by mail is another way in, and makes the address known.

An account is what was typed: its email address and its username count apart. Whether there is such
an account changes none of it, nor the words, nor how long it takes (OWASP,
https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html).
"""

from __future__ import annotations

from core.accounts.accounts import Accounts, Session
from core.errors import Unauthorized
from core.limits.limits import Limits
from core.origin import origin


async def log_in(
    accounts: Accounts, limits: Limits, login: str, password: str, device: str | None = None
) -> Session:
    """A session, as `Accounts.login`. `device` is a refresh token the browser shows, if any.

    Raises RateLimited after too many wrong passwords.
    """
    user = await accounts.find(login)
    is_known = await accounts.is_known(user, device)
    address = origin().address
    # By what was typed, as it is looked for. One count for an account's address and its username
    # would be full after five between them, and so tell whoever tries both whose address it is.
    account = login.strip().lower()
    pair = f"{account} {address}"
    async with limits.turn("account", pair):
        await limits.check("guesses", address)
        if not is_known:
            await limits.check("everywhere", account)
        try:
            session = await accounts.login(login, password)
        except Unauthorized:
            # All of them, so that one which is full keeps none of the others from counting.
            await limits.hit("account", pair)
            await limits.hit("guesses", address)
            if not is_known:
                await limits.hit("everywhere", account)
            raise
        await limits.clear("account", pair)
    return session
