"""Commands about the people who sign in to the pages."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from intake.cli.opening import ACTOR, AsJson, installed, print_json

if TYPE_CHECKING:
    from intake.accounts.users import ListedUser
    from intake.jobs import Installation

app = typer.Typer(no_args_is_help=True, help="The people who sign in to the pages.")


@app.command("add")
def add(
    context: typer.Context,
    address: str,
    role: Annotated[Literal["officer", "administrator"], typer.Option(help="What they may do.", show_default=False)],
    name: Annotated[str, typer.Option(help="Their name; made from the address without it.", show_default=False)] = "",
    consultation: Annotated[
        list[str] | None,
        typer.Option(help="A consultation to give an officer, by its slug; may be repeated.", show_default=False),
    ] = None,
) -> None:
    """Add a user, and print the one-time link at which they choose a password."""
    from intake.accounts.users import add_user, give_consultations
    from intake.store.consultations import consultation_by_slug
    from intake.store.users import Role

    with installed(context) as this:
        with this.database.transaction() as session:
            given = [consultation_by_slug(session, slug).id for slug in consultation or ()]
            user = add_user(session, address=address, name=name, role=Role(role), now=this.clock(), actor=ACTOR)
            give_consultations(session, user, given, now=this.clock(), actor=ACTOR)
        if this.settings.sign_in.local_accounts:
            _print_link(this, user.address)
        else:
            typer.echo("Added. They sign in with their council account.")


@app.command("link")
def link(context: typer.Context, address: str) -> None:
    """Print a new one-time link for a user; one they had before is worth nothing any more."""
    with installed(context) as this:
        _print_link(this, address)


@app.command("list")
def list_all(context: typer.Context, as_json: AsJson = False) -> None:
    """Show all users."""
    from intake.accounts.users import list_users

    with installed(context) as this, this.database.reading() as session:
        rows = list_users(session)
    if as_json:
        print_json({"users": [_as_dict(row) for row in rows]})
        return
    for row in rows:
        typer.echo(_in_words(row))


def _print_link(this: "Installation", address: str) -> None:
    """The link alone on standard output."""
    from intake.accounts.links import LASTS, link_address, make_link
    from intake.accounts.users import user_by_address
    from intake.store.users import LinkPurpose

    with this.database.transaction() as session:
        user = user_by_address(session, address)
        token = make_link(session, user, LinkPurpose.set_password, now=this.clock(), actor=ACTOR)
    days = LASTS[LinkPurpose.set_password].days
    typer.echo(f"Give {user.name} this link to choose a password with; it is good once, and for {days} days:", err=True)
    typer.echo(link_address(this.settings.web.base_url, token))


def _as_dict(row: "ListedUser") -> dict[str, Any]:
    user = row.user
    return {
        "address": user.address,
        "name": user.name,
        "role": user.role.value,
        "consultations": [consultation.slug for consultation in row.consultations],
        "disabled": user.disabled_at is not None,
        "second_factor": user.totp_secret is not None,
        "last_signed_in_at": user.last_signed_in_at and user.last_signed_in_at.isoformat(),
    }


def _in_words(row: "ListedUser") -> str:
    user = row.user
    sees = "all" if user.is_administrator else ", ".join(one.slug for one in row.consultations) or "none"
    words = [user.address, user.name, user.role.value, f"consultations: {sees}"]
    return "  ".join([*words, "disabled"] if user.disabled_at else words)
