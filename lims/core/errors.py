# SPDX-License-Identifier: Apache-2.0
"""What can be refused, and how a refusal speaks: what was wrong, and what to do."""

from typing import ClassVar

from lims.core.words import N_, Many, Say

Value = str | int | Say


class Refusal(Exception):
    """A refusal to the person: subclasses set `says` (what was wrong) and `do` (what to do).

    Both are marked texts with named places, filled from the keyword values; a `Many` counts by the
    value `count`. `status` is the HTTP
    status the edge answers with. Anything raised as a Refusal rolls the transaction back.
    """

    says: ClassVar[str | Many]
    do: ClassVar[str | Many] = ""
    status: ClassVar[int] = 409
    stops: ClassVar[bool] = False
    """Whether it stops the work at a bench until the right thing is read: a wrong tube."""

    def __init__(self, **values: Value) -> None:
        self.values = values
        super().__init__(str(self.say))

    @property
    def say(self) -> Say:
        """What was wrong."""
        return Say(self.says, self.values)

    @property
    def advice(self) -> Say | None:
        """What to do about it, if the refusal knows."""
        return Say(self.do, self.values) if self.do else None

    @property
    def name(self) -> str:
        """A stable name for programs: the class's own."""
        return type(self).__name__


class NotFound(Refusal):
    """The thing asked for is not there, or may not be seen by this person: both answer alike."""

    says = N_("There is nothing here with the code %(code)s.")
    do = N_("Scan the label again, or search for the code.")
    status = 404


class Forbidden(Refusal):
    """The person lacks the right."""

    says = N_("Your account does not have the right to do this.")
    do = N_("Ask the administrator, or sign in as somebody who may.")
    status = 403


class BadInput(Refusal):
    """The request itself is wrong: a field is missing or malformed."""

    says = N_("%(field)s: %(problem)s")
    do = N_("Correct the field and send again. Nothing was stored.")
    status = 422


class Stale(Refusal):
    """Somebody else changed the thing first."""

    says = N_("%(code)s was changed by somebody else in the meantime.")
    do = N_("Read the page again and repeat what is still right.")


class StorageFull(Refusal):
    """The disk has too little room left for new work."""

    says = N_("The disk of the server is nearly full: %(free_mb)s MB are left.")
    do = N_("Nothing was stored. Tell the administrator to make room.")
    status = 507


class ReasonMissing(Refusal):
    """An act that asks for its reason, without one."""

    says = N_("The reason is missing.")
    do = N_("Say in a few words why. It stays in the history.")
    status = 422
